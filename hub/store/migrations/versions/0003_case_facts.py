"""What is counted of every case has a row of its own; cases that are there already are judged again, which writes it."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import EPOCH, Instant

revision = "0003"
down_revision = "0002"

TEXTS = (
    "case_id", "connection_id", "department_id", "region_code", "matter_code", "power_type", "family", "channel",
    "case_type", "disclosure", "state", "result",
)  # fmt: skip
DAYS = ("opened_on", "accepted_on", "decided_on", "closed_on", "delivered_on", "finished_on")
FLAGS = ("on_time", "early", "late", "late_by_law", "open_late", "is_provisional")
MARKS = ("supplement", "special", "extension", "late_entry", "online", "reworked")


def upgrade() -> None:
    op.create_table(
        "case_facts",
        *(sa.Column(name, sa.Text(), nullable=False) for name in TEXTS),
        *(sa.Column(name, sa.Date(), nullable=name != "opened_on") for name in DAYS),
        sa.Column("used_workdays", sa.Integer(), nullable=True),
        sa.Column("paused_workdays", sa.Integer(), nullable=False),
        sa.Column("promised_workdays", sa.Integer(), nullable=True),
        sa.Column("promised_n", sa.Integer(), nullable=True),
        sa.Column("promised_unit", sa.Text(), nullable=False),
        sa.Column("statutory_n", sa.Integer(), nullable=True),
        sa.Column("statutory_unit", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in (*FLAGS, *MARKS)),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_facts")),
    )
    for name in ("opened_on", "accepted_on", "finished_on", "closed_on"):
        op.create_index(op.f(f"ix_case_facts_{name}"), "case_facts", [name], unique=False)
    op.create_index(
        op.f("ix_case_facts_department_id_matter_code"), "case_facts", ["department_id", "matter_code"], unique=False
    )
    cases = sa.table("cases", sa.column("wake_at", Instant()))
    op.execute(sa.update(cases).values(wake_at=EPOCH))
