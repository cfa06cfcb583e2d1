"""A read says when its source had nothing more, so that its silence is told from a backlog."""

import sqlalchemy as sa
from alembic import op

from hub.store.columns import Instant

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("reads", sa.Column("emptied_at", Instant(), nullable=True))
