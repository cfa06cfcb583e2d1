"""A PostgreSQL that does not let the hub in asks for the operator, not for patience; one that only starts does not."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import sqlalchemy as sa

from hub.errors import Misconfigured, Unavailable
from hub.store.engine import translated
from hub.store.migrate import migrate
from hub.store.sql import SqlStore
from tests.support.stores import cut

if TYPE_CHECKING:
    from tests.support.servers import Postgres


def changed(url: str, *, user: str = "", password: str = "", database: str = "") -> str:
    """Return `url` with something else in it."""
    parts = urlsplit(url)
    place = f"{user or parts.username}:{password or parts.password}@{parts.hostname}:{parts.port}"
    return urlunsplit(parts._replace(netloc=place, path=f"/{database}" if database else parts.path))


@pytest.mark.servers
@pytest.mark.parametrize("wrong", [{"password": "false"}, {"user": "nobody"}, {"database": "none"}])
def test_a_url_that_the_server_refuses_is_the_operators_to_mend(postgres: Postgres, wrong: dict[str, str]) -> None:
    url = changed(postgres.fresh_database(), **wrong)
    with closing(SqlStore(url)) as store, pytest.raises(Misconfigured) as refused:
        store.partitions()
    (fault,) = refused.value.faults
    assert fault.code == "store.refused"
    assert "SUNLIGHT_STORE_URL" in fault.hint
    assert "\n" not in str(fault)
    assert "false" not in str(fault)


@pytest.mark.servers
def test_an_account_that_may_not_read_the_tables_is_the_operators_to_mend(postgres: Postgres) -> None:
    url = postgres.fresh_database()
    migrate(url)
    with psycopg.connect(changed(url).replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS onlooker")
        connection.execute("CREATE ROLE onlooker LOGIN PASSWORD 'looks'")
    onlooker = changed(url, user="onlooker", password="looks")  # noqa: S106 - of the tests' own server
    with closing(SqlStore(onlooker)) as store, pytest.raises(Misconfigured, match="permission denied for table"):
        store.partitions()


@pytest.mark.servers
def test_a_database_closed_for_a_while_is_only_away(postgres: Postgres) -> None:
    url = postgres.fresh_database()
    cut(url)
    with closing(SqlStore(url)) as store, pytest.raises(Unavailable, match="not currently accepting"):
        store.partitions()


SAID = 'connection failed: connection to server at "127.0.0.1", port 5432 failed: '


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ('FATAL:  password authentication failed for user "hub"', Misconfigured),
        ('致命错误:  用户 "hub" Password 认证失败', Misconfigured),
        ('致命错误:  数据库 "hub" 不存在', Misconfigured),
        ('致命错误:  角色 "hub" 不存在', Misconfigured),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "hub", database "hub", no encryption', Misconfigured),
        ("fe_sendauth: no password supplied", Misconfigured),
        ("FATAL:  the database system is starting up", Unavailable),
        ("FATAL:  sorry, too many clients already", Unavailable),
        ("Connection refused", Unavailable),
    ],
)
def test_who_must_act_is_told_in_the_servers_language_too(said: str, kind: type[Exception]) -> None:
    error = sa.exc.OperationalError("", None, psycopg.OperationalError(SAID + said))
    with pytest.raises(kind), translated():
        raise error


def test_a_statement_that_quotes_such_words_is_not_taken_for_a_refusal() -> None:
    quoting = psycopg.OperationalError('server closed the connection; role "x" does not exist')
    with pytest.raises(Unavailable), translated():
        raise sa.exc.OperationalError("", None, quoting)
