"""What people say against or for a verdict needs two of them, and stands in the ledger."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from conformance.certificate import signing
from conformance.certificate.office import CHANGE
from conformance.finding import passed, skipped
from conformance.suite import load_suite
from hub import settings as settings_
from hub import wiring
from hub.cli import bureau
from hub.clock import SystemClock
from hub.model.shapes import shape
from tests.support.market_sandbox import NAME, answering, conformance, failing, market_sandbox, record_of


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder of its own, with the market regulator's connection in the sandbox."""
    return market_sandbox(tmp_path, monkeypatch)


def test_a_failure_can_be_run_again_alone_disputed_attested_and_reported(
    sandbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, failing)
    conformance("run", NAME, "--level", "C1")
    answering(monkeypatch, lambda _: passed("好", "good"))
    again = json.loads(conformance("run", NAME, "--level", "C1", "--only", "ENC-02", "--json").stdout)
    assert {each["test"]: each["attempt"] for each in again["results"]}["ENC-02"] == 2
    assert again["counts"]["pass"] == 1
    disputed = ("dispute", NAME, "TRN-F01", "--by", "王芳", "--why", "文件按约定改名")
    assert conformance(*disputed).exit_code == 0
    statement = sandbox / "statement.pdf"
    statement.write_bytes(b"signed")
    stated = ("attest", NAME, "GOV-01", "--by", "李强", "--statement", str(statement))
    assert (refused := conformance(*stated)).exit_code == 4
    assert "dispute" in refused.stderr
    answering(monkeypatch, lambda _: skipped("看不到", "it cannot be observed"))
    conformance("run", NAME, "--level", "C1", "--only", "GOV-01", "--only", "TIM-02")
    unoffered = ("attest", NAME, "TIM-02", "--by", "李强", "--statement", str(statement))
    assert conformance(*unoffered).exit_code == 4, "it offers no ATTEST"
    assert conformance(*stated).exit_code == 0
    assert standing_now()["GOV-01"] == "review", "until somebody else confirms it"
    confirming = ("confirm", NAME, "GOV-01", "--why", "名单属实", "--by")
    assert conformance(*confirming, "李强").exit_code == 4, "who stated it"
    assert conformance(*confirming, "赵六").exit_code == 0
    standing = standing_now()
    assert (standing["TRN-F01"], standing["GOV-01"]) == ("review", "attested")
    assert acts_of() == ["disputed", "stated", "attested"]
    out = {name: str(sandbox / name) for name in ("report.html", "junit.xml", "cover.csv", "bundle.zip")}
    files = [
        "--html",
        out["report.html"],
        "--junit",
        out["junit.xml"],
        "--csv",
        out["cover.csv"],
        "--bundle",
        out["bundle.zip"],
    ]
    assert conformance("report", NAME, *files).exit_code == 0
    assert "mend" in Path(out["report.html"]).read_text(encoding="utf-8")
    assert "<failure" in Path(out["junit.xml"]).read_text(encoding="utf-8")
    first = Path(out["bundle.zip"]).read_bytes()
    conformance("report", NAME, "--bundle", out["bundle.zip"])
    assert Path(out["bundle.zip"]).read_bytes() == first
    assert json.loads(conformance("list", "--json").stdout)[0]["connection"] == NAME


def standing_now() -> dict[str, str]:
    shown = json.loads(conformance("show", NAME, "--json").stdout)
    return {each["test"]: each.get("verdict", each["lifecycle"]) for each in shown["results"]}


def acts_of() -> list[str]:
    """What the ledger was told of the connection's tests, in order, signed by the issuing office."""
    hub = wiring.build(settings_.load(None))
    pinned = signing.pinned(signing.public_key(bureau.issuer(hub)))
    said = [json.loads(each.body)["data"]["jws"] for each in hub.certification.changes("")]
    hub.close()
    return [signing.read_compact(each, typ=CHANGE, pinned=pinned)["what"] for each in said]


@pytest.mark.usefixtures("sandbox")
def test_a_waiver_waits_for_a_second_person_and_both_stand_in_the_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = [case for case in load_suite().tests.values() if not case.core and case.level <= "C2"]
    answering(monkeypatch, lambda _: skipped("看不到", "it cannot be observed"))
    conformance("run", NAME, "--level", "C2")
    mine = [case.id for case in planned if case.id in standing_now() and case.group not in {"CNF", "IDA"}]
    until = (SystemClock().now() + timedelta(days=30)).date().isoformat()
    asking = ("--by", "张伟", "--why", "改造中", "--until", until)
    assert conformance("waive", NAME, "ENC-02", *asking).exit_code == 4, "a test of the core"
    assert conformance("waive", NAME, mine[0], *asking[:-1], "2999-01-01").exit_code == 4, "too long"
    assert conformance("waive", NAME, mine[0], *asking).exit_code == 0
    (waiting,) = json.loads(conformance("pending", "--json").stdout)
    assert (waiting["test"], waiting["what"], waiting["until"]) == (mine[0], "waiver", until)
    rests_on = json.loads(conformance("show", NAME, "--json").stdout)["rests_on"]
    assert rests_on == [], "nobody confirmed it"
    assert conformance("confirm", NAME, mine[0], "--by", "张伟", "--why", "同意").exit_code == 4, "who asked"
    assert conformance("confirm", NAME, mine[0], "--by", "赵六", "--why", "同意").exit_code == 0
    shown = json.loads(conformance("show", NAME, "--json").stdout)
    assert [(each["test"], each["by"], each["confirmed_by"]) for each in shown["rests_on"]] == [
        (mine[0], "张伟", "赵六")
    ]
    assert json.loads(conformance("pending", "--json").stdout) == []
    assert acts_of() == ["waiver_asked", "waived"]


@pytest.mark.usefixtures("sandbox")
def test_a_dispute_waits_for_a_second_reviewer_whose_decision_is_signed_into_the_ledger(
    sandbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, failing)
    conformance("run", NAME, "--level", "C1")
    assert conformance("dispute", NAME, "ENC-02", "--by", "王芳", "--why", " ").exit_code == 4
    for test in ("TRN-F01", "ENC-02"):
        assert conformance("dispute", NAME, test, "--by", "王芳", "--why", "样本按约定").exit_code == 0
    answering(monkeypatch, lambda _: passed("好", "good"))
    conformance("run", NAME, "--level", "C1")
    waiting = json.loads(conformance("disputes", "--json").stdout)
    assert [(each["test"], each["verdict"], each["by"]) for each in waiting] == [
        ("TRN-F01", "fail", "王芳"), ("ENC-02", "fail", "王芳")], "going on does not run what is disputed"  # fmt: skip
    deciding = ("--why", "样本核对无误")
    assert conformance("decide", NAME, "ENC-02", "--by", "王芳", *deciding, "--lift").exit_code == 4, "who raised it"
    assert conformance("decide", NAME, "TIM-02", "--by", "赵六", *deciding, "--lift").exit_code == 4, "not disputed"
    assert conformance("decide", NAME, "ENC-02", "--by", "赵六", *deciding, "--lift").exit_code == 0
    assert conformance("decide", NAME, "TRN-F01", "--by", "赵六", *deciding, "--stands").exit_code == 0
    shown = json.loads(conformance("show", NAME, "--json").stdout)
    held = {each["test"]: each for each in shown["results"]}
    assert (held["ENC-02"]["verdict"], held["ENC-02"]["decided_by"]) == ("attested", "赵六")
    assert (held["TRN-F01"]["verdict"], held["TRN-F01"]["blames"]) == ("fail", "department")
    assert shown["has_footer"], "nothing is open any more"
    assert json.loads(conformance("disputes", "--json").stdout) == []
    for line in record_of(sandbox).read_bytes().splitlines():
        assert shape("conformance-result.v1").problems(json.loads(line)) == []
    hub = wiring.build(settings_.load(None))
    pinned = signing.pinned(signing.public_key(bureau.issuer(hub)))
    bodies = [json.loads(each.body)["data"] for each in hub.certification.changes("")]
    hub.close()
    said = [signing.read_compact(each["jws"], typ=CHANGE, pinned=pinned) for each in bodies]
    assert [(each["what"], each["test"]) for each in said] == [
        ("disputed", "TRN-F01"), ("disputed", "ENC-02"), ("lifted", "ENC-02"), ("upheld", "TRN-F01")]  # fmt: skip
    assert [each["by"][0]["by"] for each in said] == ["王芳", "王芳", "赵六", "赵六"]
