"""The tables of what goes out to people: papers of alerts with their files, and notices."""

from __future__ import annotations

import sqlalchemy as sa

from hub.store.columns import METADATA, at, one_of, text, whole

papers = sa.Table(
    "papers",
    METADATA,
    text("paper_id", primary_key=True),
    text("instrument"),
    whole("year"),
    whole("number"),
    text("alert_id"),
    at("issued_at"),
    sa.Column("content", sa.Text, nullable=False),
    text("docx_digest"),
    text("pdf_digest"),
    sa.UniqueConstraint("instrument", "year", "number"),
    sa.Index(None, "alert_id"),
    sa.Index(
        "ix_papers_undrawn",
        "paper_id",
        postgresql_where=sa.text("docx_digest = ''"),
        sqlite_where=sa.text("docx_digest = ''"),
    ),
)
"""Papers issued of alerts, derived from the ledger. `content` is JSON; digests are empty until the files are drawn."""

paper_files = sa.Table(
    "paper_files",
    METADATA,
    text("digest", primary_key=True),
    text("media"),
    sa.Column("body", sa.LargeBinary, nullable=False),
    one_of("media", ("docx", "pdf")),
)
"""The files of papers, each by its SHA-256."""

notifications = sa.Table(
    "notifications",
    METADATA,
    text("notification_id", primary_key=True),
    text("alert_id"),
    text("trigger"),
    text("reason"),
    text("level"),
    whole("line"),
    text("person"),
    text("channel"),
    text("state"),
    text("subject"),
    text("text"),
    at("created_at"),
    at("not_before"),
    at("next_at"),
    whole("attempts"),
    text("problem"),
    at("sent_at", nullable=True),
    one_of("state", ("waiting", "sent", "failed", "nobody")),
    sa.Index(None, "alert_id"),
    sa.Index(None, "channel", "state", "next_at"),
)
"""The outbox of notices to people. Rows are added once; state, attempts, next_at, problem and sent_at change."""

notification_cursor = sa.Table("notification_cursor", METADATA, whole("id", primary_key=True), whole("sequence"))
"""One row: up to which sequence of the feed notices are planned."""
