"""The tables of the terms that cases are judged by: changes of the catalogue, notices, and what they moved."""

from __future__ import annotations

import sqlalchemy as sa

from hub.store.columns import METADATA, Instant

catalogue_changes = sa.Table(
    "catalogue_changes",
    METADATA,
    sa.Column("change_id", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("department_id", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("valid_from", sa.Text, nullable=False),
    sa.Column("parts", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("proposed_by", sa.Text, nullable=False),
    sa.Column("proposed_at", Instant, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", Instant, nullable=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("is_ledgered", sa.Boolean, nullable=False),
    sa.CheckConstraint("state IN ('proposed', 'approved', 'refused', 'imported')", name="state"),
    sa.Index(None, "department_id", "number"),
)
"""Every change of a department's catalogue, who proposed it and who decided: derived from the ledger.
`parts` is JSON."""

calendar_notices = sa.Table(
    "calendar_notices",
    METADATA,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("year", sa.BigInteger, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("loaded_by", sa.Text, nullable=False),
    sa.Column("loaded_at", Instant, nullable=False),
)
"""Notices of working days, as loaded: derived from the ledger. Of several of a year the last one holds."""

clock_changes = sa.Table(
    "clock_changes",
    METADATA,
    sa.Column("clock_id", sa.Text, primary_key=True),
    sa.Column("changed_at", Instant, primary_key=True, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("old_due", Instant, nullable=True),
    sa.Column("new_due", Instant, nullable=True),
    sa.Column("old_state", sa.Text, nullable=False),
    sa.Column("new_state", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Index(None, "subject"),
)
"""What changed terms did to clocks. Rows are appended. `why` is a JSON list."""

terms = sa.Table(
    "terms", METADATA, sa.Column("name", sa.Text, primary_key=True), sa.Column("document", sa.Text, nullable=False)
)
"""What cases were last judged by that stands in no table: the law's limits."""
