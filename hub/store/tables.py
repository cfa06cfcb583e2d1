"""The tables: what the database keeps, and what it refuses whatever the code believes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, get_args

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

from hub.errors import Stage
from hub.model.values import Outcome
from hub.supervision.alert_cycle import STATES

METADATA: Final = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant: timestamptz on PostgreSQL, microseconds since 1970 on SQLite. Naive values are refused."""

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Choose the column type of the database."""
        timestamp: sa.types.TypeEngine[Any] = sa.TIMESTAMP(timezone=True)
        return dialect.type_descriptor(timestamp if dialect.name == "postgresql" else sa.BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:  # noqa: ANN401 - per database
        """Write an instant; TypeError for a naive one."""
        return aware(value) if dialect.name == "postgresql" else microseconds(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:  # noqa: ANN401 - per database
        """Read an instant as aware UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if dialect.name == "postgresql" else instant(value)


def aware(moment: datetime | None) -> datetime | None:
    """Return `moment` as it is; TypeError for a naive one."""
    if moment is not None and moment.tzinfo is None:
        problem = f"a naive instant is no instant: {moment!r}"
        raise TypeError(problem)
    return moment


def microseconds(moment: datetime | None) -> int | None:
    """Whole microseconds since 1970, exact; TypeError for a naive instant."""
    if moment is None:
        return None
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def instant(value: int) -> datetime:
    """Return the aware UTC instant of `value` microseconds since 1970, exact."""
    seconds, rest = divmod(value, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


def _one_of(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def _text(name: str, *, nullable: bool = False, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable, primary_key=primary_key)


def _int(name: str, *, primary_key: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, primary_key=primary_key, autoincrement=False)


def _at(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, Instant, nullable=nullable)


leases = sa.Table(
    "leases",
    METADATA,
    _text("role", primary_key=True),
    _int("epoch"),
    _text("owner", nullable=True),
    _at("lease_until", nullable=True),
)
"""Who may write what: a fencing token per role."""

heads = sa.Table(
    "heads",
    METADATA,
    _int("generation", primary_key=True),
    _int("partition", primary_key=True),
    _int("position"),
    sa.Column("hash", sa.LargeBinary, nullable=False),
)
"""The last entry of every chain."""

cursors = sa.Table(
    "cursors", METADATA, _int("generation", primary_key=True), _int("partition", primary_key=True), _int("numbered")
)
"""How far the relay has come in every chain; apart from the heads, so that relay and owners never wait for one
another's row locks."""

ledger = sa.Table(
    "ledger",
    METADATA,
    _int("generation", primary_key=True),
    _int("partition", primary_key=True),
    _int("position", primary_key=True),
    _text("kind"),
    _text("subject"),
    _text("outcome"),
    _at("ledgered_at"),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    _one_of("kind", ("event", "report", "rejection", "alert", "act", "genesis")),
    sa.Index(None, "subject"),
)
"""The truth. Rows are appended, never changed."""

inbox = sa.Table(
    "inbox",
    METADATA,
    _text("event_id", primary_key=True),
    _text("read_id", primary_key=True),
    _int("ordinal", primary_key=True),
    _int("portion"),
    _text("connection_id"),
    _text("digest"),
    _int("source_version"),
    _int("mapping_version"),
    _text("record_digest"),
    _text("fingerprint"),
    _text("outcome"),
    _int("partition"),
    sa.Column("position", sa.BigInteger, nullable=True),
    _one_of("outcome", tuple(Outcome)),
)
"""Every event message that arrived, once; redeliveries leave no row."""

tallies = sa.Table(
    "tallies",
    METADATA,
    _text("connection_id", primary_key=True),
    _text("read_id", primary_key=True),
    _int("portion", primary_key=True),
    _int("partition", primary_key=True),
    _text("outcome", primary_key=True),
    _int("n"),
)
"""The inbox counted, per partition so that owners never wait for one another."""

cases = sa.Table(
    "cases",
    METADATA,
    _text("case_id", primary_key=True),
    _int("partition"),
    _text("connection_id"),
    _text("case_no"),
    _text("department_id"),
    _text("region_code"),
    _text("matter_code"),
    _text("title"),
    _text("disclosure"),
    _text("state"),
    _at("opened_at", nullable=True),
    _at("closed_at", nullable=True),
    _int("first_position"),
    _at("wake_at", nullable=True),
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
    _text("clock_id", primary_key=True),
    _text("subject"),
    _text("kind"),
    _text("occurrence"),
    _text("state"),
    _text("basis"),
    _at("started_at"),
    _at("due_at"),
    _at("warn_at", nullable=True),
    _at("stopped_at", nullable=True),
    sa.Column("provisional", sa.Boolean, nullable=False),
    _text("calendar_version"),
    sa.Column("derivation", sa.Text, nullable=False),
    _one_of("state", ("running", "paused", "met", "breached", "void")),
    sa.Index(None, "subject"),
    sa.Index(None, "kind", "state"),
)
"""Clocks as last judged, of cases and of alerts. `derivation` is a JSON list of sentences."""

alerts = sa.Table(
    "alerts",
    METADATA,
    _text("alert_id", primary_key=True),
    _text("subject"),
    _text("rule_id"),
    _text("occurrence"),
    _text("level"),
    _text("state"),
    _text("department_id"),
    _text("region_code"),
    _at("raised_at"),
    _at("changed_at"),
    sa.Column("document", sa.Text, nullable=False),
    _one_of("level", ("notice", "yellow", "red")),
    _one_of("state", STATES),
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
    _text("case_id", primary_key=True),
    _int("n", primary_key=True),
    _text("kind"),
    _text("department_id"),
    _text("region_code"),
    _text("day"),
    sa.Column("document", sa.Text, nullable=False),
    _one_of("kind", ("penalty", "complaint", "reference")),
    sa.Index(None, "kind", "day"),
)
"""What cases leave for rules that look at many: derived like the cases. `day` is a local day, YYYY-MM-DD."""

reads = sa.Table(
    "reads",
    METADATA,
    _text("read_id", primary_key=True),
    _int("portion", primary_key=True),
    _text("connection_id", primary_key=True),
    sa.Column("final", sa.Boolean, nullable=False),
    sa.Column("backfill", sa.Boolean, nullable=False),
    _int("read"),
    _int("mapped"),
    _int("empty"),
    _int("quarantined"),
    _int("events"),
    _at("ended_at"),
    sa.Column("body", sa.LargeBinary, nullable=False),
    _at("emptied_at", nullable=True),
    sa.CheckConstraint("read = mapped + empty + quarantined", name="records_add_up"),
    sa.Index(None, "connection_id", "ended_at"),
)
"""What each portion of each read delivered, as the connector reported it."""

manifests = sa.Table(
    "manifests",
    METADATA,
    _text("connection_id", primary_key=True),
    _text("day", primary_key=True),
    _int("cases"),
    _text("sha256"),
    _at("said_at"),
    _at("since"),
    sa.Index(None, "day"),
)
"""What departments say of their days. `day` is a local day, YYYY-MM-DD."""

watermarks = sa.Table(
    "watermarks",
    METADATA,
    _text("connection_id", primary_key=True),
    _int("partition", primary_key=True),
    _at("delivered_to", nullable=True),
    _text("importing"),
    _at("importing_since", nullable=True),
    _text("reading"),
    _at("reading_since", nullable=True),
    _text("awaited"),
)
"""`importing` and `reading` are read ids or empty; `awaited` a JSON list of [read id, events, watermark]."""

quarantine = sa.Table(
    "quarantine",
    METADATA,
    _text("rejection_id", primary_key=True),
    _text("connection_id"),
    _text("read_id"),
    _int("ordinal"),
    _text("stage"),
    _text("code"),
    _text("path"),
    _text("problem"),
    _text("hint"),
    _text("place"),
    _text("record_digest"),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    _int("size_bytes"),
    _at("received_at"),
    _at("last_at"),
    _text("value"),
    _int("seen"),
    _text("state"),
    _one_of("stage", get_args(Stage)),
    _one_of("state", ("open", "replayed")),
    sa.Index(None, "state", "received_at"),
    sa.Index(None, "record_digest"),
)

feed = sa.Table(
    "feed",
    METADATA,
    _text("view", primary_key=True),
    _int("sequence", primary_key=True),
    _int("streamsequence"),
    _text("kind"),
    _text("county"),
    _text("key"),
    _text("message_id"),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("view", "kind", "county", "streamsequence"),
    sa.Index("ix_feed_sequence", "sequence"),
)
"""Numbered documents, as they are published."""

streams = sa.Table(
    "streams",
    METADATA,
    _text("view", primary_key=True),
    _text("kind", primary_key=True),
    _text("county", primary_key=True),
    _int("last"),
)
"""The last number of each stream of the feed."""

relay = sa.Table("relay", METADATA, _int("id", primary_key=True), _int("last_sequence"), _int("published"))
"""One row: the last sequence given, and the last one the broker confirmed."""

connections = sa.Table("connections", METADATA, _text("connection_id", primary_key=True), _text("document"))

catalogue = sa.Table(
    "catalogue", METADATA, _text("department_id", primary_key=True), _text("document"), _at("loaded_at")
)

receivers = sa.Table("receivers", METADATA, _text("connection_id", primary_key=True), _int("position"))
"""How far the feed was sent to each receiver."""

deliveries = sa.Table(
    "deliveries",
    METADATA,
    _text("connection_id", primary_key=True),
    _int("sequence", primary_key=True),
    _text("document_id"),
    _text("state"),
    _text("said"),
    _at("at"),
    _one_of("state", ("delivered", "refused", "again")),
    sa.Index(None, "connection_id", "state"),
)
"""What became of each document that was sent."""

identities = sa.Table(
    "identities",
    METADATA,
    _text("key_id", primary_key=True),
    _text("name"),
    _text("kind"),
    _text("scopes"),
    _text("key_hash"),
    _at("created_at"),
    _at("expires_at", nullable=True),
    _at("revoked_at", nullable=True),
    _at("last_used_at", nullable=True),
    _text("department_id", nullable=True),
    _one_of("kind", ("connection", "person", "subscriber")),
    sa.UniqueConstraint("key_hash"),
)
"""API keys: only their SHA-256 is kept. `scopes` is a JSON list."""

subscribers = sa.Table(
    "subscribers",
    METADATA,
    _text("name", primary_key=True),
    _text("view"),
    _text("state"),
    _text("key_id"),
    _at("created_at"),
    _text("document"),
    _one_of("view", ("public", "intranet", "restricted")),
    _one_of("state", ("active", "suspended")),
    sa.Index(None, "key_id"),
)
"""Who subscribes to what. `document` is JSON: kinds, regions, length of the queue, webhook."""

webhooks = sa.Table(
    "webhooks",
    METADATA,
    _text("name", primary_key=True),
    _int("sequence"),
    _int("attempts"),
    _at("next_at", nullable=True),
    _text("said"),
    _text("state"),
    _one_of("state", ("running", "stopped")),
)
"""How far each subscriber's webhook has come, and what its receiver last said."""

parked_webhooks = sa.Table(
    "parked_webhooks",
    METADATA,
    _text("name", primary_key=True),
    _int("sequence", primary_key=True),
    _text("said"),
    _at("parked_at"),
)
"""Documents that a receiver refused for good: passed by, so that those behind them arrive."""
