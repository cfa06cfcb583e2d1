"""Figures are kept by month and by day; they begin at nothing, so all cases are judged again to be counted in them."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import EPOCH, Instant

revision = "0010"
down_revision = "0009"

MEASURES = (
    "opened", "opened_online", "entered_late", "supplemented", "overdue", "accepted", "finished", "on_time", "early",
    "late", "finished_late_by_law", "paused", "extended", "timed", "used_days", "promised_days", "closed", "reworked",
    "rated", "dissatisfied",
)  # fmt: skip
PLACE = ("department_id", "matter_code", "region_code", "power_type", "family")
KEY = ("grain", "day", *PLACE, "partition")


def upgrade() -> None:
    op.create_table(
        "figures",
        *_cell(),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in MEASURES),
        sa.PrimaryKeyConstraint(*KEY, name=op.f("pk_figures")),
    )
    op.create_table(
        "durations",
        *_cell(),
        sa.Column("used_workdays", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(*KEY, "used_workdays", name=op.f("pk_durations")),
    )
    op.create_index(op.f("ix_alerts_raised_at"), "alerts", ["raised_at"], unique=False)
    op.execute("DELETE FROM case_facts")
    cases = sa.table("cases", sa.column("wake_at", Instant()))
    op.execute(sa.update(cases).values(wake_at=EPOCH))


def _cell() -> list[sa.Column]:
    return [
        sa.Column("grain", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in PLACE),
        sa.Column("partition", sa.Integer(), autoincrement=False, nullable=False),
    ]
