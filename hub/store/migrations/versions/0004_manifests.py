"""What departments say of their days is kept."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import Instant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "manifests",
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("cases", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("said_at", Instant(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "day", name=op.f("pk_manifests")),
    )
    op.create_index(op.f("ix_manifests_day"), "manifests", ["day"], unique=False)
