"""A connection has one certificate in force at most; of those that two people issued at once the newest stays."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import Instant

revision = "0018"
down_revision = "0017"

IN_FORCE = "state NOT IN ('expired', 'superseded', 'revoked')"


def upgrade() -> None:
    table = sa.table(
        "certificates",
        sa.column("certificate_id", sa.Text()),
        sa.column("connection_id", sa.Text()),
        sa.column("issued_at", Instant()),
        sa.column("state", sa.Text()),
    )
    newer = table.alias("newer")
    is_later = (newer.c.issued_at > table.c.issued_at) | (
        (newer.c.issued_at == table.c.issued_at) & (newer.c.certificate_id > table.c.certificate_id)
    )
    overtaken = sa.exists().where((newer.c.connection_id == table.c.connection_id) & is_later)
    op.execute(sa.update(table).where(sa.text(f"certificates.{IN_FORCE}"), overtaken).values(state="superseded"))
    op.create_index(
        "ix_certificates_in_force",
        "certificates",
        ["connection_id"],
        unique=True,
        postgresql_where=sa.text(IN_FORCE),
        sqlite_where=sa.text(IN_FORCE),
    )
