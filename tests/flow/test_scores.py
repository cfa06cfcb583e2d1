"""Scores over their whole way: from cases to the table, a derivation that adds up, a frozen month, the ledger."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from typer.testing import CliRunner

from hub.cli.main import app as command
from hub.model import ids
from hub.model.documents import act_document
from hub.model.shapes import shape
from hub.model.values import Message
from hub.supervision.truth.measures import MEASURES
from tests.support.desks import DEPARTMENT, ROWS, a_client, a_desk, a_key, bearer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from hub.wiring import Hub

APRIL = "2026-04"
"""The month in which the desk's late cases were found."""

POINTS = re.compile(r"^ *([+-][0-9.]+)  ")
TOTAL = re.compile(r"^ *([0-9.]+)  = score")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Hub]:
    hub = a_desk(tmp_path)
    yield hub
    hub.close()


@pytest.fixture
def client(desk: Hub) -> Iterator[httpx.Client]:
    with a_client(desk) as opened:
        yield opened


@pytest.fixture
def sunlight(desk: Hub, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return how to run the command on the desk, at the desk's time."""
    monkeypatch.setattr("hub.cli.common.hub", lambda _=None: desk)

    def run(*words: str) -> str:
        ran = CliRunner().invoke(command, list(words))
        if ran.exception is not None and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        assert ran.exit_code == 0, ran.output
        return ran.stdout

    return run


def pass_by(desk: Hub) -> None:
    """Let April pass."""
    clock: Any = desk.clock
    clock.move_to(datetime(2026, 5, 10, 4, tzinfo=UTC))


def settle(desk: Hub) -> None:
    """Let supervision take what was sent."""
    with closing(desk.bus()) as bus:
        line = desk.line(bus)
        line.settle()
        line.release()


def test_the_printed_lines_of_a_derivation_add_up_to_the_score(sunlight: Any) -> None:
    printed = sunlight("score", "explain", DEPARTMENT, APRIL).splitlines()
    points = [Decimal(found[1]) for line in printed if (found := POINTS.match(line))]
    (total,) = [Decimal(found[1]) for line in printed if (found := TOTAL.match(line))]
    assert sum(points) == total
    assert total < 100
    assert points.count(Decimal("-5.00")) >= 5


def test_a_point_is_followed_to_the_alert_the_event_and_the_source_record(sunlight: Any, desk: Hub) -> None:
    told = orjson.loads(sunlight("score", "explain", DEPARTMENT, APRIL, "--json"))
    line = next(line for line in told["lines"] if line["about"].get("rule_id") == "R14")
    shown = orjson.loads(sunlight(*line["about"]["command"].split()[1:], "--json"))
    assert shown["alert_id"] == line["about"]["alert_id"]
    item = next(item for item in line["evidence"] if "event_id" in item)
    case = desk.queries.case(line["about"]["subject"])
    assert case is not None
    assert item["event_id"].encode() in case["log"]
    assert item["source_hash"].encode() in case["log"]
    assert line["about"]["case_command"] == f"sunlight clocks {case['case_no']}"


def test_a_month_is_frozen_into_the_ledger_and_stays_what_it_was(sunlight: Any, desk: Hub) -> None:
    before = orjson.loads(sunlight("score", "explain", DEPARTMENT, APRIL, "--json"))
    pass_by(desk)
    frozen = orjson.loads(sunlight("score", "freeze", APRIL, "--by", "王五", "--json"))
    told = orjson.loads(sunlight("score", "explain", DEPARTMENT, APRIL, "--json"))
    assert told["frozen"] == {"digest": frozen["digest"], "act_id": frozen["act_id"], "is_ledgered": False}
    settle(desk)
    told = orjson.loads(sunlight("score", "explain", DEPARTMENT, APRIL, "--json"))
    assert told["frozen"]["is_ledgered"]
    assert (told["score"], told["lines"]) == (before["score"], before["lines"])
    assert desk.queries.act(frozen["act_id"]) == "score.frozen"


def test_what_a_person_enters_is_an_act_in_the_ledger_and_is_marked(sunlight: Any, desk: Hub) -> None:
    entry = sunlight("score", "enter", DEPARTMENT, APRIL, "upheld_liability", "10", "--ground", "监察〔2026〕3号",
                     "--by", "王五").split()[-1]  # fmt: skip
    assert "监察〔2026〕3号" not in sunlight("score", "explain", DEPARTMENT, APRIL)
    settle(desk)
    assert desk.queries.act(entry) == "score.entered"
    assert "监察〔2026〕3号（王五）" in sunlight("score", "explain", DEPARTMENT, APRIL)
    assert "[人工 manual]" in sunlight("score", "explain", DEPARTMENT, APRIL)


def test_an_entry_that_does_not_say_what_is_entered_is_kept_as_refused(desk: Hub) -> None:
    at = desk.clock.now().isoformat()
    document = act_document("score.entered", subject=ids.score_id(APRIL), by="王五", at=at, said={"period": APRIL})
    body, key = orjson.dumps(document), str(ids.bucket_of(ids.CITY))
    with closing(desk.bus()) as bus:
        bus.publish([Message(exchange="intake", key=key, kind="act", message_id=document["id"], body=body)])
    settle(desk)
    assert str(desk.queries.act(document["id"])).startswith("refused: score.entry")


def test_the_table_compares_departments_and_says_who_is_too_small_to_rank(sunlight: Any) -> None:
    told = orjson.loads(sunlight("score", APRIL, "--json"))
    (row,) = told["departments"]
    assert (row["department_id"], row["rank"], row["sample"]) == (DEPARTMENT, None, 0)
    assert (row["grade"], told["regions"]) == ("", [])
    assert "样本不足" in sunlight("score", APRIL)
    assert orjson.loads(sunlight("score", "--json"))["period"] == "2026-03"


def test_the_indicator_set_in_force_is_listed_with_its_sources(sunlight: Any) -> None:
    told = orjson.loads(sunlight("score", "indicators", "--json"))
    assert (told["set_id"], told["base"]) == ("nine-heads", 100)
    assert all(each["basis"] for each in told["indicators"])
    told.pop("digest")
    assert shape("indicators.v1").holds(told)
    assert "nine-heads 1" in sunlight("score", "indicators")


def test_truthfulness_is_told_for_review_and_not_of_what_was_imported(sunlight: Any) -> None:
    told = orjson.loads(sunlight("truthfulness", "2026-03", "--json"))
    assert len(told["measures"]) == len(MEASURES)
    assert not told["readings"]
    assert "不扣分" in sunlight("truthfulness", "2026-03")


def test_scores_need_their_scope_and_a_department_derives_its_own_alone(desk: Hub, client: httpx.Client) -> None:
    centre = bearer(a_key(desk, "scores:read", "cases:read"))
    other = bearer(a_key(desk, "scores:read", department_id="1132120001400001XL"))
    explain = f"/v1/scores/{DEPARTMENT}/{APRIL}/explain"
    assert client.get("/v1/scores", headers=bearer(a_key(desk, "cases:read"))).status_code == 403
    assert client.get("/v1/scores", headers=other, params={"period": APRIL}).status_code == 200
    assert client.get(explain, headers=other).status_code == 403
    assert client.get(f"/v1/truthfulness?period={APRIL}&department={DEPARTMENT}", headers=other).status_code == 403
    told = client.get(explain, headers=centre).json()
    assert sum(Decimal(line["points"]) for line in told["lines"]) == Decimal(told["score"])


def test_cases_that_the_asker_may_not_see_are_not_named_and_still_cost_their_points(
    desk: Hub, client: httpx.Client
) -> None:
    centre = bearer(a_key(desk, "scores:read", "cases:read"))
    answer = client.get(f"/v1/scores/{DEPARTMENT}/{APRIL}/explain", headers=centre)
    hidden = [row[0] for row in ROWS if row[2] in ("restricted", "secret")]
    assert not [name for name in hidden if name in answer.text]
    assert "T-1" in answer.text
    lines = [line for line in answer.json()["lines"] if line["about"].get("rule_id") == "R14"]
    assert [line["points"] for line in lines] == ["-5.00"] * 5


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/scores?period=2026-13", 400),
        ("/v1/scores?period=2027", 400),
        (f"/v1/scores/x/{APRIL}/explain", 404),
        ("/v1/scores?department=x", 404),
        ("/v1/truthfulness?period=2026", 400),
        ("/v1/indicators?period=2026-10", 200),
    ],
)
def test_what_is_asked_wrongly_is_told_so(client: httpx.Client, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert status == 200 or answer.json()["detail"]


def test_the_pages_show_the_table_and_the_derivation(client: httpx.Client) -> None:
    page = client.get(f"/scores?period={APRIL}").text
    assert "泰州市住房和城乡建设局" in page
    assert f'href="/scores/{DEPARTMENT}/{APRIL}"' in page
    derivation = client.get(f"/scores/{DEPARTMENT}/{APRIL}").text
    assert "期限合法" in derivation
    assert "T-5" not in derivation
    assert 'href="/alerts/' in derivation
