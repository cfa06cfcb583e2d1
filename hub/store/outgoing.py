"""The tables of what goes out to people: papers of alerts with their files, and notices."""

from __future__ import annotations

import sqlalchemy as sa

from hub.store.tables import METADATA, _at, _int, _one_of, _text

papers = sa.Table(
    "papers",
    METADATA,
    _text("paper_id", primary_key=True),
    _text("instrument"),
    _int("year"),
    _int("number"),
    _text("alert_id"),
    _at("issued_at"),
    sa.Column("content", sa.Text, nullable=False),
    _text("docx_digest"),
    _text("pdf_digest"),
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
    _text("digest", primary_key=True),
    _text("media"),
    sa.Column("body", sa.LargeBinary, nullable=False),
    _one_of("media", ("docx", "pdf")),
)
"""The files of papers, each by its SHA-256."""

notifications = sa.Table(
    "notifications",
    METADATA,
    _text("notification_id", primary_key=True),
    _text("alert_id"),
    _text("trigger"),
    _text("reason"),
    _text("level"),
    _int("line"),
    _text("person"),
    _text("channel"),
    _text("state"),
    _text("subject"),
    _text("text"),
    _at("created_at"),
    _at("not_before"),
    _at("next_at"),
    _int("attempts"),
    _text("problem"),
    _at("sent_at", nullable=True),
    _one_of("state", ("waiting", "sent", "failed", "nobody")),
    sa.Index(None, "alert_id"),
    sa.Index(None, "channel", "state", "next_at"),
)
"""The outbox of notices to people. Rows are added once; state, attempts, next_at, problem and sent_at change."""

notification_cursor = sa.Table("notification_cursor", METADATA, _int("id", primary_key=True), _int("sequence"))
"""One row: up to which sequence of the feed notices are planned."""
