"""Connectors in a department's network: an account that may write to intake alone, no store, positions of their own."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.processes import COMMAND, DEPARTMENT, MAPPING, City
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.processes import Process
    from tests.support.servers import Postgres, RabbitMQ

NAME = "taizhou.edge.permits"
RIGHTS = {"configure": r"^sunlight\.lease\.reader\..*$", "write": r"^sunlight\.intake$", "read": "^$"}


class Edge:
    """A centre that supervises, and a folder in a department's network."""

    def __init__(self, folder: Path, centre: City, account: str, url: str) -> None:
        self.folder, self.centre, self.account, self.url = folder, centre, account, url
        folder.mkdir()
        (folder / "settings.toml").write_text("", encoding="utf-8")
        self.file = folder / "permits.yaml"
        connect = f"{{path: {centre.folder}/in, format: csv, every: 50ms}}"
        text = MAPPING.format(name=NAME, department=DEPARTMENT, kind="files", connect=connect)
        self.file.write_text(f"user: {account}\n{text}", encoding="utf-8")
        shutil.copy(self.file, centre.folder / "mappings" / "housing" / "edge.yaml")

    def trust(self) -> None:
        """Bring the centre's public key."""
        keys = self.folder / "var" / "keys"
        keys.mkdir(parents=True)
        shutil.copy(self.centre.folder / "var" / "keys" / "vault.pub", keys / "vault.pub")

    def environment(self, **more: str) -> dict[str, str]:
        nowhere = "postgresql+psycopg://nobody@127.0.0.1:1/none"
        return self.centre.environment(SUNLIGHT_BUS_URL=self.url, **more) | {"SUNLIGHT_STORE_URL": nowhere}

    def start(self) -> Process:
        process = self.centre.start("--help")
        process.popen.wait()
        with process.log.open("wb") as file:
            command = [COMMAND, "edge", str(self.file)]
            process.popen = subprocess.Popen(command, cwd=self.folder, env=self.environment(), stdout=file, stderr=file)
        return process

    def fails(self, **environment: str) -> str:
        done = subprocess.run(
            [COMMAND, "edge", str(self.file)], cwd=self.folder, env=self.environment() | environment,
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 2
        return done.stdout + done.stderr


@pytest.fixture
def edge(rabbitmq: RabbitMQ, postgres: Postgres, tmp_path: Path) -> Iterator[Edge]:
    url, centre_folder = rabbitmq.vhost(), tmp_path / "centre"
    centre_folder.mkdir()
    centre = City(centre_folder, store_url=postgres.fresh_database(), bus_url=url)
    (centre_folder / "mappings" / "housing" / "taizhou.test.permits.yaml").unlink()
    centre.prepare()
    account = f"edge.{url.rpartition('/')[2]}"
    made = Edge(tmp_path / "edge", centre, account, rabbitmq.user_url(account, url, **RIGHTS))
    yield made
    centre.end()


@pytest.mark.servers
def test_what_an_edge_reads_reaches_the_ledger_once_though_it_is_killed(edge: Edge) -> None:
    centre = edge.centre
    assert centre.start("migrate").popen.wait() == 0
    centre.running("run", "supervise", "relay")
    eventually((centre.folder / "var" / "keys" / "vault.pub").exists)
    edge.trust()
    centre.bring(40)
    first = edge.start()
    first.says("running: ")
    eventually(lambda: centre.ledgered() == 40)
    first.kill()
    centre.bring(30)
    (centre.folder / "in" / "z.csv").write_text("no,title,received\n1,x,soon\n", encoding="utf-8")
    second = edge.start()
    second.says("running: ")
    eventually(lambda: centre.ledgered() == 70)
    eventually(lambda: centre.count("SELECT count(*) FROM quarantine") == 1)
    assert second.ask_to_end() == 0
    assert (edge.folder / "var" / "checkpoints").is_dir()
    assert not (edge.folder / "var" / "hub.db").exists()


@pytest.mark.servers
def test_what_is_not_as_an_edge_must_be_is_told_all_at_once(edge: Edge) -> None:
    (edge.folder / "var" / "keys").mkdir(parents=True)
    (edge.folder / "var" / "keys" / "vault.key").write_text("x", encoding="utf-8")
    said = edge.fails(SUNLIGHT_BUS_URL="amqp://someone:secret@hub.example/sunlight")
    assert "edge.bus" in said
    assert "edge.key" in said
    assert "this edge logs in as someone" in said
    assert "secret" not in said
    shutil.rmtree(edge.folder / "var")
    assert "there is no public key" in edge.fails()
    edge.file.write_text(edge.file.read_text().replace("kind: files", "kind: push"), encoding="utf-8")
    assert "edge.push" in edge.fails()
