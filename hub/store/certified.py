"""The tables of certification: certificates, what happened to them, what was observed, what is covered."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from hub.store.tables import METADATA, Instant

STATES: Final = ("active", "in_grace", "conditional", "suspended", "expired", "superseded", "revoked")


def _text(name: str, *, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, primary_key=primary_key)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, Instant, nullable=nullable)


certificates = sa.Table(
    "certificates",
    METADATA,
    _text("certificate_id", primary_key=True),
    _text("connection_id"),
    _text("department_id"),
    _text("region_code"),
    _text("sha256"),
    _text("levels"),
    _text("flows"),
    _text("fingerprint"),
    _at("issued_at"),
    _at("not_after"),
    _text("state"),
    _at("since"),
    _text("reason"),
    _text("criterion"),
    _text("suspended"),
    sa.Column("conditions_due", sa.Date, nullable=True),
    sa.Column("signed", sa.LargeBinary, nullable=False),
    sa.CheckConstraint(f"state IN ({', '.join(repr(each) for each in STATES)})", name="state"),
    sa.Index(None, "connection_id", "issued_at"),
)
"""Certificates as they stand. Only `state`, `since`, `reason`, `criterion` and `suspended` change; lists are JSON."""

certificate_changes = sa.Table(
    "certificate_changes",
    METADATA,
    _text("change_id", primary_key=True),
    _text("certificate_id"),
    _text("connection_id"),
    _at("at"),
    _text("what"),
    sa.Column("body", sa.LargeBinary, nullable=False),
    _at("told_at", nullable=True),
    sa.Index(None, "certificate_id", "at"),
    sa.Index(
        "ix_certificate_changes_untold",
        "at",
        postgresql_where=sa.text("told_at IS NULL"),
        sqlite_where=sa.text("told_at IS NULL"),
    ),
)
"""What happened to certificates, each an act for the ledger; `told_at` is when the bus took it."""

observations = sa.Table(
    "observations",
    METADATA,
    _text("connection_id", primary_key=True),
    _text("criterion", primary_key=True),
    sa.Column("day", sa.Date, nullable=False, primary_key=True),
    sa.Column("n", sa.Integer, nullable=False, primary_key=True, autoincrement=False),
    _text("seen"),
    _text("by"),
    _text("measure"),
    _at("observed_at"),
    sa.CheckConstraint("seen IN ('pass', 'fail', 'unknown', 'not_applicable')", name="seen"),
)
"""Every look at every criterion. Rows are appended, never changed."""

criteria = sa.Table(
    "criteria",
    METADATA,
    _text("connection_id", primary_key=True),
    _text("criterion", primary_key=True),
    _text("phase"),
    _text("document"),
)
"""How every criterion stands: a cache, folded from the observations."""

reporting = sa.Table(
    "reporting",
    METADATA,
    _text("connection_id", primary_key=True),
    _text("department_id", primary_key=True),
    _text("matter_code", primary_key=True),
    _text("region_code", primary_key=True),
    sa.Column("cases", sa.BigInteger, nullable=False),
    sa.Column("last_on", sa.Date, nullable=False),
)
"""How much is reported of which matter over which connection: a cache, counted from case_facts."""

looks = sa.Table("looks", METADATA, sa.Column("id", sa.Integer, primary_key=True, autoincrement=False), _at("at"))
"""One row: when the criteria were looked at last."""

coverage_snapshots = sa.Table(
    "coverage_snapshots",
    METADATA,
    _text("month", primary_key=True),
    _at("frozen_at"),
    _text("document"),
)
"""Coverage as it stood at the end of each month, YYYY-MM. Rows are appended, never changed."""
