"""The tables of certification: certificates, what happened to them, what was observed, what is covered."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from hub.store.columns import METADATA, at, text

STATES: Final = ("active", "in_grace", "conditional", "suspended", "expired", "superseded", "revoked")
IN_FORCE: Final = "state NOT IN ('expired', 'superseded', 'revoked')"


certificates = sa.Table(
    "certificates",
    METADATA,
    text("certificate_id", primary_key=True),
    text("connection_id"),
    text("department_id"),
    text("region_code"),
    text("sha256"),
    text("levels"),
    text("flows"),
    text("fingerprint"),
    at("issued_at"),
    at("not_after"),
    text("state"),
    at("since"),
    text("reason"),
    text("criterion"),
    text("suspended"),
    sa.Column("conditions_due", sa.Date, nullable=True),
    sa.Column("signed", sa.LargeBinary, nullable=False),
    sa.Column("environment", sa.Text, nullable=False, server_default="production"),
    sa.CheckConstraint(f"state IN ({', '.join(repr(each) for each in STATES)})", name="state"),
    sa.Index(None, "connection_id", "issued_at"),
    sa.Index(
        "ix_certificates_in_force",
        "connection_id",
        "environment",
        unique=True,
        postgresql_where=sa.text(IN_FORCE),
        sqlite_where=sa.text(IN_FORCE),
    ),
)
"""Certificates as they stand, of each connection one in force at most in each environment.

Only `state`, `since`, `reason`, `criterion` and `suspended` change; lists are JSON.
"""

certificate_changes = sa.Table(
    "certificate_changes",
    METADATA,
    text("change_id", primary_key=True),
    text("certificate_id"),
    text("connection_id"),
    at("at"),
    text("what"),
    sa.Column("body", sa.LargeBinary, nullable=False),
    at("told_at", nullable=True),
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
    text("connection_id", primary_key=True),
    text("criterion", primary_key=True),
    sa.Column("day", sa.Date, nullable=False, primary_key=True),
    sa.Column("n", sa.Integer, nullable=False, primary_key=True, autoincrement=False),
    text("seen"),
    text("by"),
    text("measure"),
    at("observed_at"),
    sa.CheckConstraint("seen IN ('pass', 'fail', 'unknown', 'not_applicable')", name="seen"),
)
"""Every look at every criterion. Rows are appended, never changed."""

criteria = sa.Table(
    "criteria",
    METADATA,
    text("connection_id", primary_key=True),
    text("criterion", primary_key=True),
    text("phase"),
    text("document"),
)
"""How every criterion stands: a cache, folded from the observations."""

reporting = sa.Table(
    "reporting",
    METADATA,
    text("connection_id", primary_key=True),
    text("department_id", primary_key=True),
    text("matter_code", primary_key=True),
    text("region_code", primary_key=True),
    sa.Column("cases", sa.BigInteger, nullable=False),
    sa.Column("last_on", sa.Date, nullable=False),
)
"""How much is reported of which matter over which connection: a cache, counted from case_facts."""

looks = sa.Table("looks", METADATA, sa.Column("id", sa.Integer, primary_key=True, autoincrement=False), at("at"))
"""One row: when the criteria were looked at last."""

coverage_snapshots = sa.Table(
    "coverage_snapshots",
    METADATA,
    text("month", primary_key=True),
    at("frozen_at"),
    text("document"),
)
"""Coverage as it stood at the end of each month, YYYY-MM. Rows are appended, never changed."""

incidents = sa.Table(
    "incidents",
    METADATA,
    sa.Column("day", sa.Date, nullable=False, primary_key=True),
    sa.Column("n", sa.Integer, nullable=False, primary_key=True, autoincrement=False),
    sa.Column("stands", sa.Boolean, nullable=False),
    text("by"),
    text("why"),
    at("said_at"),
)
"""Days on which somebody declared the hub at fault, or took that back: the last word on a day stands. Appended only."""

heartbeats = sa.Table(
    "heartbeats",
    METADATA,
    sa.Column("day", sa.Date, nullable=False, primary_key=True),
    sa.Column("slot", sa.Integer, nullable=False, primary_key=True, autoincrement=False),
)
"""The half hours of each local day in which the hub was seen to take in, as its own leases tell."""

crawls = sa.Table(
    "crawls",
    METADATA,
    sa.Column("day", sa.Date, nullable=False, primary_key=True),
    at("last_at"),
)
"""When, on each local day, the public side was last looked through for canaries, to the end."""

sightings = sa.Table(
    "sightings",
    METADATA,
    text("connection_id", primary_key=True),
    text("canary", primary_key=True),
    text("place", primary_key=True),
    sa.Column("day", sa.Date, nullable=False),
)
"""Where canaries were seen in public, each place once, with the local day on which it was first seen."""

leak_marks = sa.Table(
    "leak_marks",
    METADATA,
    text("connection_id", primary_key=True),
    text("canaries"),
    sa.Column("after", sa.BigInteger, nullable=False),
)
"""How far the public feed was searched for which canaries (their digest) of a connection."""
