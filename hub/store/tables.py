"""The tables: what the database keeps, and what it refuses whatever the code believes."""

from __future__ import annotations

from typing import get_args

import sqlalchemy as sa

from hub.errors import Stage
from hub.model.values import Outcome
from hub.store.columns import METADATA, at, one_of, text, whole
from hub.supervision.alert_cycle import STATES

leases = sa.Table(
    "leases",
    METADATA,
    text("role", primary_key=True),
    whole("epoch"),
    text("owner", nullable=True),
    at("lease_until", nullable=True),
)
"""Who may write what: a fencing token per role."""

heads = sa.Table(
    "heads",
    METADATA,
    whole("generation", primary_key=True),
    whole("partition", primary_key=True),
    whole("position"),
    sa.Column("hash", sa.LargeBinary, nullable=False),
)
"""The last entry of every chain."""

cursors = sa.Table(
    "cursors", METADATA, whole("generation", primary_key=True), whole("partition", primary_key=True), whole("numbered")
)
"""How far the relay has come in every chain; apart from the heads, so that relay and owners never wait for one
another's row locks."""

ledger = sa.Table(
    "ledger",
    METADATA,
    whole("generation", primary_key=True),
    whole("partition", primary_key=True),
    whole("position", primary_key=True),
    text("kind"),
    text("subject"),
    text("outcome"),
    at("ledgered_at"),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    one_of("kind", ("event", "report", "rejection", "alert", "act", "genesis")),
    sa.Index(None, "subject"),
)
"""The truth. Rows are appended, never changed."""

inbox = sa.Table(
    "inbox",
    METADATA,
    text("event_id", primary_key=True),
    text("read_id", primary_key=True),
    whole("ordinal", primary_key=True),
    whole("portion"),
    text("connection_id"),
    text("digest"),
    whole("source_version"),
    whole("mapping_version"),
    text("record_digest"),
    text("fingerprint"),
    text("outcome"),
    whole("partition"),
    sa.Column("position", sa.BigInteger, nullable=True),
    one_of("outcome", tuple(Outcome)),
)
"""Every event message that arrived, once; redeliveries leave no row."""

tallies = sa.Table(
    "tallies",
    METADATA,
    text("connection_id", primary_key=True),
    text("read_id", primary_key=True),
    whole("portion", primary_key=True),
    whole("partition", primary_key=True),
    text("outcome", primary_key=True),
    whole("n"),
)
"""The inbox counted, per partition so that owners never wait for one another."""

cases = sa.Table(
    "cases",
    METADATA,
    text("case_id", primary_key=True),
    whole("partition"),
    text("connection_id"),
    text("case_no"),
    text("department_id"),
    text("region_code"),
    text("matter_code"),
    text("title"),
    text("disclosure"),
    text("state"),
    at("opened_at", nullable=True),
    at("closed_at", nullable=True),
    whole("first_position"),
    at("wake_at", nullable=True),
    sa.Column("log", sa.LargeBinary, nullable=False),
    sa.Index(
        "ix_cases_wake",
        "partition",
        "connection_id",
        "wake_at",
        "case_id",
        postgresql_where=sa.text("wake_at IS NOT NULL"),
        sqlite_where=sa.text("wake_at IS NOT NULL"),
    ),
    sa.Index("ix_cases_place", "region_code", "department_id", "state"),
    sa.Index("ix_cases_newest", "opened_at", "case_id"),
    sa.Index("ix_cases_number", "case_no"),
)
"""Cases as folded: derived from the ledger, kept for reading and for refolding."""

clocks = sa.Table(
    "clocks",
    METADATA,
    text("clock_id", primary_key=True),
    text("subject"),
    text("kind"),
    text("occurrence"),
    text("state"),
    text("basis"),
    at("started_at"),
    at("due_at"),
    at("warn_at", nullable=True),
    at("stopped_at", nullable=True),
    sa.Column("provisional", sa.Boolean, nullable=False),
    text("calendar_version"),
    sa.Column("derivation", sa.Text, nullable=False),
    one_of("state", ("running", "paused", "met", "breached", "void")),
    sa.Index(None, "subject"),
    sa.Index(None, "kind", "state"),
)
"""Clocks as last judged, of cases and of alerts. `derivation` is a JSON list of sentences."""

alerts = sa.Table(
    "alerts",
    METADATA,
    text("alert_id", primary_key=True),
    text("subject"),
    text("rule_id"),
    text("occurrence"),
    text("level"),
    text("state"),
    text("department_id"),
    text("region_code"),
    at("raised_at"),
    at("changed_at"),
    sa.Column("document", sa.Text, nullable=False),
    one_of("level", ("notice", "yellow", "red")),
    one_of("state", STATES),
    sa.UniqueConstraint("rule_id", "subject", "occurrence"),
    sa.Index(None, "subject"),
    sa.Index(None, "rule_id", "state"),
    sa.Index(None, "changed_at"),
    sa.Index(None, "raised_at"),
)
"""Alerts as they stand: one row per dedup key."""

traces = sa.Table(
    "traces",
    METADATA,
    text("case_id", primary_key=True),
    whole("n", primary_key=True),
    text("kind"),
    text("department_id"),
    text("region_code"),
    text("day"),
    sa.Column("document", sa.Text, nullable=False),
    one_of("kind", ("penalty", "complaint", "reference")),
    sa.Index(None, "kind", "day"),
)
"""What cases leave for rules that look at many: derived like the cases. `day` is a local day, YYYY-MM-DD."""

reads = sa.Table(
    "reads",
    METADATA,
    text("read_id", primary_key=True),
    whole("portion", primary_key=True),
    text("connection_id", primary_key=True),
    sa.Column("final", sa.Boolean, nullable=False),
    sa.Column("backfill", sa.Boolean, nullable=False),
    whole("read"),
    whole("mapped"),
    whole("empty"),
    whole("quarantined"),
    whole("events"),
    at("ended_at"),
    sa.Column("body", sa.LargeBinary, nullable=False),
    at("emptied_at", nullable=True),
    sa.CheckConstraint("read = mapped + empty + quarantined", name="records_add_up"),
    sa.Index(None, "connection_id", "ended_at"),
)
"""What each portion of each read delivered, as the connector reported it."""

manifests = sa.Table(
    "manifests",
    METADATA,
    text("connection_id", primary_key=True),
    text("day", primary_key=True),
    whole("cases"),
    text("sha256"),
    at("said_at"),
    at("since"),
    sa.Index(None, "day"),
)
"""What departments say of their days. `day` is a local day, YYYY-MM-DD."""

watermarks = sa.Table(
    "watermarks",
    METADATA,
    text("connection_id", primary_key=True),
    whole("partition", primary_key=True),
    at("delivered_to", nullable=True),
    text("importing"),
    at("importing_since", nullable=True),
    text("reading"),
    at("reading_since", nullable=True),
    text("awaited"),
)
"""`importing` and `reading` are read ids or empty; `awaited` a JSON list of [read id, events, watermark]."""

quarantine = sa.Table(
    "quarantine",
    METADATA,
    text("rejection_id", primary_key=True),
    text("connection_id"),
    text("read_id"),
    whole("ordinal"),
    text("stage"),
    text("code"),
    text("path"),
    text("problem"),
    text("hint"),
    text("place"),
    text("record_digest"),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    whole("size_bytes"),
    at("received_at"),
    at("last_at"),
    text("value"),
    whole("seen"),
    text("state"),
    one_of("stage", get_args(Stage)),
    one_of("state", ("open", "replayed")),
    sa.Index(None, "state", "received_at"),
    sa.Index(None, "record_digest"),
)

feed = sa.Table(
    "feed",
    METADATA,
    text("view", primary_key=True),
    whole("sequence", primary_key=True),
    whole("streamsequence"),
    text("kind"),
    text("county"),
    text("key"),
    text("message_id"),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("view", "kind", "county", "streamsequence"),
    sa.Index("ix_feed_sequence", "sequence"),
)
"""Numbered documents, as they are published."""

streams = sa.Table(
    "streams",
    METADATA,
    text("view", primary_key=True),
    text("kind", primary_key=True),
    text("county", primary_key=True),
    whole("last"),
)
"""The last number of each stream of the feed."""

openings = sa.Table(
    "openings",
    METADATA,
    text("case_id", primary_key=True),
    text("view", primary_key=True),
    whole("generation"),
    whole("position"),
)
"""Where the ledger says that a view shows a case again; of several times the last."""

relay = sa.Table("relay", METADATA, whole("id", primary_key=True), whole("last_sequence"), whole("published"))
"""One row: the last sequence given, and the last one the broker confirmed."""

connections = sa.Table("connections", METADATA, text("connection_id", primary_key=True), text("document"))

catalogue = sa.Table("catalogue", METADATA, text("department_id", primary_key=True), text("document"), at("loaded_at"))

receivers = sa.Table("receivers", METADATA, text("connection_id", primary_key=True), whole("position"))
"""How far the feed was sent to each receiver."""

deliveries = sa.Table(
    "deliveries",
    METADATA,
    text("connection_id", primary_key=True),
    whole("sequence", primary_key=True),
    text("document_id"),
    text("state"),
    text("said"),
    at("at"),
    one_of("state", ("delivered", "refused", "again")),
    sa.Index(None, "connection_id", "state"),
)
"""What became of each document that was sent."""

identities = sa.Table(
    "identities",
    METADATA,
    text("key_id", primary_key=True),
    text("name"),
    text("kind"),
    text("scopes"),
    text("key_hash"),
    at("created_at"),
    at("expires_at", nullable=True),
    at("revoked_at", nullable=True),
    at("last_used_at", nullable=True),
    text("department_id", nullable=True),
    one_of("kind", ("connection", "person", "subscriber")),
    sa.UniqueConstraint("key_hash"),
)
"""API keys: only their SHA-256 is kept. `scopes` is a JSON list."""

subscribers = sa.Table(
    "subscribers",
    METADATA,
    text("name", primary_key=True),
    text("view"),
    text("state"),
    text("key_id"),
    at("created_at"),
    text("document"),
    one_of("view", ("public", "intranet", "restricted")),
    one_of("state", ("active", "suspended")),
    sa.Index(None, "key_id"),
)
"""Who subscribes to what. `document` is JSON: kinds, regions, length of the queue, webhook."""

webhooks = sa.Table(
    "webhooks",
    METADATA,
    text("name", primary_key=True),
    whole("sequence"),
    whole("attempts"),
    at("next_at", nullable=True),
    text("said"),
    text("state"),
    one_of("state", ("running", "stopped")),
)
"""How far each subscriber's webhook has come, and what its receiver last said."""

parked_webhooks = sa.Table(
    "parked_webhooks",
    METADATA,
    text("name", primary_key=True),
    whole("sequence", primary_key=True),
    text("said"),
    at("parked_at"),
)
"""Documents that a receiver refused for good: passed by, so that those behind them arrive."""
