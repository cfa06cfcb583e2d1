"""Papers of alerts: issued through the gateway, numbered in the ledger, drawn, handed out, and received."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import docx
import orjson
import pypdf
import sqlalchemy as sa
from typer.testing import CliRunner

from hub.cli.main import app
from hub.store.engine import open_engine, reading
from tests.flow.test_alert_moves import Office, a_holder, office
from tests.support.desks import a_desk

if TYPE_CHECKING:
    from pathlib import Path

    import httpx
    import pytest

__all__ = ["office"]


def issue(office: Office, alert: str, who: dict[str, str], instrument: str, **said: str) -> httpx.Response:
    asked: httpx.Response = office.client.post(
        f"/v1/alerts/{alert}/papers", json={"instrument": instrument, **said}, headers=who
    )
    office.hub.clock.move_to(office.hub.clock.now() + timedelta(minutes=1))  # type: ignore[attr-defined]  # manual
    return asked


def drawn(office: Office) -> None:
    """Draw what was issued, and let the ledger take it."""
    draughtsman = office.hub.draughtsman(office.bus)
    assert draughtsman.step()
    office.line.settle(1)


def papers(office: Office, alert: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = office.client.get(f"/v1/alerts/{alert}/papers", headers=office.reader).json()["items"]
    return found


def ledgered(office: Office, act: str) -> list[dict[str, Any]]:
    engine = open_engine(office.hub.settings.store_url)
    with reading(engine) as connection:
        asked = sa.text("SELECT body FROM ledger WHERE kind = 'act' AND outcome LIKE :act ORDER BY partition, position")
        found = [orjson.loads(body)["data"] for (body,) in connection.execute(asked, {"act": f"{act}%"})]
    engine.dispose()
    return found


def test_a_notice_is_numbered_drawn_handed_out_and_received(office: Office) -> None:
    alert = office.alert(rule="R14", level="yellow")
    assert office.settled(issue(office, alert, office.officer, "notice")) == "done"
    (paper,) = papers(office, alert)
    assert (paper["no"], paper["receipt"]["state"]) == ("监告〔2026〕1号", "drawing")
    assert office.client.get(f"/v1/papers/{paper['paper_id']}.pdf", headers=office.reader).status_code == 404
    drawn(office)
    (paper,) = papers(office, alert)
    assert paper["receipt"]["state"] == "issued"
    (told,), (issued,) = ledgered(office, "paper.drawn"), ledgered(office, "paper.issue")
    assert issued["content"]["no"] == paper["no"]
    for media, digest in paper["files"].items():
        body = office.client.get(f"/v1/papers/{paper['paper_id']}.{media}", headers=office.reader).content
        assert hashlib.sha256(body).hexdigest() == digest == told[f"{media}_digest"]
        text = (
            "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(body)).pages)
            if media == "pdf"
            else "".join(each.text for each in docx.Document(io.BytesIO(body)).paragraphs)
        )
        assert "泰州市住房和城乡建设局" in text.replace("\n", "")
    office.settled(office.move(alert, office.clerk, "sign"))
    assert papers(office, alert)[0]["receipt"]["state"] == "signed"
    office.settled(office.move(alert, office.clerk, "answer", note="已办结"))
    assert papers(office, alert)[0]["receipt"] | {"by": ""} == {
        "state": "answered",
        "by": "",
        "at": papers(office, alert)[0]["receipt"]["at"],
        "note": "已办结",
    }


def test_who_may_not_issue_is_refused_and_the_ledger_keeps_the_wish(office: Office) -> None:
    alert = office.alert(rule="R14", level="yellow")
    justice = a_holder(office.hub, "judge", "papers:justice")
    for who, instrument, code in (
        (office.officer, "enforcement_opinion", "paper.authority"),
        (justice, "notice", "paper.authority"),
        (justice, "enforcement_decision", "paper.before"),
        (office.officer, "order", "paper.order"),
    ):
        answer = issue(office, alert, who, instrument, note="x")
        assert (answer.status_code, answer.json()["type"].rsplit(":", 1)[1]) == (409, code)
    assert issue(office, alert, office.clerk, "notice").status_code == 403
    office.line.settle(4)
    assert [outcome.split(": ")[1] for outcome, _ in office.acts()] == [
        "paper.authority",
        "paper.authority",
        "paper.before",
        "paper.order",
    ]
    assert office.settled(issue(office, alert, justice, "enforcement_opinion", note="三十日内改正")) == "done"
    assert papers(office, alert)[0]["no"] == "执监意〔2026〕1号"


def test_numbers_have_no_gap_across_alerts_refusals_and_owners(office: Office) -> None:
    alerts = [row["alert_id"] for row in office.hub.queries.alerts(state="raised", level="yellow", limit=9)]
    visible = [each for each in alerts if office.client.get(f"/v1/alerts/{each}", headers=office.reader).is_success]
    assert len(visible) >= 2
    for alert in visible:
        issue(office, alert, office.officer, "notice")
        issue(office, alert, office.officer, "notice")
        issue(office, alert, office.officer, "order")
    office.line.settle(3 * len(visible))
    first = [papers(office, alert)[0]["no"] for alert in visible]
    assert sorted(first) == sorted(f"监告〔2026〕{n}号" for n in range(1, len(visible) + 1))
    office.line.release()
    office.line = office.hub.line(office.bus)  # another owner, as after a restart
    office.settled(office.move(visible[0], office.officer, "order", note="限期", due_on="2026-04-20"))
    assert office.settled(issue(office, visible[0], office.officer, "order")) == "done"
    assert [each["no"] for each in papers(office, visible[0])] == [first[0], "督办〔2026〕1号"]


def test_a_paper_drawn_twice_keeps_its_first_files_and_a_changed_file_is_not_handed_out(office: Office) -> None:
    alert = office.alert(rule="R14", level="yellow")
    office.settled(issue(office, alert, office.officer, "notice"))
    one, other = office.hub.draughtsman(office.bus), office.hub.draughtsman(office.bus)
    assert one.step()
    assert not one.step()
    assert other.step()
    office.line.settle(2)
    (paper,) = papers(office, alert)
    assert len(ledgered(office, "paper.drawn")) == 1
    assert not office.hub.draughtsman(office.bus).step()
    engine = open_engine(office.hub.settings.store_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE paper_files SET body = :body"), {"body": b"forged"})
    engine.dispose()
    answer = office.client.get(f"/v1/papers/{paper['paper_id']}.pdf", headers=office.reader)
    assert (answer.status_code, answer.json()["type"].rsplit(":", 1)[1]) == (500, "paper-changed")


def test_papers_of_alerts_that_one_may_not_see_are_not_there(office: Office) -> None:
    hidden = next(
        row["alert_id"] for row in office.hub.queries.alerts(rule="R14", limit=100) if row["disclosure"] == "restricted"
    )
    seer = a_holder(office.hub, "seer", "alerts:supervise", "cases:read:restricted")
    assert office.settled(issue(office, hidden, seer, "notice")) == "done"
    drawn(office)
    paper = office.client.get(f"/v1/alerts/{hidden}/papers", headers=seer).json()["items"][0]
    assert office.client.get(f"/v1/papers/{paper['paper_id']}.pdf", headers=seer).is_success
    for path in (f"/v1/alerts/{hidden}/papers", f"/v1/papers/{paper['paper_id']}.pdf"):
        assert office.client.get(path, headers=office.officer).status_code == 404


def test_the_page_of_an_alert_offers_its_papers_and_those_that_can_be_issued(office: Office) -> None:
    alert = office.alert(rule="R14", level="yellow")
    seen = office.client.get(f"/alerts/{alert}", headers=office.officer).text
    assert 'value="notice"' in seen
    assert 'value="enforcement_opinion"' not in seen
    assert 'name="instrument"' not in office.client.get(f"/alerts/{alert}", headers=office.clerk).text
    answer = office.client.post(f"/alerts/{alert}/papers", data={"instrument": "notice"}, headers=office.officer)
    assert answer.status_code == 303
    office.line.settle(1)
    drawn(office)
    assert "监告〔2026〕1号" in office.client.get(f"/alerts/{alert}", headers=office.clerk).text


def test_an_operator_issues_and_lists_papers_at_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = a_desk(tmp_path)
    alert = hub.queries.alerts(rule="R14", level="yellow", limit=1)[0]["alert_id"]
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("hub.cli.following._WAIT_S", 0.0)
    sent = CliRunner().invoke(app, ["alert", "issue", alert[:13], "notice", "--by", "王五"])
    assert "it is entered once" in sent.output
    bus = hub.bus()
    line = hub.line(bus)
    line.settle(1)
    assert hub.draughtsman(bus).step()
    line.settle(1)
    out = tmp_path / "out"
    listed = CliRunner().invoke(app, ["alert", "papers", alert[:13], "--out", str(out), "--json"])
    (paper,) = orjson.loads(listed.output)["papers"]
    files = {path.suffix[1:]: hashlib.sha256(path.read_bytes()).hexdigest() for path in out.iterdir()}
    assert files == paper["files"]
    refused = CliRunner().invoke(app, ["alert", "issue", alert[:13], "notice"])
    assert "issued already" in str(refused.exception)
    assert "监告" in CliRunner().invoke(app, ["alert", "papers", alert[:13]]).output
    line.release()
    bus.close()
    hub.close()
