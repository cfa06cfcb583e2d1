"""Cases whose stored title names somebody, or says who complains, are judged anew: lists and searches read it masked."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import EPOCH, Instant
from hub.views.masking import masked

revision = "0021"
down_revision = "0020"

TOGETHER = 5_000
"""Titles looked at, and cases woken, in one statement."""

NAMED = 500
"""Cases named in one statement."""


def upgrade() -> None:
    cases = sa.table(
        "cases",
        sa.column("case_id", sa.Text()),
        sa.column("title", sa.Text()),
        sa.column("disclosure", sa.Text()),
        sa.column("wake_at", Instant()),
    )
    clocks = sa.table("clocks", sa.column("subject", sa.Text()), sa.column("kind", sa.Text()))
    is_open = cases.c.disclosure.in_(("public", "intranet")) & (cases.c.title != "")
    complaints = sa.select(clocks.c.subject).where(
        clocks.c.kind.startswith("complaint") | (clocks.c.kind == "petition")
    )
    op.execute(sa.update(cases).where(is_open, cases.c.case_id.in_(complaints)).values(wake_at=EPOCH))
    connection, after = op.get_bind(), ""
    while True:
        query = sa.select(cases.c.case_id, cases.c.title).where(is_open & (cases.c.case_id > after))
        rows = connection.execute(query.order_by(cases.c.case_id).limit(TOGETHER)).all()
        if not rows:
            return
        woken = [row.case_id for row in rows if masked(row.title) != row.title]
        for at in range(0, len(woken), NAMED):
            some = cases.c.case_id.in_(woken[at : at + NAMED])
            connection.execute(sa.update(cases).where(some).values(wake_at=EPOCH))
        after = rows[-1].case_id
