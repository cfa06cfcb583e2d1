"""The first tables."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
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
        sa.CheckConstraint("state IN ('pending', 'raised', 'cleared', 'revoked')", name=op.f("ck_alerts_state")),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("rule_id", "case_id", "occurrence", name=op.f("uq_alerts_rule_id_case_id_occurrence")),
    )
    op.create_index(op.f("ix_alerts_case_id"), "alerts", ["case_id"], unique=False)
    op.create_index(op.f("ix_alerts_changed_at"), "alerts", ["changed_at"], unique=False)
    op.create_index(op.f("ix_alerts_rule_id_state"), "alerts", ["rule_id", "state"], unique=False)
    op.create_table(
        "cases",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("partition", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("case_no", sa.Text(), nullable=False),
        sa.Column("department_id", sa.Text(), nullable=False),
        sa.Column("region_code", sa.Text(), nullable=False),
        sa.Column("matter_code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("disclosure", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("first_position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("wake_at", Instant(), nullable=True),
        sa.Column("log", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_cases")),
    )
    op.create_index("ix_cases_newest", "cases", ["opened_at", "case_id"], unique=False)
    op.create_index("ix_cases_place", "cases", ["region_code", "department_id", "state"], unique=False)
    op.create_index(
        "ix_cases_wake",
        "cases",
        ["partition", "connection_id", "wake_at", "case_id"],
        unique=False,
        postgresql_where=sa.text("wake_at IS NOT NULL"),
        sqlite_where=sa.text("wake_at IS NOT NULL"),
    )
    op.create_table(
        "catalogue",
        sa.Column("department_id", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("loaded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("department_id", name=op.f("pk_catalogue")),
    )
    op.create_table(
        "clocks",
        sa.Column("clock_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
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
    op.create_index(op.f("ix_clocks_case_id"), "clocks", ["case_id"], unique=False)
    op.create_index(op.f("ix_clocks_kind_state"), "clocks", ["kind", "state"], unique=False)
    op.create_table(
        "connections",
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_connections")),
    )
    op.create_table(
        "cursors",
        sa.Column("generation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("partition", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("numbered", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("generation", "partition", name=op.f("pk_cursors")),
    )
    op.create_table(
        "feed",
        sa.Column("view", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("streamsequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("view", "sequence", name=op.f("pk_feed")),
        sa.UniqueConstraint(
            "view", "kind", "county", "streamsequence", name=op.f("uq_feed_view_kind_county_streamsequence")
        ),
    )
    op.create_index("ix_feed_sequence", "feed", ["sequence"], unique=False)
    op.create_table(
        "heads",
        sa.Column("generation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("partition", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "partition", name=op.f("pk_heads")),
    )
    op.create_table(
        "identities",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.CheckConstraint("kind IN ('connection', 'person', 'subscriber')", name=op.f("ck_identities_kind")),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_identities")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_identities_key_hash")),
    )
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("read_id", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("portion", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("source_version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mapping_version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_digest", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("partition", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('new', 'duplicate', 'revised', 'remapped', 'conflicting', 'parked')",
            name=op.f("ck_inbox_outcome"),
        ),
        sa.PrimaryKeyConstraint("event_id", "read_id", "ordinal", name=op.f("pk_inbox")),
    )
    op.create_table(
        "leases",
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("role", name=op.f("pk_leases")),
    )
    op.create_table(
        "ledger",
        sa.Column("generation", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("partition", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("ledgered_at", Instant(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('event', 'report', 'rejection', 'alert', 'act', 'genesis')", name=op.f("ck_ledger_kind")
        ),
        sa.PrimaryKeyConstraint("generation", "partition", "position", name=op.f("pk_ledger")),
    )
    op.create_index(op.f("ix_ledger_subject"), "ledger", ["subject"], unique=False)
    op.create_table(
        "quarantine",
        sa.Column("rejection_id", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("read_id", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("record_digest", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("seen", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "stage IN ('decode', 'map', 'validate', 'authorise', 'supervise')", name=op.f("ck_quarantine_stage")
        ),
        sa.CheckConstraint("state IN ('open', 'replayed')", name=op.f("ck_quarantine_state")),
        sa.PrimaryKeyConstraint("rejection_id", name=op.f("pk_quarantine")),
    )
    op.create_index(op.f("ix_quarantine_record_digest"), "quarantine", ["record_digest"], unique=False)
    op.create_index(op.f("ix_quarantine_state_received_at"), "quarantine", ["state", "received_at"], unique=False)
    op.create_table(
        "reads",
        sa.Column("read_id", sa.Text(), nullable=False),
        sa.Column("portion", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("backfill", sa.Boolean(), nullable=False),
        sa.Column("read", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mapped", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("empty", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quarantined", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("events", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ended_at", Instant(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("read = mapped + empty + quarantined", name=op.f("ck_reads_records_add_up")),
        sa.PrimaryKeyConstraint("read_id", "portion", "connection_id", name=op.f("pk_reads")),
    )
    op.create_index(op.f("ix_reads_connection_id_ended_at"), "reads", ["connection_id", "ended_at"], unique=False)
    op.create_table(
        "relay",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("published", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relay")),
    )
    op.create_table(
        "streams",
        sa.Column("view", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("view", "kind", "county", name=op.f("pk_streams")),
    )
    op.create_table(
        "tallies",
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("read_id", sa.Text(), nullable=False),
        sa.Column("portion", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("partition", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "read_id", "portion", "partition", "outcome", name=op.f("pk_tallies")),
    )
    op.create_table(
        "watermarks",
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("partition", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("delivered_to", Instant(), nullable=True),
        sa.Column("importing", sa.Text(), nullable=False),
        sa.Column("importing_since", Instant(), nullable=True),
        sa.Column("reading", sa.Text(), nullable=False),
        sa.Column("reading_since", Instant(), nullable=True),
        sa.Column("awaited", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "partition", name=op.f("pk_watermarks")),
    )
