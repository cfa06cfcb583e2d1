"""A fixture for each server (`rabbitmq`, `postgres`, `mariadb`, `sftp` …): private, started when first needed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.servers import (
    AMQP_VARIABLE,
    FOLDER_VARIABLE,
    MARIADB_VARIABLE,
    OWNER_VARIABLE,
    POSTGRES_VARIABLE,
    FolderServer,
    MariaDB,
    Postgres,
    RabbitMQ,
    dev_servers,
    ftp_server,
    ftps_server,
    mariadb_server,
    postgres_server,
    rabbitmq_server,
    sftp_server,
    smb_server,
    webdav_server,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_configure(config: pytest.Config) -> None:
    """Choose the servers' folder in the process that starts the run; parallel workers inherit it."""
    if not hasattr(config, "workerinput"):
        os.environ[FOLDER_VARIABLE] = str(dev_servers().new_folder())
        os.environ[OWNER_VARIABLE] = str(os.getpid())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started, in the process that started the run."""
    folder = None if hasattr(config, "workerinput") else os.environ.pop(FOLDER_VARIABLE, None)
    if folder:
        for server in dev_servers().STOPPERS:
            dev_servers().stop(server, Path(folder))
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ]:
    """A RabbitMQ of which tests may make users and virtual hosts."""
    server = rabbitmq_server()
    yield server
    if AMQP_VARIABLE in os.environ:
        server.forget()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of which tests may make databases."""
    server = postgres_server()
    yield server
    if POSTGRES_VARIABLE in os.environ:
        server.forget()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """A MariaDB of which tests may make databases."""
    server = mariadb_server()
    yield server
    if MARIADB_VARIABLE in os.environ:
        server.forget()


@pytest.fixture(scope="session")
def sftp() -> FolderServer:
    """An SFTP server of this account's own files."""
    return sftp_server()


@pytest.fixture(scope="session")
def ftp() -> FolderServer:
    """An FTP server of this account's own files."""
    return ftp_server()


@pytest.fixture(scope="session")
def old_ftp() -> FolderServer:
    """An FTP server that does not tell of MLSD."""
    return ftp_server(tells_facts=False)


@pytest.fixture(scope="session")
def ftps() -> FolderServer:
    """The FTP server, over TLS."""
    return ftps_server()


@pytest.fixture(scope="session")
def webdav() -> FolderServer:
    """A WebDAV server of a folder of its own."""
    return webdav_server()


@pytest.fixture(scope="session")
def smb() -> FolderServer:
    """An SMB server of this account's own files."""
    if os.geteuid() != 0:
        pytest.skip("Samba changes to the account that logs in, which takes root")
    return smb_server()
