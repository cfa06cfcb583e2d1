"""The feed is taken by clients that nobody here wrote, and described so that the standards' own parsers agree."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import orjson
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.core.formats.json import JSONFormat

from gateway import asyncapi
from hub.subscription import subscription
from tests.flow.test_subscribers import spine, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.subscribing import HandedOver
    from tests.support.spine import Spine

__all__ = ["spine"]

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
CLIENTS = ROOT / "tests" / "clients" / "feed"
JARS = ("/usr/share/java/amqp-client.jar", "/usr/share/java/slf4j-api.jar")


@pytest.fixture(scope="session")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder where Node finds amqplib and the AsyncAPI parser, installed as the lock file says."""
    npm = shutil.which("npm")
    if not npm or not shutil.which("node"):
        pytest.skip("needs node and npm")
    folder = tmp_path_factory.mktemp("feed")
    for path in (*CLIENTS.glob("*.json"), CLIENTS / "parse.mjs", EXAMPLES / "read_queue.mjs"):
        shutil.copy(path, folder / path.name)
    command = [npm, "ci", "--loglevel=error", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"npm could not install amqplib and @asyncapi/parser: {done.stderr[-300:].strip()}")
    return folder


@pytest.fixture
def centre(spine: Spine) -> HandedOver:
    """Take a centre in, and let three cases be received."""
    wish = subscription(
        "centre.one", view="intranet", kinds=["case"], regions=[], max_length=1000, webhook="", now=spine.clock.now()
    )
    given = spine.hub.subscribing().add(wish)
    told(spine, "a", "b", "c")
    return given


def ran(command: list[str], spine: Spine, given: HandedOver, folder: Path = ROOT) -> list[str]:
    """Run a client with what was handed over; return the lines it prints."""
    broker = spine.hub.settings.bus_url.rpartition("@")[2]
    said = {
        "SUNLIGHT_BROKER_URL": f"amqp://{given.account}:{given.password}@{broker}",
        "SUNLIGHT_QUEUE": given.queue,
    }
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()} | said
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def by_python(spine: Spine, given: HandedOver, _node: Callable[[], Path]) -> list[str]:
    return ran([sys.executable, str(EXAMPLES / "read_queue.py"), "3"], spine, given)


def by_javascript(spine: Spine, given: HandedOver, node: Callable[[], Path]) -> list[str]:
    return ran(["node", "read_queue.mjs", "3"], spine, given, node())


def by_java(spine: Spine, given: HandedOver, _node: Callable[[], Path]) -> list[str]:
    if not shutil.which("java"):
        pytest.skip("needs a JDK of 11 or later")
    lines = ran(["java", "-cp", ":".join(JARS), str(EXAMPLES / "ReadQueue.java"), "3"], spine, given)
    return [spoken(json.loads(line)) for line in lines]


def by_amqp_tools(spine: Spine, given: HandedOver, _node: Callable[[], Path]) -> list[str]:
    broker = spine.hub.settings.bus_url.rpartition("@")[2]
    url = f"--url=amqp://{given.account}:{given.password}@{broker}"
    documents = [ran(["amqp-get", url, "-q", given.queue], spine, given)[0] for _ in range(3)]
    return [spoken(json.loads(document)) for document in documents]


def spoken(document: dict[str, Any]) -> str:
    return f"{document['sequence']} {document['type']} {document['subject']}"


@pytest.mark.servers
@pytest.mark.parametrize("client", [by_python, by_javascript, by_java, by_amqp_tools])
def test_a_client_nobody_here_wrote_reads_its_queue(
    spine: Spine, centre: HandedOver, client: Any, request: pytest.FixtureRequest
) -> None:
    lines = client(spine, centre, lambda: request.getfixturevalue("node_folder"))
    kept = [orjson.loads(row["body"]) for row in spine.hub.queries.feed("intranet", after=0, limit=9)]
    assert lines == [spoken(document) for document in kept]
    assert len(lines) == 3


@pytest.mark.servers
def test_the_cloudevents_sdk_reads_every_document(spine: Spine, centre: HandedOver) -> None:
    assert centre.queue
    for view in ("public", "intranet", "restricted"):
        rows = spine.hub.queries.feed(view, after=0, limit=99)
        assert rows
        for row in rows:
            message = HTTPMessage(headers={"content-type": asyncapi.CONTENT}, body=bytes(row["body"]))
            event = from_http_event(message, JSONFormat())
            document = orjson.loads(row["body"])
            assert event.get_id() == document["id"]
            assert event.get_type() == document["type"]
            assert event.get_data() == document["data"]


def test_the_standards_own_parser_takes_the_asyncapi_document(node_folder: Path) -> None:
    document = json.dumps(asyncapi.document("1"))
    done = subprocess.run(
        ["node", "parse.mjs"], cwd=node_folder, input=document, capture_output=True, text=True, timeout=120, check=True
    )
    found = json.loads(done.stdout)
    assert found["errors"] == []
    assert found["parsed"]
    assert {"queue", "feed", "stream", "webhook", "feed_public"} <= set(found["channels"])
    broken = document.replace("#/components/messages/alert", "#/components/messages/rumour")
    done = subprocess.run(
        ["node", "parse.mjs"], cwd=node_folder, input=broken, capture_output=True, text=True, timeout=120, check=True
    )
    assert json.loads(done.stdout)["errors"], "a broken one is told apart"


@pytest.mark.servers
def test_what_is_published_satisfies_the_schema_that_is_announced(spine: Spine, centre: HandedOver) -> None:
    assert centre.queue
    described = asyncapi.document("1")
    for view, name in (("intranet", "case-event.v1"), ("public", "public-case-event.v1")):
        schema = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
        for row in spine.hub.queries.feed(view, after=0, limit=99, kinds=["case"]):
            jsonschema.validate(orjson.loads(row["body"]), schema)
