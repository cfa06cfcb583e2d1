"""A certificate of the sandbox stands beside that of what is live, and says nothing of it."""

from base64 import urlsafe_b64decode

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

IN_FORCE = "state NOT IN ('expired', 'superseded', 'revoked')"


def upgrade() -> None:
    op.add_column("certificates", sa.Column("environment", sa.Text, nullable=False, server_default="production"))
    table = sa.table(
        "certificates",
        sa.column("certificate_id", sa.Text()),
        sa.column("environment", sa.Text()),
        sa.column("signed", sa.LargeBinary()),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(table.c.certificate_id, table.c.signed)).all():
        if environment := _environment(row.signed):
            mine = sa.update(table).where(table.c.certificate_id == row.certificate_id)
            connection.execute(mine.values(environment=environment))
    op.drop_index("ix_certificates_in_force", "certificates")
    op.create_index(
        "ix_certificates_in_force",
        "certificates",
        ["connection_id", "environment"],
        unique=True,
        postgresql_where=sa.text(IN_FORCE),
        sqlite_where=sa.text(IN_FORCE),
    )


def _environment(signed: bytes) -> str:
    """Return where a certificate says that it holds; nothing where it cannot be read."""
    try:
        payload = str(orjson.loads(signed)["payload"])
        return str(orjson.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["subject"]["environment"])
    except (ValueError, KeyError, TypeError):
        return ""
