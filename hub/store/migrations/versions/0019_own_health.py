"""What the hub knows of its own health is kept: incidents, heartbeats, looks for canaries and what they saw."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import Instant

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "incidents",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("said_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("day", "n", name=op.f("pk_incidents")),
    )
    op.create_table(
        "heartbeats",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("day", "slot", name=op.f("pk_heartbeats")),
    )
    op.create_table(
        "crawls",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_crawls")),
    )
    op.create_table(
        "sightings",
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("canary", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "canary", "place", name=op.f("pk_sightings")),
    )
    op.create_table(
        "leak_marks",
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("canaries", sa.Text(), nullable=False),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_leak_marks")),
    )
