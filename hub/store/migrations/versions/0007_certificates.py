"""Certificates, what happened to them, what was observed of connections, and what is covered, have tables."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import Instant

revision = "0007"
down_revision = "0006"

STATES = ("active", "in_grace", "conditional", "suspended", "expired", "superseded", "revoked")


def _text(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "certificates",
        *_text("certificate_id", "connection_id", "department_id", "region_code", "sha256", "levels", "flows"),
        *_text("fingerprint"),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("not_after", Instant(), nullable=False),
        *_text("state"),
        sa.Column("since", Instant(), nullable=False),
        *_text("reason", "criterion", "suspended"),
        sa.Column("conditions_due", sa.Date(), nullable=True),
        sa.Column("signed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            f"state IN ({', '.join(repr(each) for each in STATES)})", name=op.f("ck_certificates_state")
        ),
        sa.PrimaryKeyConstraint("certificate_id", name=op.f("pk_certificates")),
    )
    op.create_index(op.f("ix_certificates_connection_id_issued_at"), "certificates", ["connection_id", "issued_at"])
    op.create_table(
        "certificate_changes",
        *_text("change_id", "certificate_id", "connection_id"),
        sa.Column("at", Instant(), nullable=False),
        *_text("what"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("told_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_certificate_changes")),
    )
    op.create_index(op.f("ix_certificate_changes_certificate_id_at"), "certificate_changes", ["certificate_id", "at"])
    untold = sa.text("told_at IS NULL")
    op.create_index(
        "ix_certificate_changes_untold", "certificate_changes", ["at"], postgresql_where=untold, sqlite_where=untold
    )
    op.create_table(
        "observations",
        *_text("connection_id", "criterion"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        *_text("seen", "by", "measure"),
        sa.Column("observed_at", Instant(), nullable=False),
        sa.CheckConstraint("seen IN ('pass', 'fail', 'unknown', 'not_applicable')", name=op.f("ck_observations_seen")),
        sa.PrimaryKeyConstraint("connection_id", "criterion", "day", "n", name=op.f("pk_observations")),
    )
    op.create_table(
        "criteria",
        *_text("connection_id", "criterion", "phase", "document"),
        sa.PrimaryKeyConstraint("connection_id", "criterion", name=op.f("pk_criteria")),
    )
    op.create_table(
        "reporting",
        *_text("connection_id", "department_id", "matter_code", "region_code"),
        sa.Column("cases", sa.BigInteger(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint(
            "connection_id", "department_id", "matter_code", "region_code", name=op.f("pk_reporting")
        ),
    )
    op.create_table(
        "looks",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_looks")),
    )
    op.create_table(
        "coverage_snapshots",
        *_text("month"),
        sa.Column("frozen_at", Instant(), nullable=False),
        *_text("document"),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_coverage_snapshots")),
    )
