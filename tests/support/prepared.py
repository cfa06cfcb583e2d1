"""Stores with a hub's tables, copied from one that was migrated once: a migration in each test would cost more."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from hub.store.migrate import begin, migrate


def prepare(url: str, *, partitions: int) -> None:
    """Bring the store at `url` to the present schema and begin its ledger; a new SQLite file begins as a copy."""
    made = sa.make_url(url)
    if made.get_backend_name() == "sqlite" and made.database and not Path(made.database).exists():
        Path(made.database).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_migrated(), made.database)
    migrate(url)
    begin(url, partitions=partitions)


@cache
def _migrated() -> Path:
    """Return a SQLite file that was migrated, and has nothing in it."""
    folder = tempfile.mkdtemp(prefix="sunlight-prepared-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "store.db"
    migrate(f"sqlite:///{path}")
    return path
