"""The public site's account of the database reads what the page grants it, and can neither read nor write more."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from hub.mapping import TOKEN_KEY
from hub.store.public_reading import TABLES, PublicReading
from tests.support.citizens import DOCUMENTS, Centre
from tests.support.citizens import NOW as NOON
from tests.support.hubs import hub_at

if TYPE_CHECKING:
    from tests.support.servers import Postgres

PAGE = (Path(__file__).parents[2] / "docs" / "public-site.md").read_text(encoding="utf-8")
(GRANTS,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)


def plain(url: str) -> str:
    return url.replace("+psycopg", "", 1)


def account(url: str, name: str) -> str:
    """Make an account of that name as the page says; return the database's URL for it."""
    with psycopg.connect(plain(url), autocommit=True) as connection:
        for statement in GRANTS.replace("sunlight_public", name).split(";"):
            if statement.strip():
                connection.execute(statement.encode())
        connection.execute(f"ALTER ROLE {name} PASSWORD 'p'".encode())
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{name}:p@{parts.netloc.rpartition('@')[2]}"))


@pytest.mark.servers
def test_the_account_reads_what_the_page_grants_and_nothing_else(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_KEY, "k" * 64)
    url, name = postgres.fresh_database(), f"public_{uuid.uuid4().hex[:8]}"
    hub = hub_at(tmp_path, now=NOON, store_url=url)
    hub.store.load_catalogue(DOCUMENTS)
    case_id = Centre(hub, tmp_path).case("ZJ-1", case={"matter_code": "A-1"})
    own = account(url, name)
    reading = PublicReading(own)
    assert [each["department"]["department_id"] for each in reading.catalogue()] == [
        each["department"]["department_id"] for each in hub.public_reading.catalogue()
    ]
    (row,) = reading.numbered("ZJ-1")
    assert (row["case_id"], bool(row["clocks"])) == (case_id, True)
    reading.close()
    hub.close()
    with psycopg.connect(plain(own), autocommit=True) as connection:
        for statement in (
            "SELECT 1 FROM ledger",
            "SELECT 1 FROM feed",
            "UPDATE cases SET title = ''",
            "DELETE FROM catalogue",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
    with psycopg.connect(plain(url), autocommit=True) as connection:
        connection.execute(f"DROP OWNED BY {name}".encode())
        connection.execute(f"DROP ROLE {name}".encode())


def test_the_page_grants_what_is_read() -> None:
    granted = re.findall(r"GRANT SELECT ON (.*?) TO", GRANTS)
    assert [set(each.split(", ")) for each in granted] == [{table.name for table in TABLES}]
