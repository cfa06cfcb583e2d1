"""Papers are issued of alerts, numbered by instrument and year; their files are kept by digest."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import Instant

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "papers",
        sa.Column("paper_id", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("year", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("docx_digest", sa.Text(), nullable=False),
        sa.Column("pdf_digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("paper_id", name=op.f("pk_papers")),
        sa.UniqueConstraint("instrument", "year", "number", name=op.f("uq_papers_instrument_year_number")),
    )
    op.create_index(op.f("ix_papers_alert_id"), "papers", ["alert_id"], unique=False)
    undrawn = sa.text("docx_digest = ''")
    op.create_index(
        "ix_papers_undrawn", "papers", ["paper_id"], unique=False, postgresql_where=undrawn, sqlite_where=undrawn
    )
    op.create_table(
        "paper_files",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("media", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("media IN ('docx', 'pdf')", name=op.f("ck_paper_files_media")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_paper_files")),
    )
