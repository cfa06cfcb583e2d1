"""How many cases took how many working days stands side by side: one row for twenty numbers of days, not one for each."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

PLACE = ("department_id", "matter_code", "region_code", "power_type", "family")
KEY = ("grain", "day", *PLACE, "partition")
BLOCK_DAYS = 20


def upgrade() -> None:
    op.rename_table("durations", "durations_before")
    if op.get_bind().dialect.name == "postgresql":  # where names of constraints are of the whole schema
        op.drop_constraint("pk_durations", "durations_before", type_="primary")
    op.create_table(
        "durations",
        sa.Column("grain", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in PLACE),
        sa.Column("partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(f"n{place}", sa.Integer(), nullable=False) for place in range(BLOCK_DAYS)),
        sa.PrimaryKeyConstraint(*KEY, "block", name=op.f("pk_durations")),
    )
    key = ", ".join(f'"{name}"' for name in KEY)
    sums = ", ".join(
        f"SUM(CASE WHEN used_workdays % {BLOCK_DAYS} = {place} THEN n ELSE 0 END)" for place in range(BLOCK_DAYS)
    )
    names = ", ".join(f"n{place}" for place in range(BLOCK_DAYS))
    op.execute(
        f"INSERT INTO durations ({key}, block, {names}) SELECT {key}, used_workdays / {BLOCK_DAYS}, {sums} "  # noqa: S608 - our own names
        f"FROM durations_before GROUP BY {key}, used_workdays / {BLOCK_DAYS}"
    )
    op.drop_table("durations_before")
