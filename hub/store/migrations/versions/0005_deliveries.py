"""How far receivers were sent to, and what they answered, is kept in the store."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import Instant

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "receivers",
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_receivers")),
    )
    op.create_table(
        "deliveries",
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint("state IN ('delivered', 'refused', 'again')", name=op.f("ck_deliveries_state")),
        sa.PrimaryKeyConstraint("connection_id", "sequence", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_connection_id_state"), "deliveries", ["connection_id", "state"], unique=False)
