"""The terms that cases are judged by have a history: catalogue changes, notices of working days, and what they moved."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import Instant

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "catalogue_changes",
        sa.Column("change_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("department_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Text(), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("is_ledgered", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'approved', 'refused', 'imported')", name=op.f("ck_catalogue_changes_state")
        ),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_catalogue_changes")),
    )
    op.create_index(
        op.f("ix_catalogue_changes_department_id_number"),
        "catalogue_changes",
        ["department_id", "number"],
        unique=False,
    )
    op.create_table(
        "calendar_notices",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("year", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("loaded_by", sa.Text(), nullable=False),
        sa.Column("loaded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_calendar_notices")),
    )
    op.create_table(
        "clock_changes",
        sa.Column("clock_id", sa.Text(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("old_due", Instant(), nullable=True),
        sa.Column("new_due", Instant(), nullable=True),
        sa.Column("old_state", sa.Text(), nullable=False),
        sa.Column("new_state", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("clock_id", "changed_at", name=op.f("pk_clock_changes")),
    )
    op.create_index(op.f("ix_clock_changes_subject"), "clock_changes", ["subject"], unique=False)
    op.create_table(
        "terms",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_terms")),
    )
