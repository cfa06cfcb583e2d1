"""Secrecy: closed by default, canaries that never leak, a flip that retracts, test cases that stay apart."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from conformance.checks.common import wrong
from conformance.checks.schema import lab_quarantine
from conformance.finding import Finding, passed, waits

if TYPE_CHECKING:
    from conformance.lab import Lab
    from conformance.stand import Stand

CANARY: Final = "CANARY-8c1f"


def _crawl(stand: Stand) -> list[bytes]:
    """Return everything that the public side shows: its feed, its cases, and what a search finds."""
    cases = stand.hub.queries.cases(disclosures=["public"], limit=10_000)
    found = stand.hub.queries.cases(text=CANARY, disclosures=["public"], limit=10_000)
    listed = [str({name: row[name] for name in row if name != "title"}).encode() for row in [*cases, *found]]
    return [each["body"] for each in stand.public()] + listed


def default_is_deny(lab: Lab) -> Finding:
    """CNF-01: a case without a disclosure class is not public; one with a class that nobody knows is refused."""
    says = "case.disclosure" in (lab.mapping.declaration.offers or ())
    opened = [each for each in lab.events() if each["data"]["case"]["disclosure"]["class"] == "public"]
    if opened and not says:
        return wrong(
            "connector",
            "来源未标公开，映射却按公开处理",
            "the source says nothing, and the mapping makes it public",
            expected="not public",
            got=opened[0]["data"]["case"]["case_no"],
            pointer="/data/case/disclosure",
            fix=("去掉公开的缺省值", "take the default out of the mapping"),
        )
    stand = lab.stand()
    telling, now = lab.telling(stand), stand.hub.clock.now()
    documents = {name: telling.document("case.received", now, name) for name in ("open", "silent", "odd")}
    del documents["silent"]["data"]["case"]["disclosure"]
    documents["odd"]["data"]["case"]["disclosure"] = {"class": "perhaps"}
    stand.tell(*[telling.message(document) for document in documents.values()], telling.report(now))
    shown = b"\n".join(_crawl(stand))
    refused = [row["path"] for row in lab_quarantine(stand)]
    lab.keep("PUB", "public.json", [body.decode() for body in _crawl(stand)])
    lab.keep("CAN", "silent.json", documents["silent"])
    if b'"silent"' in shown or b"'silent'" in shown:
        return wrong(
            "hub",
            "没有公开标志的办件被公开",
            "a case without a disclosure class is public",
            expected="not public",
            got="public",
            pointer="/data/case/disclosure",
        )
    if "/data/case/disclosure/class" not in refused or b'"open"' not in shown:
        return wrong(
            "hub",
            "公开标志处理有误",
            "disclosure classes are handled wrongly",
            expected="odd refused, open shown",
            got=refused,
        )
    return passed("缺省不公开，未知拒收", "closed by default, unknown classes are refused")


def canaries_never_leak(lab: Lab) -> Finding:
    """CNF-02: tokens in the texts of restricted cases, and in private texts of public ones, show nowhere public."""
    stand = lab.stand()
    telling, now = lab.telling(stand), stand.hub.clock.now()
    texts: dict[str, Any] = {
        "title": f"{CANARY} title",
        "applicant": {"name_masked": f"{CANARY}*", "kind": "1"},
        "handling_office": f"{CANARY} office",
    }
    private = telling.event("case.received", now, f"{CANARY}-no", case={**texts, "disclosure": {"class": "restricted"}})
    public = telling.event("case.received", now, "open", case=texts, operator={"staff_code": f"{CANARY}s"})
    stand.tell(private, public, telling.report(now))
    kept = len(stand.events())
    leaks = [body for body in _crawl(stand) if CANARY.encode() in body]
    lab.keep("PUB", "crawl.json", {"looked at": len(_crawl(stand)), "kept": kept, "leaks": len(leaks)})
    if kept != 2:  # noqa: PLR2004 - both canary cases
        return wrong(
            "hub",
            "暗记办件未被受理",
            "the canary cases were not taken",
            expected=2,
            got=[row["problem"] for row in lab_quarantine(stand)],
        )
    if leaks:
        return wrong(
            "hub",
            "非公开内容泄漏",
            "non-public content leaks",
            expected="no canary",
            got=leaks[0][:200].decode(errors="replace"),
        )
    return passed("公开侧没有任何暗记", "no canary shows on the public side")


def flip_retracts(lab: Lab) -> Finding:
    """CNF-03: what was public and is not any more shows nowhere, within ten minutes; a tombstone tells that it went."""
    stand = lab.stand()
    telling, now = lab.telling(stand), stand.hub.clock.now()
    stand.tell(telling.event("case.received", now, "flip"), telling.report(now))
    before = [body for body in _crawl(stand) if b"flip" in body]
    stand.move_to(now + timedelta(minutes=5))
    telling = lab.telling(stand)
    hidden = telling.event(
        "case.accepted", now + timedelta(minutes=1), "flip", case={"disclosure": {"class": "restricted"}}
    )
    stand.tell(hidden, telling.report())
    after = [body for body in _crawl(stand) if b"flip" in body]
    tombs = [each for each in stand.public() if b"case.withheld" in each["body"]]
    lab.keep("PUB", "public.json", {"before": len(before), "after": len(after), "tombstones": len(tombs)})
    lab.keep("MET", "minutes.json", {"until gone": 5, "allowed": 10})
    if not before:
        return wrong("hub", "公开件未曾公开", "a public case was never shown", expected="shown", got="not shown")
    if after or not tombs:
        return wrong(
            "hub",
            "转非公开后仍可见，或没有碑记",
            "after the flip it is still shown, or no tombstone stands",
            expected="a tombstone alone",
            got=f"{len(after)} documents, {len(tombs)} tombstones",
        )
    return passed("转非公开后只留碑记", "after the flip a tombstone alone is left")


def trial_cases_stay_apart(lab: Lab) -> Finding:
    """CNF-06: the pilot hub is not the live one, and no case with a session's marker stands there."""
    pilot = lab.pilot.hub.settings
    marked = sorted(lab.script[number].case_no(lab.session) for number, own in lab.scripted_events().items() if own)
    if lab.live is None:
        return wrong("hub", "无法查看正式枢纽", "the live hub cannot be looked at", expected="its store", got="none")
    live = lab.live.settings
    found = [row["case_no"] for row in lab.live.queries.cases(text="TST-", limit=100)]
    lab.keep("REC", "cases.json", {"in the pilot": len(marked), "live": found})
    if pilot.store_url == live.store_url or pilot.bus_url == live.bus_url or found:
        return wrong(
            "hub",
            "测试办件进入正式枢纽",
            "a test case reached the live hub",
            expected="none",
            got=found or live.store_url,
        )
    if not marked:
        return waits("等待第一个脚本办件", "waiting for the first scripted case: none is there that could stray")
    return passed("测试办件与正式枢纽隔离", "test cases stay apart from the live hub")
