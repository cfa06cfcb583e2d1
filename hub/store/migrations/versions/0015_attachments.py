"""Files that cases name are fetched and kept by digest: how each of them stands, and how far the ledger was read."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import Instant

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'available', 'unavailable', 'blocked')", name=op.f("ck_attachments_state")
        ),
        sa.PrimaryKeyConstraint("case_id", "sha256", name=op.f("pk_attachments")),
    )
    op.create_index(op.f("ix_attachments_next_at"), "attachments", ["next_at"], unique=False)
    op.create_index(op.f("ix_attachments_state_changed_at"), "attachments", ["state", "changed_at"], unique=False)
    op.create_table(
        "attachment_cursors",
        sa.Column("generation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("partition", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("generation", "partition", name=op.f("pk_attachment_cursors")),
    )
