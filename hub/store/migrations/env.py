"""Alembic's entry: runs revisions on the connection it is handed."""

from alembic import context

from hub.store.columns import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
