"""Databases whose drivers are not here: what is asked of them is their SQL, and who must install what is told."""

from __future__ import annotations

from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.dialects import mssql, oracle

from connectors import open_source
from connectors.database_dialects import DIALECTS
from connectors.database_foreign import FOREIGN
from hub.errors import Misconfigured
from tests.support.shelves import Declared


@pytest.mark.parametrize(("kind", "package"), [("oracle", "oracledb"), ("mssql", "pymssql"), ("dm", "dmPython")])
def test_a_driver_that_is_not_here_is_named(kind: str, package: str) -> None:
    connect = {"url": f"{kind}://a:b@host/x", "table": "t", "key": "k", "cursor": {"column": "c"}}
    with pytest.raises(Misconfigured, match=package):
        open_source(Declared(kind="database", connect=connect), {})


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_transaction_is_bounded_and_a_time_from_a_checkpoint_is_one(kind: str) -> None:
    dialect = DIALECTS[kind]
    assert all("{" not in statement for statement in dialect.opening(writing=False, timeout_s=2))
    assert dialect.parameter("2026-03-02 10:00:00", types.DateTime()) == datetime(2026, 3, 2, 10)  # noqa: DTZ001 - as the column
    assert dialect.parameter("2026", types.String()) == "2026"


@pytest.mark.parametrize("kind", ["oracle", "mssql"])
def test_a_page_is_asked_for_in_their_own_sql(kind: str) -> None:
    table = sa.table("T", sa.column("K"), sa.column("C"))
    page = sa.select(table).where(sa.or_(table.c.C > 1, sa.and_(table.c.C == 1, table.c.K > 2)))
    said = str(
        page.order_by(table.c.C, table.c.K)
        .limit(10)
        .compile(dialect={"oracle": oracle, "mssql": mssql}[kind].dialect())
    )
    assert {"oracle": "FETCH FIRST", "mssql": "SELECT TOP"}[kind] in said
