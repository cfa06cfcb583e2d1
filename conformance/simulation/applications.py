# ruff: noqa: E501 - scenarios are a table: one row a line
"""Applications: how an ordinary one goes, and how it goes where one rule is broken, nearly broken, or wrongly so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from conformance.simulation.directory import ENDED, ENDS_ON, GARDENS, LONG, NOWHERE, PLANNING, SPOT
from conformance.simulation.model import Draft, Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from conformance.simulation.model import Draft as _Draft

    Life = Callable[[Random], Sequence[_Draft]]

HOUSING_SYSTEM: Final = "housing"
OTHER_TYPE: Final = {"case_type": "9"}
"""Case type 其他, of which it says nothing that acceptance and closing come in one read."""

DAY: Final = 1
TESTING: Final = {"kind": "testing", "basis": "条例第9条", "notified_at": "2026-03-04"}
EXTENDED: Final = {"n": 10, "unit": "working_day", "approved_by": "局长", "approved_at": "2026-03-03",
                   "notified_at": "2026-03-03"}  # fmt: skip
REFUSED: Final = {"code": "not_accepted", "reason": "不属于本机关职权", "remedy": "可申请行政复议"}
APPLICATION_FORM: Final = {"name": "申请表", "received": True}
BAD_RATING: Final = {"score_code": "5", "real_name": True}


def ordinary(accept: int = 1, decide: int = 6, deliver: int = 3, publish: int = 4) -> list[Draft]:
    """Return an application that is granted; days are counted from receipt, acceptance, and twice the decision."""
    decided = accept + decide
    return [
        Draft(type="case.received", day=0),
        Draft(type="case.accepted", day=accept),
        _stage("shencha", accept + 1, "A1"),
        _stage("shenpi", decided, "B1"),
        Draft(type="case.decided", day=decided, fields={"result": {"code": "granted"}}),
        Draft(type="case.closed", day=decided),
        Draft(type="case.delivered", day=decided + deliver),
        Draft(type="case.published", day=decided + publish),
    ]


def _stage(code: str, day: int, staff: str, kind: str = "stage.completed", **more: Any) -> Draft:
    fields = {"stage_code": code, "operator": {"staff_code": staff}}
    return Draft(type=kind, day=day, occurrence=code, fields=fields, **more)


def _any(rng: Random) -> list[Draft]:
    return ordinary(accept=rng.choice((0, 1, 1, 2)), decide=rng.choice((5, 6, 7)), deliver=rng.randint(1, 8),
                    publish=rng.randint(1, 6))  # fmt: skip


def without(drafts: Sequence[Draft], *types: str) -> list[Draft]:
    """Leave steps out, by type or occurrence."""
    return [each for each in drafts if each.type not in types and each.occurrence not in types]


def put(drafts: Sequence[Draft], *more: Draft) -> list[Draft]:
    """Add steps where their days lie."""
    return sorted([*drafts, *more], key=lambda each: each.day)


def moved(drafts: Sequence[Draft], kind: str, **changes: Any) -> list[Draft]:
    """Change one step, by type or occurrence."""
    return [replace(each, **changes) if kind in (each.type, each.occurrence) else each for each in drafts]


def delayed(drafts: Sequence[Draft], weeks: int, after: int) -> list[Draft]:
    """Let everything later than a day be handed over some weeks late."""
    return [replace(each, delay=weeks) if each.day > after else each for each in drafts]


def mended(bad: Sequence[Draft], good: Sequence[Draft], kind: str, shown: int) -> list[Draft]:
    """Let the step of a kind be reported badly first, and once more as it was, in a higher version, some days later."""
    right = next(each for each in good if kind in (each.type, each.occurrence))
    return again(bad, kind, replace(right, version=1, shown=shown))


def again(drafts: Sequence[Draft], kind: str, content: Draft) -> list[Draft]:
    """Add another content of the step of a kind, beside the one there is."""
    place = next(place for place, each in enumerate(drafts) if kind in (each.type, each.occurrence))
    return [*drafts[: place + 1], content, *drafts[place + 1 :]]


def _only(*drafts: Draft) -> Life:
    return lambda _: drafts


def _open(accept: int) -> list[Draft]:
    return ordinary(accept=accept)[:2]


def _opened(accept: int) -> Life:
    return lambda _: _open(accept)


def _asking(first: Sequence[str], second: Sequence[str]) -> list[Draft]:
    asked = [
        Draft(type="case.supplement_requested", day=1, occurrence="1", fields={"supplement": {"items": [*first]}}),
        Draft(type="case.supplement_received", day=2, occurrence="1"),
        Draft(type="case.supplement_requested", day=3, occurrence="2", fields={"supplement": {"items": [*second]}}),
        Draft(type="case.supplement_received", day=4, occurrence="2"),
    ]
    whole = ordinary(accept=5)
    return [whole[0], *asked, *whole[1:]]


def _staged(done: int) -> list[Draft]:
    return put(moved(ordinary(decide=7), "shencha", day=1 + done),
               Draft(type="stage.started", day=1, occurrence="s", fields={"stage_code": "shencha"}))  # fmt: skip


def _extended(days: int) -> list[Draft]:
    return put(
        ordinary(), Draft(type="case.extended", day=3, occurrence="1", fields={"extension": EXTENDED | {"n": days}})
    )


def _special(kind: str, ended: int = 4, **more: Any) -> list[Draft]:
    said = {**TESTING, "kind": kind, **more}
    return put(ordinary(decide=ended + 5), Draft(type="special.started", day=3, occurrence="1", fields={"special": said}),
               Draft(type="special.ended", day=3 + ended, occurrence="1", fields={"special": {"kind": kind}}))  # fmt: skip


def _limited(ended: int) -> list[Draft]:
    return _special("testing", ended, limit={"n": 5, "unit": "working_day"})


def _materials(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"materials": [*rows]}


def _with_materials(*rows: dict[str, Any], later: Sequence[dict[str, Any]] = ()) -> list[Draft]:
    said, after = _materials(*rows), _materials(*(later or rows))
    return [replace(e, about=said if e.day <= 1 else after) for e in moved(ordinary(decide=7), "shencha", day=7)]


def _mislaid(about: dict[str, Any]) -> list[Draft]:
    """Let the first week's steps say wrongly what the later ones say rightly."""
    return [replace(each, about=about if each.day <= 1 else {}) for each in moved(ordinary(decide=7), "shencha", day=7)]


def _fee(amount: str) -> list[Draft]:
    fee = {"item_code": "F1", "amount": amount}
    return put(ordinary(), Draft(type="fee.charged", day=2, occurrence="1", fields={"fee": fee}))


def _not_accepted(result: dict[str, str]) -> list[Draft]:
    return [Draft(type="case.received", day=0), Draft(type="case.not_accepted", day=2, fields={"result": result})]


def _joint(answered: int) -> list[Draft]:
    asked = {"department_id": PLANNING, "limit": {"n": 5, "unit": "working_day"}}
    return put(ordinary(decide=7), Draft(type="joint.dispatched", day=1, occurrence="1", fields={"joint": asked}),
               Draft(type="joint.opinion", day=1 + answered, occurrence="1", fields={"joint": {"department_id": PLANNING}}))  # fmt: skip


def _forwarded(day: int) -> list[Draft]:
    return put(ordinary(decide=24), Draft(type="case.forwarded", day=1 + day))


def _fed_back(after: int) -> list[Draft]:
    return put(ordinary(), Draft(type="case.fed_back", day=7 + after))


def _rated(contact: int, answer: int) -> list[Draft]:
    return [
        *ordinary(),
        Draft(type="case.evaluated", day=12, occurrence="1", fields={"evaluation": BAD_RATING}),
        Draft(type="evaluation.contacted", day=12 + contact, occurrence="1"),
        Draft(type="evaluation.answered", day=12 + answer, occurrence="1"),
    ]


def _closed_class(drafts: Sequence[Draft], class_: str, **more: Any) -> list[Draft]:
    return moved(drafts, "case.published", about={"disclosure": {"class": class_}}, **more)


def _issued(number: str) -> list[Draft]:
    paper = Draft(type="doc.issued", day=8, occurrence="1", fields={"refers_to": number})
    return put(ordinary(), paper)


def _rewritten(*more: Draft) -> list[Draft]:
    whole = ordinary(decide=7)
    return [*whole, replace(whole[1], earlier=20, shown=7), *more]


def _correcting(day: int) -> Draft:
    return Draft(type="case.corrected", day=day, occurrence="1", fields={"correction_of": "case.accepted"})


def _make(name: str, life: Life | list[Draft], **more: Any) -> Scenario:
    told: Life = life if callable(life) else _only(*life)
    return Scenario(name=name, system=HOUSING_SYSTEM, life=told, **more)


OFF: Final = {"department_id": GARDENS}
FOR: Final = {"department_id": PLANNING}
LONG_TERM: Final = {"matter_code": LONG, "initial_review": True}
ONLINE: Final = {"channel": "online"}

APPLICATIONS: Final = (
    _make("application", _any, share=0.42),
    _make("application withdrawn", lambda r: [*_open(1), Draft(type="case.withdrawn", day=r.randint(2, 6))], share=0.02),
    _make("application denied", [*moved(ordinary()[:6], "case.decided", fields={"result": {**REFUSED, "code": "denied"}}),
                                 Draft(type="case.published", day=9)], share=0.02, near=("R31",)),
    _make("matter not in the catalogue", ordinary(), about={"matter_code": NOWHERE}, planted=("R01",)),
    _make("matter that has ended", ordinary(), about={"matter_code": ENDED}, planted=("R01",), since=date.fromisoformat(ENDS_ON)),
    _make("matter that ends while it runs", ordinary(), about={"matter_code": ENDED}, near=("R01",), until=date.fromisoformat(ENDS_ON)),
    _make("matter named wrongly at first", _mislaid({"matter_code": NOWHERE}), about=OTHER_TYPE, excused=("R01",)),
    _make("body without authority", ordinary(), about=OFF, planted=("R02",)),
    _make("body that acts for another", ordinary(), about=FOR, near=("R02",)),
    _make("body named wrongly at first", _mislaid(OFF), about=OTHER_TYPE, excused=("R02",)),
    _make("not answered near the limit", ordinary()[:1], planted=("R10",), to_end=4),
    _make("not answered before the limit is near", ordinary()[:1], near=("R10",), to_end=3),
    _make("answered in time and told late", delayed(ordinary(accept=2), 1, 1), about=OTHER_TYPE, excused=("R10",), on_monday=True),
    _make("answered late", ordinary(accept=6, decide=3), about=OTHER_TYPE, planted=("R11",)),
    _make("answered on the last day", ordinary(accept=5), near=("R11",)),
    _make("answered in time and told weeks late", delayed(ordinary(accept=2), 3, 1), about=OTHER_TYPE | {"matter_code": LONG},
          excused=("R11",)),
    _make("supplements asked for twice", _asking(["图纸"], ["身份证明"]), planted=("R12",)),
    _make("the same supplement asked for again", _asking(["图纸", "身份证明"], ["身份证明"]), near=("R12",)),
    _make("first notice mended", lambda _: [*(bad := _asking(["图纸"], ["身份证明"])), replace(
        bad[1], version=1, shown=12, fields={"supplement": {"items": ["图纸", "身份证明"]}})], excused=("R12",)),
    _make("near its promise", _opened(1), planted=("R13",), to_end=10),
    _make("nearer its promise", _opened(1), planted=("R13",), to_end=9),
    _make("not yet near its promise", _opened(1), near=("R13",), to_end=8),
    _make("decided before the notice and told late", delayed(ordinary(accept=1, decide=5), 1, 5), about=OTHER_TYPE,
          excused=("R13",), on_monday=True),
    _make("promise broken", ordinary(decide=12), planted=("R14",)),
    _make("decided on the last promised day", ordinary(decide=10), near=("R14",)),
    _make("decided in time and told late", delayed(ordinary(decide=8), 2, 5), about=OTHER_TYPE, excused=("R14",), span=45),
    _make("statute broken", ordinary(decide=22), planted=("R14", "R15"), span=45),
    _make("open past its statute", _opened(1), planted=("R14", "R15"), span=30),
    _make("decided on the last lawful day", ordinary(decide=20), planted=("R14",), near=("R15",), span=45),
    _make("decided lawfully and told late", delayed(ordinary(decide=8), 6, 5), about=OTHER_TYPE, excused=("R14", "R15"), span=60),
    _make("stage overrun", _staged(4), planted=("R16",)),
    _make("stage done on its last day", _staged(3), near=("R16",)),
    _make("stage told late", delayed(_staged(2), 1, 1), about=OTHER_TYPE, excused=("R16",), on_monday=True),
    _make("extension too long", _extended(11), planted=("R18",)),
    _make("lawful extension", _extended(10), near=("R18",)),
    _make("extension mended", mended(_extended(11), _extended(10), "case.extended", 9), excused=("R18",)),
    _make("unlawful suspension", _special("expert_review"), planted=("R19",)),
    _make("lawful suspension", _special("testing"), near=("R19",)),
    _make("suspension mended", mended(_special("expert_review"), _special("testing"), "special.started", 14), excused=("R19",)),
    _make("suspended too long", _limited(7), planted=("R20",)),
    _make("suspended to the last day", _limited(5), near=("R20",)),
    _make("resumed in time and told late", delayed(_limited(4), 1, 3), about=OTHER_TYPE, excused=("R20",), span=45, on_monday=True),
    _make("decided before acceptance", moved(ordinary(decide=4), "case.accepted", day=8), about=OTHER_TYPE, planted=("R21",)),
    _make("accepted and decided on one day", moved(moved(ordinary(decide=4), "case.accepted", day=5), "shencha", day=5),
          about=OTHER_TYPE, near=("R21",)),
    _make("acceptance mended", mended(moved(ordinary(decide=4), "case.accepted", day=8), ordinary(decide=4), "case.accepted", 15),
          about=OTHER_TYPE, excused=("R21",)),
    _make("stage skipped", without(ordinary(), "shencha"), planted=("R22",)),
    _make("stage on the day of the decision", moved(ordinary(), "shencha", day=7), near=("R22",)),
    _make("stage done and told late", moved(ordinary(), "shencha", delay=3), excused=("R22",)),
    _make("accepted incomplete", _with_materials({"name": "申请表", "received": False}), planted=("R23",)),
    _make("accepted with a deferred paper", _with_materials({"name": "图纸", "received": False, "deferred": True}), near=("R23",)),
    _make("paper handed in after all", _with_materials({"name": "申请表", "received": False}, later=[APPLICATION_FORM]),
          excused=("R23",)),
    _make("paper nobody may ask for", _with_materials({"name": "户口簿", "received": True}), planted=("R24",)),
    _make("papers of the list", _with_materials(APPLICATION_FORM), near=("R24",)),
    _make("paper named wrongly at first", _with_materials({"name": "户口簿", "received": True}, later=[APPLICATION_FORM]),
          excused=("R24",)),
    _make("self-approval", [*moved(moved(ordinary(), "shencha", fields=_stage("shencha", 0, "C1").fields), "shenpi",
                                   fields=_stage("shenpi", 0, "C1").fields)], planted=("R25",)),
    _make("approved by another of both posts", moved(ordinary(), "shenpi", fields=_stage("shenpi", 0, "C1").fields), near=("R25",)),
    _make("approver mended", mended(moved(moved(ordinary(), "shencha", fields=_stage("shencha", 0, "C1").fields), "shenpi",
          fields=_stage("shenpi", 0, "C1").fields, late=0), moved(ordinary(), "shenpi", earlier=1), "shenpi", 13), excused=("R25",)),
    _make("unknown officer", moved(ordinary(), "shencha", fields=_stage("shencha", 0, "Z9").fields), planted=("R26",)),
    _make("officer mended", mended(moved(ordinary(), "shencha", fields=_stage("shencha", 0, "Z9").fields),
          moved(ordinary(), "shencha", earlier=1), "shencha", 13), excused=("R26",)),
    _make("fee too high", _fee("10.01"), planted=("R27",)),
    _make("highest lawful fee", _fee("10.00"), near=("R27",)),
    _make("fee mended", mended(_fee("10.01"), _fee("9.00"), "fee.charged", 9), excused=("R27",)),
    _make("refused without reason", _not_accepted({"code": "not_accepted"}), planted=("R31",)),
    _make("refused with reason", _not_accepted(REFUSED), near=("R31",)),
    _make("reason mended", mended(_not_accepted({"code": "not_accepted"}), _not_accepted(REFUSED), "case.not_accepted", 9),
          excused=("R31",)),
    _make("opinion late", _joint(6), planted=("R33",)),
    _make("opinion on the last day", _joint(5), near=("R33",)),
    _make("opinion told late", moved(_joint(4), "joint.opinion", delay=3), excused=("R33",)),
    _make("forwarded late", _forwarded(21), about=LONG_TERM, planted=("R34",), span=45),
    _make("forwarded on the last day", _forwarded(20), about=LONG_TERM, near=("R34",), span=45),
    _make("forwarding told late", delayed(_forwarded(18), 2, 3), about=LONG_TERM | OTHER_TYPE, excused=("R34",), span=55),
    _make("delivered late", ordinary(deliver=11), planted=("R40",)),
    _make("delivered on the last day", ordinary(deliver=10), near=("R40",)),
    _make("delivery told late", moved(ordinary(deliver=8), "case.delivered", delay=3), excused=("R40",), span=40),
    _make("published late", ordinary(publish=8), planted=("R41",)),
    _make("published on the last day", ordinary(publish=7), near=("R41",)),
    _make("publication told late", moved(ordinary(publish=5), "case.published", delay=3), excused=("R41",), span=40),
    _make("not answered online", _fed_back(2), about=ONLINE, planted=("R41",)),
    _make("answered online", _fed_back(1), about=ONLINE, near=("R41",)),
    _make("published though restricted", _closed_class(ordinary(), "restricted"), planted=("R42",)),
    _make("published for all", _closed_class(ordinary(), "public"), near=("R42",)),
    _make("publication mended", mended(_closed_class(ordinary(), "restricted"), _closed_class(ordinary(), "public", earlier=1),
          "case.published", 18), excused=("R42",)),
    _make("keyed in late", moved(ordinary(decide=7), "shencha", late=2), planted=("R44",)),
    _make("keyed in on the next day", moved(ordinary(decide=7), "shencha", late=1), near=("R44",)),
    _make("time of entry mended", mended(moved(ordinary(decide=7), "shencha", late=2), ordinary(decide=7), "shencha", 13),
          excused=("R44",)),
    _make("accepted and closed in one breath", moved(ordinary(accept=0, decide=0), "shencha", day=0), planted=("R44",)),
    _make("acceptance rewritten", _rewritten(), planted=("R45",)),
    _make("acceptance corrected", _rewritten(_correcting(1)), near=("R45",)),
    _make("acceptance corrected later", _rewritten(_correcting(14)), excused=("R45",)),
    _make("certificate of an unknown case", lambda r: _issued(f"OFF-{r.randrange(10**9):09}"), planted=("R49",)),
    _make("certificate of a known case", _issued("ZJ2026-000001"), near=("R49",)),
    _make("bad rating not looked into", _rated(2, 4), planted=("R70",), span=40),
    _make("bad rating looked into", _rated(1, 5), near=("R70",), span=40),
    _make("contact told late", delayed(_rated(1, 3), 3, 12), excused=("R70", "R70"), span=45),
    _make("on the spot", [*ordinary(accept=0, decide=0)[:2], Draft(type="case.closed", day=0)],
          about={"matter_code": SPOT, "case_type": "1", "power_type": "10"}, share=0.05),
)  # fmt: skip
