"""What each department is to each complaint is kept beside the cases; complaints that are here are judged anew."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import EPOCH, Instant

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "complaint_roles",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("department_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.CheckConstraint("role IN ('centre', 'handler', 'assisting')", name=op.f("ck_complaint_roles_role")),
        sa.PrimaryKeyConstraint("case_id", "department_id", "role", name=op.f("pk_complaint_roles")),
    )
    op.create_index(
        op.f("ix_complaint_roles_department_id_role"), "complaint_roles", ["department_id", "role"], unique=False
    )
    cases = sa.table("cases", sa.column("case_id", sa.Text()), sa.column("wake_at", Instant()))
    clocks = sa.table("clocks", sa.column("subject", sa.Text()), sa.column("kind", sa.Text()))
    complaints = sa.select(clocks.c.subject).where(
        clocks.c.kind.startswith("complaint") | (clocks.c.kind == "petition")
    )
    op.execute(sa.update(cases).where(cases.c.case_id.in_(complaints)).values(wake_at=EPOCH))
