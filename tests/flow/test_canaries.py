"""A canary that is seen in public takes its case back at once, and somebody is told; unseen ones tell nobody."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from hub import wiring
from hub.canaries import Canary, CanaryBook, Shown, seen_in
from hub.cli.canarying import watch_of
from hub.cli.certifying_role import canaries
from hub.cli.main import app
from hub.errors import HubError, Misconfigured
from hub.settings import FeedSection
from tests.flow.test_reclassifying import moves, published, shown
from tests.support.casework import CONNECTION
from tests.support.hubs import hub_at
from tests.support.spine import NOW, Read, Spine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "c-0123456789abcdef"  # noqa: S105 - a canary, no secret
DAY = "2026-03-02T09:00:00+08:00"


@pytest.fixture
def spine(tmp_path: Path) -> Iterator[Spine]:
    """Open a hub that keeps the public view."""
    with contextlib.ExitStack() as stack:
        made = hub_at(tmp_path, now=NOW)
        settings = made.settings.model_copy(update={"feed": FeedSection(views=("public", "intranet"))})
        hub = wiring.build(settings, clock=made.clock)
        stack.callback(hub.close)
        yield Spine(hub, stack)


def book(spine: Spine) -> CanaryBook:
    return CanaryBook(spine.hub.settings.data_dir / "conformance" / "canaries")


def told(spine: Spine, **case: str) -> None:
    read = Read()
    event = read.event("case.received", DAY, case_no="a", case=case, stage_name=case.pop("stage_name", "审查"))
    spine.tell(event, read.report("2026-03-02T12:00:00+08:00"))


def test_a_canary_where_it_belongs_is_not_seen(spine: Spine) -> None:
    book(spine).add(CONNECTION, TOKEN)
    told(spine, title=TOKEN)
    assert watch_of(spine.hub).look() == []
    assert shown(spine) == "public"


def test_a_canary_on_the_public_feed_withholds_its_case_and_raises_the_alert_once(spine: Spine) -> None:
    book(spine).add(CONNECTION, TOKEN)
    told(spine, stage_name=TOKEN.upper())
    watch = watch_of(spine.hub)
    (seen,) = watch.look()
    assert seen.canary.connection == CONNECTION
    spine.line.settle()
    assert shown(spine) == "intranet"
    assert published(spine, "public") == ["case.received", "case.withheld"]
    (alert,) = [row for row in spine.hub.queries.alerts(limit=100) if row["rule_id"] == "R42"]
    assert (alert["level"], alert["state"]) == ("red", "raised")
    assert TOKEN.encode() not in alert["document"].encode().lower()
    told(spine, stage_name=TOKEN.upper(), title="again")
    assert shown(spine) == "intranet", "what a case says later does not end what was seen"
    assert watch.look() == watch_of(spine.hub).look() == []


def test_a_person_ends_what_was_seen(spine: Spine) -> None:
    book(spine).add(CONNECTION, TOKEN)
    told(spine, stage_name=TOKEN)
    watch_of(spine.hub).look()
    spine.line.settle()
    (alert,) = [row for row in spine.hub.queries.alerts(limit=100) if row["rule_id"] == "R42"]
    moves(spine, alert["alert_id"], ("review", "reviewer", ""), ("revoke", "reviewer", "rule_error"))
    assert shown(spine) == "public"


def test_a_canary_of_a_page_blocks_the_case_that_it_was_registered_for(spine: Spine) -> None:
    told(spine)
    book(spine).add(CONNECTION, TOKEN, "a")
    watch = watch_of(spine.hub)
    watch.public_side = lambda: [Shown("page /x", "", f"<p>{TOKEN}</p>".encode())]
    watch.look()
    spine.line.settle()
    assert shown(spine) == "intranet"


def test_the_criterion_of_the_certificate_counts_the_canaries_of_its_connection(spine: Spine) -> None:
    book(spine).add(CONNECTION, TOKEN, "a")
    assert canaries(spine.hub, CONNECTION) == [TOKEN]
    told(spine, stage_name=TOKEN)
    assert spine.hub.own_health.leaks(CONNECTION, NOW.date(), canaries(spine.hub, CONNECTION)) == 1


@pytest.mark.parametrize("token", ["short", "with blank x", "暗记一二三四五六七八", "x" * 65])
def test_what_anybody_might_write_is_no_canary(tmp_path: Path, token: str) -> None:
    with pytest.raises(Misconfigured):
        CanaryBook(tmp_path).add(CONNECTION, token)
    with pytest.raises(Misconfigured):
        CanaryBook(tmp_path).add("../x", TOKEN)


def test_a_canary_is_seen_in_any_case_of_its_letters() -> None:
    canary = Canary(token="C-ABCDEF12", connection="x")  # noqa: S106 - a canary, no secret
    assert [
        each.where for each in seen_in([canary], [Shown("a", "", b"c-abcdef12"), Shown("b", "", b"c-abcdef1")])
    ] == ["a"]


def test_the_commands_write_down_list_and_look(spine: Spine) -> None:
    where = {"SUNLIGHT_DATA_DIR": str(spine.hub.settings.data_dir)}
    run = CliRunner()
    added = run.invoke(app, ["canary", "add", CONNECTION, "--case", "a"], env=where)
    assert added.exit_code == 0
    token = added.stdout.strip()
    assert token in run.invoke(app, ["canary", "list", "--json"], env=where).stdout
    assert run.invoke(app, ["canary", "check"], env=where).exit_code == 0
    told(spine, stage_name=token)
    checked = run.invoke(app, ["canary", "check", "--json"], env=where)
    assert isinstance(checked.exception, HubError)
    assert token not in checked.stdout
    assert '"where": "feed 1"' in checked.stdout
