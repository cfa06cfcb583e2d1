"""Cases tell how they were reported, months are frozen for their scores, and people make entries for them."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import EPOCH, Instant

revision = "0011"
down_revision = "0010"

NUMBERS = ("is_backfill", "is_incomplete", "placeholders", "is_late", "backdated", "vanished", "at_limit",
           "used_minutes")  # fmt: skip


def _text(name: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "conduct",
        _text("case_id"),
        _text("department_id"),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in NUMBERS),
        _text("handler"),
        _text("serial_of"),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_conduct")),
    )
    op.create_index(
        op.f("ix_conduct_department_id_serial_of_serial"), "conduct", ["department_id", "serial_of", "serial"]
    )
    op.create_table(
        "score_freezes",
        *(_text(name) for name in ("period", "digest")),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("frozen_at", Instant(), nullable=False),
        *(_text(name) for name in ("by", "act_id")),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_score_freezes")),
    )
    op.create_table(
        "score_marks",
        *(_text(name) for name in ("mark_id", "period", "department_id", "indicator_id", "amount", "ground", "by")),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("mark_id", name=op.f("pk_score_marks")),
    )
    op.create_index(op.f("ix_score_marks_period_department_id"), "score_marks", ["period", "department_id"])
    cases = sa.table("cases", sa.column("wake_at", Instant()))
    op.execute(sa.update(cases).values(wake_at=EPOCH))
