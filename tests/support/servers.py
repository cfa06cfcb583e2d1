"""The servers that tests may use: what the environment names, or private ones started for this run."""

from __future__ import annotations

import base64
import fcntl
import importlib.util
import json
import os
import sys
import urllib.error
import urllib.request
import uuid
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pymysql
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

FOLDER_VARIABLE = "SUNLIGHT_TEST_SERVERS_FOLDER"
OWNER_VARIABLE = "SUNLIGHT_TEST_SERVERS_OWNER"
AMQP_VARIABLE = "SUNLIGHT_TEST_AMQP_URL"
API_VARIABLE = "SUNLIGHT_TEST_RABBITMQ_API_URL"
POSTGRES_VARIABLE = "SUNLIGHT_TEST_POSTGRES_URL"
MARIADB_VARIABLE = "SUNLIGHT_TEST_MARIADB_URL"
SCRIPT = Path(__file__).parents[2] / "deploy" / "dev-servers" / "servers.py"


@cache
def dev_servers() -> ModuleType:
    """Return the project's own server script as a module."""
    spec = importlib.util.spec_from_file_location("dev_servers", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["dev_servers"] = module
    sys.path.append(str(SCRIPT.parent))
    spec.loader.exec_module(module)
    return module


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Let one of several parallel test processes start a server while the others wait."""
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def alone(with_what: str) -> Iterator[None]:
    """Let one of several parallel test processes at a time use what their servers have but once."""
    with (Path(os.environ[FOLDER_VARIABLE]) / f"{with_what}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _started(server: str) -> dict[str, str]:
    """Start a private `server`, or join the one this run has; a run that cannot have one fails, saying why."""
    folder = Path(os.environ[FOLDER_VARIABLE])
    with _one_at_a_time(folder):
        if not (folder / "guarded").exists():
            dev_servers().set_guard(folder, int(os.environ[OWNER_VARIABLE]))
            (folder / "guarded").touch()
        try:
            return dev_servers().start(server, folder)  # type: ignore[no-any-return]
        except dev_servers().ServerError as problem:
            pytest.exit(f"no {server} for the tests: {problem}", returncode=2)


class RabbitMQ:
    """A broker. Each test takes a virtual host of its own; `url` and `api_url` are an administrator's."""

    def __init__(self, url: str, api_url: str) -> None:
        self.url, self.api_url = url, api_url
        self._vhosts: list[str] = []
        self._users: list[str] = []

    def vhost(self) -> str:
        """Make a fresh virtual host with an account of its own that has all rights there; return that one's URL."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        self._api("PUT", f"vhosts/{name}", {})
        self._vhosts.append(name)
        self._allow(name, urlsplit(self.url).username or "")
        return self.user_url(name, with_vhost(self.url, name))

    def vhost_again(self, url: str) -> str:
        """Return the URL of another account with all rights on the virtual host of `url`."""
        return self.user_url(f"other-{uuid.uuid4().hex[:12]}", url)

    def user_url(self, name: str, url: str, **rights: str) -> str:
        """Make a broker account `name` on the virtual host of `url`, and return its URL.

        `rights` are patterns: configure, write, read; all of them `.*` unless given.
        """
        password = uuid.uuid4().hex
        self._api("PUT", f"users/{quote(name, safe='')}", {"password": password, "tags": ""})
        self._users.append(name)
        self._allow(vhost_of(url), name, **rights)
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=f"{quote(name, safe='')}:{password}@{parts.hostname}:{parts.port}"))

    def lock_out(self, url: str) -> None:
        """Change the password of the account of `url`, so that it cannot connect again."""
        self._set_password(url, uuid.uuid4().hex)

    def let_in(self, url: str) -> None:
        """Make the password of `url` its account's again."""
        self._set_password(url, urlsplit(url).password or "")

    def cut_connections(self, url: str) -> None:
        """Let the broker close every connection of the account of `url`."""
        self._api("DELETE", f"connections/username/{urlsplit(url).username}")

    def drop(self, url: str) -> None:
        """Remove the virtual host of `url` with all that is in it, and its account."""
        vhost, user = vhost_of(url), urlsplit(url).username or ""
        self._api("DELETE", f"vhosts/{vhost}")
        self._api("DELETE", f"users/{user}")
        self._vhosts.remove(vhost)
        self._users.remove(user)

    def forget(self) -> None:
        """Remove the virtual hosts and accounts made here."""
        for vhost in self._vhosts:
            self._api("DELETE", f"vhosts/{vhost}")
        for user in set(self._users):
            self._api("DELETE", f"users/{quote(user, safe='')}")

    def _set_password(self, url: str, password: str) -> None:
        self._api("PUT", f"users/{urlsplit(url).username}", {"password": password, "tags": ""})

    def _allow(self, vhost: str, user: str, *, configure: str = ".*", write: str = ".*", read: str = ".*") -> None:
        rights = {"configure": configure, "write": write, "read": read}
        self._api("PUT", f"permissions/{quote(vhost, safe='')}/{quote(user, safe='')}", rights)

    def _api(self, method: str, path: str, body: dict[str, str] | None = None) -> Any:
        """Call the management API; raise on anything but success."""
        parts = urlsplit(self.api_url)
        address = f"{parts.scheme}://{parts.hostname}:{parts.port}/api/{path}"
        request = urllib.request.Request(address, method=method)  # noqa: S310 - the tests' own broker
        secret = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
        request.add_header("Authorization", f"Basic {secret}")
        request.add_header("Content-Type", "application/json")
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(request, data, timeout=30) as response:  # noqa: S310 - ditto
            text = response.read()
        return json.loads(text) if text else None


class MortalRabbitMQ(RabbitMQ):
    """A broker of one test alone, which may die: killed, and started again over what its disc holds."""

    def __init__(self, folder: Path) -> None:
        state = dev_servers().start("rabbitmq", folder)
        super().__init__(state["url"], state["api_url"])
        self._folder = folder

    def kill(self) -> None:
        dev_servers().kill_rabbitmq(self._folder)

    def revive(self) -> None:
        """Start it again; its port mapper may take it for alive a moment longer, and refuse."""
        for _ in range(2):
            with suppress(dev_servers().ServerError):
                return self._revived()
        return self._revived()

    def _revived(self) -> None:
        dev_servers().revive_rabbitmq(self._folder)

    def stop(self) -> None:
        dev_servers().stop("rabbitmq", self._folder)


class Postgres:
    """A database server. Each test takes a database of its own; `url` is that of an account that may make them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._databases: list[str] = []

    def fresh_database(self, *, like: str = "") -> str:
        """Make an empty database, or a copy of the one whose URL is `like`, and return its URL."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        template = urlsplit(like).path.lstrip("/") if like else "template0"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        self._databases.append(name)
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def forgetful(self) -> Postgres:
        """Let a server that is private to the tests, and whose machine outlives them, not wait for its disc."""
        for setting in ("fsync", "full_page_writes"):
            self._run(f"ALTER SYSTEM SET {setting} = off")
        self._run("SELECT pg_reload_conf()")
        return self

    def drop(self, url: str) -> None:
        """Remove one database."""
        name = urlsplit(url).path.lstrip("/")
        self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self._databases.remove(name)

    def forget(self) -> None:
        """Remove the databases made here."""
        for name in self._databases:
            self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.url.replace("+psycopg", "", 1), autocommit=True) as connection:
            connection.execute(statement.encode())


class MariaDB:
    """A database server of a department. Each test takes a database of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._databases: list[str] = []

    def fresh_database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.run(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        self._databases.append(name)
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def forget(self) -> None:
        """Remove the databases made here."""
        for name in self._databases:
            self.run(f"DROP DATABASE IF EXISTS {name}")

    def run(self, statement: str) -> None:
        """Run one statement as the administrator."""
        with closing(session_of(self.url)) as session, session.cursor() as cursor:
            cursor.execute(statement)


def session_of(url: str) -> pymysql.Connection[Any]:
    """Open a session of a MariaDB at its URL."""
    parts = urlsplit(url)
    return pymysql.connect(
        host=parts.hostname, port=parts.port or 3306, user=parts.username, password=parts.password or "",
        database=parts.path.lstrip("/"), charset="utf8mb4", autocommit=True,
    )  # fmt: skip


def rabbitmq_server() -> RabbitMQ:
    """Return the broker the environment names (with its management API), or a private one."""
    url = os.environ.get(AMQP_VARIABLE)
    if not url:
        state = _started("rabbitmq")
        return RabbitMQ(state["url"], state["api_url"])
    parts = urlsplit(url)
    return RabbitMQ(url, os.environ.get(API_VARIABLE) or f"http://{parts.netloc.rpartition(':')[0]}:15672")


def postgres_server() -> Postgres:
    """Return the database server the environment names, or a private one."""
    given = os.environ.get(POSTGRES_VARIABLE)
    return Postgres(given) if given else Postgres(_started("postgres")["url"]).forgetful()


def mariadb_server() -> MariaDB:
    """Return the MariaDB the environment names, or a private one."""
    return MariaDB(os.environ.get(MARIADB_VARIABLE) or _started("mariadb")["url"])


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderServer:
    """A server that shows folders of this machine to this account."""

    url: str
    options: Mapping[str, Any]
    """What a mapping says besides the address."""
    files: Path = Path("/")
    """The folder that the address stands for."""
    is_shared: bool = True
    """Whether it may read every folder that this account may; else only those under `files`."""

    @property
    def nowhere(self) -> str:
        """Return the address of a server of this kind that is not there."""
        kind = self.url.partition(":")[0]
        return f"{kind}://127.0.0.1:1/none" if kind == "http" else f"{kind}://nobody@127.0.0.1:1/none"

    def folder(self, proposed: Path) -> Path:
        """Return `proposed`, or a new folder where the server cannot see that."""
        if self.is_shared:
            return proposed
        made = self.files / uuid.uuid4().hex
        made.mkdir()
        made.chmod(0o777)
        return made

    def connect(self, folder: Path) -> dict[str, Any]:
        """Return how a mapping reaches `folder`."""
        return {"path": self.url.rstrip("/") + quote("/" + str(folder.relative_to(self.files))), **self.options}


def sftp_server() -> FolderServer:
    """Return a private SFTP server."""
    state = _started("sftp")
    return FolderServer(url=state["url"], options={"host_key": state["host_key"], "key": state["key"]})


def ftp_server(*, tells_facts: bool = True) -> FolderServer:
    """Return a private FTP server; one that does not tell of MLSD where it `tells_facts` not."""
    state = _started("ftp")
    return FolderServer(url=state["url" if tells_facts else "old_url"], options={"password": state["password"]})


def ftps_server() -> FolderServer:
    """Return a private FTP server, over TLS."""
    state = _started("ftp")
    options = {"password": state["password"], "verify": state["certificate"]}
    return FolderServer(url=state["url"].replace("ftp:", "ftps:", 1), options=options)


def webdav_server() -> FolderServer:
    """Return a private WebDAV server."""
    state = _started("webdav")
    auth = {"kind": "basic", "user": state["user"], "password": state["password"]}
    options = {"auth": auth, "rate": {"requests": 10_000}}
    return FolderServer(url=state["url"], options=options, files=Path(state["files"]), is_shared=False)


def smb_server() -> FolderServer:
    """Return a private SMB server."""
    state = _started("smb")
    return FolderServer(url=state["url"], options={"password": state["password"]})


def vhost_of(url: str) -> str:
    """Return the virtual host of an AMQP URL, quoted as in the URL."""
    return urlsplit(url).path.lstrip("/")


def with_vhost(url: str, name: str) -> str:
    """Return `url` with another virtual host."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
