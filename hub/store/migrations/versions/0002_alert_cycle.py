"""Alerts are followed to their end, are about more than cases, and have clocks of their own; keys name a department; cases leave traces."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import Instant

revision = "0002"
down_revision = "0001"

STATES = (
    "shadow", "pending", "raised", "signed", "answered", "rectified", "verified", "closed", "appealed", "under_review",
    "upheld", "downgraded", "cleared", "revoked",
)  # fmt: skip
STATE_CHECK = f"state IN ({', '.join(repr(state) for state in STATES)})"


def upgrade() -> None:
    op.add_column("identities", sa.Column("department_id", sa.Text(), nullable=True))
    op.create_index("ix_cases_number", "cases", ["case_no"], unique=False)
    op.create_table(
        "traces",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("department_id", sa.Text(), nullable=False),
        sa.Column("region_code", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('penalty', 'complaint', 'reference')", name=op.f("ck_traces_kind")),
        sa.PrimaryKeyConstraint("case_id", "n", name=op.f("pk_traces")),
    )
    op.create_index(op.f("ix_traces_kind_day"), "traces", ["kind", "day"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_alerts()
        _rebuild_clocks()
        return
    op.alter_column("alerts", "case_id", new_column_name="subject")
    op.drop_constraint(op.f("ck_alerts_state"), "alerts", type_="check")
    op.create_check_constraint(op.f("ck_alerts_state"), "alerts", STATE_CHECK)
    op.execute(
        "ALTER TABLE alerts RENAME CONSTRAINT uq_alerts_rule_id_case_id_occurrence TO uq_alerts_rule_id_subject_occurrence"
    )
    op.execute("ALTER INDEX ix_alerts_case_id RENAME TO ix_alerts_subject")
    op.alter_column("clocks", "case_id", new_column_name="subject")
    op.execute("ALTER INDEX ix_clocks_case_id RENAME TO ix_clocks_subject")


def _rebuild_alerts() -> None:
    """SQLite changes no constraint of a table that is there."""
    op.create_table(
        "alerts_new",
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("occurrence", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("department_id", sa.Text(), nullable=False),
        sa.Column("region_code", sa.Text(), nullable=False),
        sa.Column("raised_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.CheckConstraint("level IN ('notice', 'yellow', 'red')", name=op.f("ck_alerts_level")),
        sa.CheckConstraint(STATE_CHECK, name=op.f("ck_alerts_state")),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("rule_id", "subject", "occurrence", name=op.f("uq_alerts_rule_id_subject_occurrence")),
    )
    _swap("alerts", (("subject",), ("changed_at",), ("rule_id", "state")))


def _rebuild_clocks() -> None:
    op.create_table(
        "clocks_new",
        sa.Column("clock_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("occurrence", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("warn_at", Instant(), nullable=True),
        sa.Column("stopped_at", Instant(), nullable=True),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("calendar_version", sa.Text(), nullable=False),
        sa.Column("derivation", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('running', 'paused', 'met', 'breached', 'void')", name=op.f("ck_clocks_state")),
        sa.PrimaryKeyConstraint("clock_id", name=op.f("pk_clocks")),
    )
    _swap("clocks", (("subject",), ("kind", "state")))


def _swap(name: str, indexes: tuple[tuple[str, ...], ...]) -> None:
    """Put the new table in the old one's place: the columns stand in the same order."""
    op.execute(f"INSERT INTO {name}_new SELECT * FROM {name}")  # noqa: S608 - names of ours
    op.drop_table(name)
    op.rename_table(f"{name}_new", name)
    for columns in indexes:
        op.create_index(op.f(f"ix_{name}_{'_'.join(columns)}"), name, list(columns), unique=False)
