"""Monitoring centres subscribe: by a queue, by the feed, by webhooks."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import Instant

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "subscribers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("view", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.CheckConstraint("view IN ('public', 'intranet', 'restricted')", name=op.f("ck_subscribers_view")),
        sa.CheckConstraint("state IN ('active', 'suspended')", name=op.f("ck_subscribers_state")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_subscribers")),
    )
    op.create_index(op.f("ix_subscribers_key_id"), "subscribers", ["key_id"], unique=False)
    op.create_table(
        "webhooks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempts", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('running', 'stopped')", name=op.f("ck_webhooks_state")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "parked_webhooks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("parked_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", "sequence", name=op.f("pk_parked_webhooks")),
    )
