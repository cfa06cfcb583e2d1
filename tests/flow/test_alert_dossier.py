"""An alert's dossier: all of it in one file, which a third party verifies without the hub, and which says no more."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING, Any

import orjson
from typer.testing import CliRunner

from hub.cli.main import app
from hub.dossier import CHAIN, ENTRIES, HEADS, MANIFEST
from hub.dossier_check import check
from hub.signer import Signer
from tests.flow.test_alert_moves import Office, office
from tests.flow.test_alert_papers import drawn, issue
from tests.support.desks import a_client, a_desk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

__all__ = ["office"]

TITLE = "食品经营许可申请"


def followed(office: Office) -> str:
    """Return an alert that was noticed, appealed and reviewed."""
    alert = office.alert(rule="R14", level="yellow")
    office.settled(issue(office, alert, office.officer, "notice"))
    drawn(office)
    office.settled(office.move(alert, office.clerk, "sign"))
    office.settled(office.move(alert, office.clerk, "appeal", note="申请人补件迟延"))
    office.settled(office.move(alert, office.reviewer, "review"))
    office.settled(office.move(alert, office.reviewer, "uphold", note="理由不足"))
    return alert


def parts_of(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def rewritten(archive: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """Return the archive after somebody has changed parts of it."""
    parts, out = parts_of(archive), io.BytesIO()
    change(parts)
    with zipfile.ZipFile(out, "w") as made:
        for name, body in parts.items():
            made.writestr(name, body)
    return out.getvalue()


def resigned(parts: dict[str, bytes], signer: Signer) -> None:
    """Sign a manifest anew, as a forger with a key of their own would."""
    manifest = orjson.loads(parts[MANIFEST])
    listed = {name: hashlib.sha256(body).hexdigest() for name, body in parts.items() if name != MANIFEST}
    unsigned = {name: value for name, value in manifest.items() if name != "signature"} | {
        "parts": listed,
        "public_key": signer.public_key,
    }
    parts[MANIFEST] = orjson.dumps(unsigned | {"signature": signer.sign(unsigned)})


def test_a_dossier_holds_all_of_an_alert_and_verifies_alone(office: Office) -> None:
    alert = followed(office)
    answer = office.client.get(f"/v1/alerts/{alert}/dossier", headers=office.reader)
    assert answer.headers["content-type"] == "application/zip"
    parts, found = parts_of(answer.content), check(answer.content)
    assert (found.sound, found.alert_id, found.findings) == (True, alert, [])
    history = orjson.loads(parts["history.json"])
    assert [each["move"] for each in history["appeal_and_review"]] == ["appeal", "review", "uphold"]
    entries = orjson.loads(parts[ENTRIES])
    acts = [entry["header"][5].split(":")[0] for entry in entries if entry["header"][3] == "act"]
    assert sorted(acts) == sorted(
        ["paper.issue", "paper.drawn", "alert.sign", "alert.appeal", "alert.review", "alert.uphold"]
    )
    assert {"papers/监告〔2026〕1号.pdf", "papers/监告〔2026〕1号.docx"} <= set(parts)
    evidence = orjson.loads(parts["evidence.json"])
    assert {event["type"] for event in evidence["events"]} == {"case.received", "case.accepted"}
    assert any(event["is_evidence"] for event in evidence["events"])
    assert "working days after" in parts["derivation.txt"].decode()
    assert "维持 upheld" in parts["summary.txt"].decode()


def test_with_its_chains_it_reaches_the_signed_heads(office: Office) -> None:
    row = office.hub.queries.alert(followed(office))
    assert row is not None
    archive = office.hub.dossier(row, with_chains=True)
    found = check(archive, Signer.at(office.hub.settings.data_dir / "keys" / "ledger.key").public_key)
    assert (found.sound, len(found.chains)) == (True, 2 if _partitions(archive) == 2 else 1)

    def cut(parts: dict[str, bytes]) -> None:
        name = next(each for each in parts if each.startswith(CHAIN))
        parts[name] = b"\n".join(parts[name].splitlines()[:-1])

    def bend(parts: dict[str, bytes]) -> None:
        name = next(each for each in parts if each.startswith(CHAIN))
        lines = parts[name].splitlines()
        header, digest = orjson.loads(lines[1])
        lines[1] = orjson.dumps([[*header[:5], "new", *header[6:]], digest[::-1]])
        parts[name] = b"\n".join(lines)

    assert any("does not end at the sealed head" in each for each in check(rewritten(archive, cut)).findings)
    assert any("it breaks at position" in each for each in check(rewritten(archive, bend)).findings)


def _partitions(archive: bytes) -> int:
    return len({tuple(entry["header"][:2]) for entry in orjson.loads(parts_of(archive)[ENTRIES])})


def test_whatever_is_changed_in_it_is_found(office: Office, tmp_path: Path) -> None:
    archive = office.client.get(f"/v1/alerts/{followed(office)}/dossier", headers=office.reader).content
    forger = Signer.at(tmp_path / "forger.key")

    def said(parts: dict[str, bytes]) -> None:
        parts["alert.json"] = parts["alert.json"].replace(b'"yellow"', b'"notice"')

    def gone(parts: dict[str, bytes]) -> None:
        del parts["evidence.json"]

    def more(parts: dict[str, bytes]) -> None:
        parts["papers/x.pdf"] = b"%PDF"

    def entry(parts: dict[str, bytes]) -> None:
        entries = orjson.loads(parts[ENTRIES])
        act = next(each for each in entries if each["header"][3] == "act")
        act["body"] = act["body"].replace('"by":"', '"by":"x')
        parts[ENTRIES] = orjson.dumps(entries)
        resigned(parts, forger)

    def header(parts: dict[str, bytes]) -> None:
        entries = orjson.loads(parts[ENTRIES])
        entries[0]["header"][5] = "revised"
        parts[ENTRIES] = orjson.dumps(entries)
        resigned(parts, forger)

    def history(parts: dict[str, bytes]) -> None:
        document = orjson.loads(parts["alert.json"])
        document["history"].pop()
        parts["alert.json"] = orjson.dumps(document)
        resigned(parts, forger)

    def heads(parts: dict[str, bytes]) -> None:
        sealed = orjson.loads(parts[HEADS])
        sealed["heads"][0][2] = 1
        parts[HEADS] = orjson.dumps(sealed)
        resigned(parts, forger)

    own = check(archive).public_key
    for change, problem in (
        (said, "alert.json: it was changed"),
        (gone, "evidence.json: it is gone"),
        (more, "papers/x.pdf: the manifest does not know it"),
        (entry, "its body is not the one that its header names"),
        (header, "its hash does not follow"),
        (history, "alert.json: the ledger entries do not say this"),
        (heads, "ledger/heads.json: its signature is not that of"),
        (lambda parts: resigned(parts, forger), "manifest.json: its signature is not that of"),
    ):
        found = check(rewritten(archive, change), own)
        assert any(problem in each for each in found.findings), (problem, found.findings)
    assert not check(b"no zip").sound
    assert check(archive, own).sound


def test_it_holds_nothing_of_the_case_that_the_alerts_page_does_not_show(office: Office) -> None:
    alert = followed(office)
    archive = office.client.get(f"/v1/alerts/{alert}/dossier", headers=office.reader).content
    titles = {row["title"] for row in office.hub.queries.cases(limit=10)}
    assert TITLE in titles
    for name, body in parts_of(archive).items():
        assert not [title for title in titles if title.encode() in body], name
    hidden = next(
        row["alert_id"] for row in office.hub.queries.alerts(rule="R14", limit=100) if row["disclosure"] == "restricted"
    )
    assert office.client.get(f"/v1/alerts/{hidden}/dossier", headers=office.reader).status_code == 404


def test_an_operator_exports_and_anybody_verifies_at_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, file = a_desk(tmp_path), tmp_path / "dossier.zip"
    with a_client(hub) as client:
        at_work = Office(hub, client)
        alert = followed(at_work)
        at_work.close()
    hub.close()
    monkeypatch.setenv("SUNLIGHT_DATA_DIR", str(tmp_path))

    def ask(*words: str) -> tuple[int, dict[str, Any]]:
        answer = CliRunner().invoke(app, ["alert", "dossier", *words, "--json"])
        return answer.exit_code, orjson.loads(answer.output) if answer.output else {}

    assert ask(alert[:13], "--out", str(file), "--chain")[0] == 0
    monkeypatch.setenv("SUNLIGHT_STORE_URL", "sqlite:////nowhere/at/all.db")
    code, told = ask("--verify", str(file))
    assert (code, told["sound"], told["alert_id"]) == (0, True, alert)
    file.write_bytes(file.read_bytes()[:-200])
    assert ask("--verify", str(file))[0] == 1
    assert ask("--verify", str(tmp_path / "none.zip"))[0] == 1
    assert "name an alert" in str(CliRunner().invoke(app, ["alert", "dossier"]).exception)
