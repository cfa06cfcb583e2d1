"""Orders: each delivered once and receipted, soon, and by the hub alone; never telling who asked to stay unknown."""

from __future__ import annotations

import math
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from conformance.checks.common import shown, wrong
from conformance.finding import Finding, passed, waits
from conformance.roundtrip.course import course, text_of
from conformance.roundtrip.script import BY_KEY, CANARY, CANARY_PHONE
from connectors.sinks import open_sink
from hub.dispatching import key_of
from hub.errors import HubError, Misconfigured
from hub.mapping.outbound import as_record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.lab import Lab

VISIBLE: Final = timedelta(minutes=5)
"""Within what time an order is to be at the department, at the 95th percentile."""

SHARE: Final = 0.95

EVERY: Final = 100_000

_SECRET: Final = ("TOKEN", "PASSWORD", "SECRET", "KEY")


def orders_come_once(lab: Lab) -> Finding:
    """CPL-01: every order of the scripted complaints was receipted, stands once with the department, and again once."""
    trip, orders = lab.complaints, lab.complaints.side.orders
    deliveries = lab.pilot.hub.deliveries.of(orders.declaration.connection, limit=EVERY)
    refused = [each for each in deliveries if each.state != "delivered"]
    lab.keep("RCP", "receipts.json", [[each.document_id, each.state, each.said] for each in deliveries])
    if not deliveries:
        return waits("等待派单", "waiting for the first order to go out")
    if refused:
        return wrong(
            "department",
            "部门拒收派单",
            "an order was refused",
            expected="every order is taken",
            got=f"{refused[0].document_id}: {refused[0].said}",
            pointer=refused[0].document_id,
            fix=("按回执所说修正派单接口", "mend the endpoint of orders as its own answer says"),
        )
    silent = [each.document_id for each in deliveries if not each.said.strip()]
    if silent:
        return wrong(
            "department",
            "派单没有回执",
            "an order has no receipt",
            expected="a receipt",
            got=silent[:5],
            pointer=silent[0],
            fix=("收下派单后应答回执号", "answer each order with the number of its receipt"),
        )
    again = _sent_again(lab)
    book = None if lab.orders_book is None else [str(each["指令编号"]) for each in lab.orders_book()]
    lab.keep("RAW", "orders.json", {"sent": [each.document_id for each in deliveries], "again": again, "book": book})
    if book is None:
        said = [each.case_no(lab.session) for each in BY_KEY.values() if each.duties and not trip.answers(each.key)]
        return (
            waits(f"等待部门答复：{shown(said[:5])}", f"waiting for answers: {shown(said[:5])}")
            if said
            else _once(len(deliveries))
        )
    missing = [each.document_id for each in deliveries if each.document_id not in book]
    twice = [name for name, count in Counter(book).items() if count > 1]
    if missing or twice:
        return wrong(
            "department",
            "有回执而未收存，或同一派单收存两次",
            "an order is receipted and not there, or there twice",
            expected="each order once",
            got={"missing": missing[:5], "twice": twice[:5]},
            fix=("以指令编号为键收存", "keep orders by their number, whatever comes again"),
            pointer=(missing or twice)[0],
        )
    return _once(len(deliveries))


def _once(count: int) -> Finding:
    return passed(f"{count} 份派单各收存一次，均有回执", f"{count} orders came once each, with receipts")


def _sent_again(lab: Lab) -> str:
    """Send the first order once more, as after an answer that was lost; return what is answered."""
    trip, orders = lab.complaints, lab.complaints.side.orders
    sender = lab.pilot.hub.sender(orders)
    sink = open_sink(orders.declaration, trip.environment)
    try:
        for row in lab.pilot.hub.queries.feed("restricted", after=0, limit=EVERY):
            for document in sender.letters.written(row) if row["kind"] == "case" else ():
                record = orders.write(as_record(document))
                if record is not None:
                    return sink.send(record, key=key_of(orders.declaration.connection, row["sequence"], 1))
    finally:
        sink.close()
        sender.close()
    return ""


def orders_come_soon(lab: Lab) -> Finding:
    """LTC-02: of the orders of the scripted complaints 95 % were at the department five minutes after their move."""
    orders = lab.complaints.side.orders.declaration.connection
    deliveries = lab.pilot.hub.deliveries.of(orders, limit=EVERY)
    if not deliveries:
        return waits("等待派单", "waiting for the first order to go out")
    rows = {row["sequence"]: row for row in lab.pilot.hub.queries.feed("restricted", after=0, limit=EVERY)}
    ledgered = _ledgered(lab)
    waited = sorted(each.at - ledgered[_place(rows[each.sequence])] for each in deliveries)
    p95 = waited[math.ceil(SHARE * len(waited)) - 1]
    lab.keep("MET", "latency.json", {"orders": len(waited), "p95_s": p95.total_seconds()})
    if p95 > VISIBLE:
        return wrong(
            "hub",
            "派单到达部门过晚",
            "orders reach the department too late",
            expected=f"p95 <= {VISIBLE}",
            got=f"p95 {p95}",
            fix=("检查发送进程 sunlight run send", "see that `sunlight run send` runs"),
        )
    return passed(f"p95 {p95}", f"p95 {p95}")


def _ledgered(lab: Lab) -> Mapping[tuple[int, int, int], Any]:
    """Return when each entry of the scripted complaints was ledgered, by its place."""
    found = {}
    for case_no in (each.case_no(lab.session) for each in BY_KEY.values()):
        for entry in lab.pilot.case(case_no).get("entries", ()):
            found[entry.generation, entry.partition, entry.position] = entry.ledgered_at
    return found


def _place(row: Mapping[str, Any]) -> tuple[int, int, int]:
    generation, partition, position, _ = str(row["message_id"]).split(":", 3)
    return int(generation), int(partition), int(position)


def only_the_hub_sends_orders(lab: Lab) -> Finding:
    """IDA-05: an order that comes with another login than the hub's is refused, and not taken."""
    trip, orders = lab.complaints, lab.complaints.side.orders
    if not lab.pilot.hub.deliveries.of(orders.declaration.connection, limit=1, states=("delivered",)):
        return waits(
            "等待第一份派单送达",
            "waiting until an order of the hub itself was taken: only then is refusing one telling",
        )
    before = None if lab.orders_book is None else len(lab.orders_book())
    forged = {name: "forged" if _is_secret(name) else value for name, value in trip.environment.items()}
    answer = _answered(orders, forged, trip.environment)
    after = None if lab.orders_book is None else len(lab.orders_book())
    lab.keep("RAW", "answer.json", {"answer": answer, "orders before": before, "orders after": after})
    if not answer.startswith("refused") or before != after:
        return wrong(
            "department",
            "冒名派单被接受",
            "a forged order was taken",
            expected="refused",
            got=answer,
            fix=("派单接口须核验枢纽凭证", "let the endpoint of orders ask for the hub's own login"),
            pointer=orders.declaration.connection,
        )
    return passed("冒名派单被拒", "a forged order is refused")


def _answered(orders: Any, forged: Mapping[str, str], own: Mapping[str, str]) -> str:
    """Return what becomes of a forged order; of a folder on this machine whether others may write to it."""
    declared = orders.declaration
    if declared.kind == "files" and not any(
        f"${{{name}}}" in str(declared.connect) for name in own if _is_secret(name)
    ):
        path = Path(_filled(str(declared.connect["path"]), own))
        is_open = bool(path.stat().st_mode & 0o002)
        return "anybody may write to the folder" if is_open else "refused: the folder is its group's alone"
    try:
        sink = open_sink(declared, forged)
        try:
            return f"taken: {sink.send({'指令编号': 'FORGED', '投诉件编号': 'FORGED', '指令': '派单'}, key='forged')}"
        finally:
            sink.close()
    except Misconfigured as refused:
        return f"refused: {refused.faults[0].problem}"
    except HubError as other:
        return f"no answer: {other}"


def _filled(text: str, environment: Mapping[str, str]) -> str:
    for name, value in environment.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def _is_secret(name: str) -> bool:
    return any(word in name for word in _SECRET)


def complainants_stay_unknown(lab: Lab) -> Finding:
    """CNF-05: orders about somebody who asked for it name nobody, and a report 举报 is no order for its respondent."""
    side = lab.complaints.side
    shielded = course(
        lab, about={"confidential": True}, applicant={"name_masked": CANARY, "phone_masked": CANARY_PHONE}
    )
    shielded.sent()
    report = course(lab, about={"kind": "report", "respondent_department": side.department})
    report.sent()
    ordinary = course(lab, applicant={"name_masked": "张*", "phone_masked": "138****0000"})
    ordinary.sent()
    orders = shielded.letters(side.orders)
    seen = [*orders, *_taken(lab)]
    lab.keep("RAW", "orders.json", orders)
    leaks = [word for word in (CANARY, CANARY_PHONE) if word in text_of(seen)]
    if leaks:
        return wrong(
            "hub",
            "保密投诉人的身份到达部门",
            "a complainant who asked to stay unknown is named",
            expected="no name, no number",
            got=["<canary>"] * len(leaks),
            pointer="/data/complainant",
        )
    if report.letters(side.orders):
        return wrong(
            "hub",
            "举报派给了被举报单位",
            "a report was sent to the unit that it is about",
            expected="no order",
            got="an order",
        )
    if not orders or "张*" not in text_of(ordinary.letters(side.orders)):
        return wrong(
            "hub",
            "派单缺失，或普通投诉看不到投诉人",
            "orders are missing, or an ordinary complaint names nobody",
            expected="an order each",
            got=len(orders),
        )
    return passed("投诉人受到保护", "complainants who asked for it stay unknown")


def _taken(lab: Lab) -> Sequence[Mapping[str, Any]]:
    return [] if lab.orders_book is None else lab.orders_book()
