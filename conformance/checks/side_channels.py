"""Side channels: what a hub says of its work — logs, refusals, alerts, answers to errors — quotes no secret content."""

from __future__ import annotations

import contextlib
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from conformance.checks.common import with_texts, wrong
from conformance.door import Door
from conformance.finding import Finding, passed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.lab import Lab
    from conformance.stand import Stand
    from conformance.telling import Telling

CANARY: Final = "CANARY5e27暗记"
"""Stands in every text of what is told here. A refusal may show the first letters of a value, never this."""

_SHOWN: Final = (CANARY, CANARY.encode("unicode_escape").decode())
"""How it may be spelt where it leaks."""

_PLAIN: Final = frozenset(logging.makeLogRecord({}).__dict__)


class _Heard(logging.Handler):
    """Keeps every line that is logged, with what it is about."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        about = {name: str(value) for name, value in vars(record).items() if name not in _PLAIN}
        self.lines.append(f"{record.name} {record.getMessage()} {about} {record.exc_info or ''}")


@contextlib.contextmanager
def _listening() -> Iterator[_Heard]:
    """Hear all that is logged, debugging too, for a while."""
    heard, root = _Heard(), logging.getLogger()
    levels = {name: logging.getLogger(name).level for name in ("", "hub", "connectors", "gateway")}
    root.addHandler(heard)
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        yield heard
    finally:
        root.removeHandler(heard)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def nothing_is_quoted(lab: Lab) -> Finding:
    """CNF-07: restricted cases, broken, foreign and refused records full of a canary, and it is seen nowhere."""
    stand = lab.stand()
    with _listening() as heard:
        _tell(lab, stand)
        said = {
            "log": heard.lines,
            "refusals": [_plainly(row) for row in stand.quarantine()],
            "alerts": [str(each) for each in stand.entries("alert")],
            "feed": [str(each) for each in stand.hub.queries.feed("intranet", after=0, limit=1000)],
            "answers": _answers(lab, stand),
        }
        said["log"] = list(heard.lines)
    lab.keep("LOG", "looked at.json", {name: len(lines) for name, lines in said.items()})
    leaks = {name: [line for line in lines if any(mark in line for mark in _SHOWN)] for name, lines in said.items()}
    empty = [name for name, lines in said.items() if not lines and name != "feed"]
    if empty:
        return wrong("hub", "无从查看", "there was nothing to look at", expected="lines of each kind", got=empty)
    for name, lines in leaks.items():
        if lines:
            return wrong(
                "hub",
                f"{name} 中出现非公开内容",
                f"non-public content stands in: {name}",
                expected="no canary",
                got=lines[0].replace(CANARY, "<canary>")[:300],
            )
    return passed("日志、拒收、告警与错误应答均无暗记", "logs, refusals, alerts and answers to errors hold no canary")


def _tell(lab: Lab, stand: Stand) -> None:
    """Let all that can go wrong go wrong, with the canary in every text."""
    telling, now = lab.telling(stand), stand.hub.clock.now()
    private: dict[str, Any] = {
        "title": f"{CANARY}举报",
        "applicant": {"name_masked": CANARY, "kind": "1"},
        "disclosure": {"class": "restricted"},
    }
    past = now - timedelta(days=40)
    sound = [
        telling.event("case.received", past, "kept", case=private),
        telling.event("case.accepted", past, "kept", case=private, promised_due_at=str(past.date())),
    ]
    stand.tell(*sound, telling.report(now))  # whole by itself: its deadlines are judged
    telling = lab.telling(stand)
    broken = [
        _changed(telling, "shape", private, result={"code": CANARY}),
        _changed(telling, "time", private, occurred_at=CANARY),
        _changed(telling, "stranger", {**private, "department_id": "11321281014100010P"}),
    ]
    rubbish = telling.message(telling.document("case.received", now, "cut", case=private), body=_cut())
    stand.tell(*broken, rubbish, telling.report(now))
    records = [with_texts(record, lambda text: f"{CANARY}{text}") for record in lab.given()[:3]]
    stand.take(records)


def _changed(telling: Telling, number: str, case: Mapping[str, Any], **said: Any) -> Any:
    document = telling.document("case.received", telling.received_at, number, case=dict(case))
    document["data"] |= said
    return telling.message(document)


def _cut() -> bytes:
    return orjson.dumps({"data": {"case": {"title": CANARY}}})[:-2]


def _plainly(row: Mapping[str, Any]) -> str:
    """Return all that is told of a refusal; its sealed bytes are told to nobody."""
    return str({name: value for name, value in row.items() if name != "sealed"})


def _answers(lab: Lab, stand: Stand) -> list[str]:
    """Return what somebody is answered who may not see the case, and what a page of refusals shows."""
    case_id = stand.hub.queries.case_by_number("kept")
    with contextlib.closing(Door(stand, lab.parts)) as door:
        token = door.key("somebody", "cases:read").token
        refusals = door.key("somebody", "quarantine:read").token
        asked = (
            (f"/v1/cases/{case_id}", token),
            (f"/v1/cases/{case_id}/attachments", token),
            ("/v1/cases?q=kept", token),
            ("/v1/alerts", token),
            ("/quarantine", refusals),
            (f"/v1/cases/{case_id}", ""),
        )
        return [door.get(path, key)[2].decode() for path, key in asked]
