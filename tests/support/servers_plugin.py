"""The fixtures `rabbitmq`, `postgres`, `mariadb`, `sftp`: private servers, started when first needed."""

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
    MariaDB,
    Postgres,
    RabbitMQ,
    Sftp,
    dev_servers,
    mariadb_server,
    postgres_server,
    rabbitmq_server,
    sftp_server,
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
        for server in ("rabbitmq", "postgres", "mariadb", "sftp"):
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
def sftp() -> Sftp:
    """An SFTP server of this account's own files."""
    return sftp_server()
