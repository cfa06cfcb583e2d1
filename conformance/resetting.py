"""Empties a sandbox: what was tried in it goes, its keys, its connections, its sessions and their evidence stay."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson
import sqlalchemy as sa

from conformance.real import FOLDER
from conformance.stand import prepare
from hub.errors import Fault, Misconfigured
from hub.files import make_folder_durably, sync_folder, write_durably
from hub.sandbox import FOLDER as SANDBOX
from hub.store.engine import open_engine, reading, writing
from hub.store.tables import identities

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hub.settings import Settings

STAYS: Final = frozenset({"keys", "mappings", FOLDER})
"""What is no trial's data: keys of vault and ledger, connections, sessions with their evidence."""

TRIALS: Final = "trial-*.json"
"""What the trials of new connections came to: it stays, so that they can be taken live."""

_MARK: Final = "reset.json"
_GOING: Final = ".going"
_FRESH: Final = ".fresh"


def reset_at(sandbox: Settings) -> datetime | None:
    """Return when a sandbox was emptied last: a session that began before has lost what it rests on."""
    path = sandbox.data_dir / FOLDER / _MARK
    return datetime.fromisoformat(orjson.loads(path.read_bytes())["at"]) if path.is_file() else None


def reset(sandbox: Settings, live: Settings, now: datetime) -> None:
    """Empty a sandbox; Misconfigured where it is none, is the live hub's own, or is in use.

    That it is emptied is noted first; the fresh store, which knows the sandbox's keys, is made aside, and takes the
    old one's place. Wherever this ends halfway, emptying it again goes on.
    """
    _check_apart(sandbox, live)
    folder, fresh = sandbox.data_dir, sandbox.data_dir / _FRESH
    _check_unused(sandbox)
    make_folder_durably(folder / FOLDER)
    write_durably(folder / FOLDER / _MARK, orjson.dumps({"at": now.isoformat()}))
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    _made_anew(sandbox, sandbox.model_copy(update={"hub": sandbox.hub.model_copy(update={"data_dir": fresh})}))
    (folder / _GOING).mkdir(exist_ok=True)
    for path in _going(folder):
        path.rename(folder / _GOING / path.name)
    for path in sorted(fresh.iterdir()):
        path.rename(folder / path.name)
    sync_folder(folder)
    shutil.rmtree(fresh)
    shutil.rmtree(folder / _GOING)


def _going(folder: Path) -> Iterator[Path]:
    """Yield what a trial has left in a sandbox's folder."""
    stays = {*STAYS, _GOING, _FRESH, *(path.name for path in folder.glob(TRIALS))}
    yield from (path for path in sorted(folder.iterdir()) if path.name not in stays)


def _made_anew(old: Settings, new: Settings) -> None:
    """Make an empty store and bus, with the keys that the old one knows: departments that send keep theirs."""
    prepare(new)
    store = _file_of(old.store_url, old)
    rows = {row["key_id"]: row for path in (old.data_dir / _GOING / store.name, store) for row in _keys_in(path)}
    engine = open_engine(new.store_url)
    try:
        with writing(engine) as connection:
            if rows:
                connection.execute(sa.insert(identities), list(rows.values()))
    finally:
        engine.dispose()


def _keys_in(store: Path) -> Sequence[Mapping[str, Any]]:
    """Return the keys that a store knows; none where it is not there."""
    if not store.is_file():
        return ()
    engine = open_engine(f"sqlite:///{store}")
    try:
        with reading(engine) as connection:
            return [dict(row) for row in connection.execute(sa.select(identities)).mappings()]
    finally:
        engine.dispose()


def _check_apart(sandbox: Settings, live: Settings) -> None:
    """Refuse whatever is not, without any doubt, the sandbox beside the live hub."""
    folder, own = sandbox.data_dir.resolve(), live.data_dir.resolve()
    is_beside = folder == own / SANDBOX and not (live.data_dir / SANDBOX).is_symlink()
    urls = {live.store_url, live.public_store_url, live.bus_url}
    is_apart = not urls & {sandbox.store_url, sandbox.bus_url}
    is_embedded = all(folder in _file_of(url, sandbox).parents for url in (sandbox.store_url, sandbox.bus_url))
    if not (is_beside and is_apart and is_embedded):
        problem = (
            "this is not the sandbox beside the live hub, or it shares a store or a bus with it: nothing was touched"
        )
        hint = "run it where the live hub's settings are, and let its sandbox be a folder of its own"
        raise Misconfigured(Fault(code="sandbox.reset", problem=problem, file=str(folder), hint=hint))


def _check_unused(sandbox: Settings) -> None:
    """Refuse a sandbox in which another process has its store or its bus open."""
    for url in (sandbox.store_url, sandbox.bus_url):
        path = _file_of(url, sandbox)
        if not path.is_file():
            continue
        with contextlib.closing(sqlite3.connect(path, timeout=0.5, isolation_level=None)) as database:
            try:
                database.execute("PRAGMA journal_mode = DELETE")  # which SQLite does for none but the only one there
                database.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as used:
                problem, hint = f"another process is at work in it: {used}", "stop every `sunlight --sandbox …` first"
                raise Misconfigured(Fault(code="sandbox.used", problem=problem, file=str(path), hint=hint)) from used


def _file_of(url: str, sandbox: Settings) -> Path:
    """Return the file of an embedded store or bus; the sandbox's folder, which is no file, for any other."""
    parts = urlsplit(url)
    is_embedded = parts.scheme.partition("+")[0] in {"sqlite", "embedded"} and bool(parts.path)
    return Path("/") / parts.path.lstrip("/") if is_embedded else sandbox.data_dir
