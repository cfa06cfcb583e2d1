"""Limits that the law itself sets where a catalogue says nothing: declared, with article and dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from hub.supervision.catalogue import Limit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LICENSING: Final = "01"
PENALTY: Final = "02"
COMPULSION: Final = "03"
"""Power types 行政许可, 行政处罚, 行政强制 (GB/T 39046-2020, A.1)."""

ANY: Final = ""
"""Stands for every power type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LawParameter:
    """One limit of one law for one power type and clock kind, valid on `valid_from` ≤ day < `valid_to`."""

    kind: str
    power_type: str
    limit: Limit
    title: str
    article: str
    valid_from: date
    valid_to: date | None = None
    extension: Limit | None = None
    """By how much it may be extended once, by the body's head; None: not at all, or not here."""

    def holds(self, day: date) -> bool:
        """Tell whether it is in force on a day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def document(self) -> dict[str, Any]:
        """Write it as the store remembers it."""
        return {
            "kind": self.kind, "power_type": self.power_type, "n": self.limit.n, "unit": self.limit.unit,
            "title": self.title, "article": self.article, "valid_from": self.valid_from.isoformat(),
            "valid_to": self.valid_to.isoformat() if self.valid_to else None,
        }  # fmt: skip


def law_from(row: Mapping[str, Any]) -> LawParameter:
    """Read a limit of the law: what `LawParameter.document` wrote, or an operator."""
    until = row.get("valid_to")
    return LawParameter(
        kind=row["kind"], power_type=row.get("power_type", ANY), limit=Limit(n=row["n"], unit=row["unit"]),
        title=row["title"], article=row["article"], valid_from=_date(row["valid_from"]),
        valid_to=None if until is None else _date(until),
    )  # fmt: skip


def _date(value: str | date) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _days(n: int) -> Limit:
    return Limit(n=n, unit="working_day")


def _calendar(n: int) -> Limit:
    return Limit(n=n, unit="calendar_day")


def _licensing(kind: str, n: int, article: str, extension: int = 0) -> LawParameter:
    """Return a limit of the Licensing Law, in force since 2004-07-01; its amendment of 2019 left all of them.

    Art. 82: its limits are working days.
    """
    more = _days(extension) if extension else None
    since = date(2004, 7, 1)
    return LawParameter(
        kind=kind, power_type=LICENSING, limit=_days(n), title="行政许可法", article=article, valid_from=since,
        extension=more,
    )  # fmt: skip


def _law(
    title: str, power_type: str, since: date, *rows: tuple[str, Limit, str, Limit | None]
) -> Iterator[LawParameter]:
    for kind, limit, article, extension in rows:
        yield LawParameter(
            kind=kind, power_type=power_type, limit=limit, title=title, article=article, valid_from=since,
            extension=extension,
        )  # fmt: skip


LAW: Final = (
    _licensing("acceptance", 5, "32"),
    _licensing("decision", 20, "42(1)", 10),
    _licensing("joint", 45, "42(2)", 15),
    _licensing("initial_review", 20, "43"),
    _licensing("delivery", 10, "44"),
    _licensing("hearing_request", 5, "47"),
    _licensing("hearing_held", 20, "47"),
    _licensing("staff_assigned", 5, "55"),
    *_law(
        "行政处罚法", PENALTY, date(2021, 7, 15),
        ("penalty", _calendar(90), "60", None),
        ("evidence_preserved", _days(7), "56", None),
        ("delivery", _days(7), "61", None),
        ("hearing_request", _days(5), "64", None),
        ("hearing_notice", _days(7), "64", None),
        ("payment", _calendar(15), "67", None),
        ("deposit", _days(4), "71", None),
        ("withdrawal_published", _days(3), "48", None),
    ),
    *_law(
        "行政强制法", COMPULSION, date(2012, 1, 1),
        ("coercion", _calendar(30), "25, 32", _calendar(30)),
    ),
    *_law(
        "政府信息公开条例", ANY, date(2019, 5, 15),
        ("disclosure_proactive", _days(20), "26", None),
        ("disclosure_supplement", _days(7), "30", None),
        ("disclosure_reply", _days(20), "33", _days(20)),
    ),
    *_law(
        "行政复议法", ANY, date(2024, 1, 1),
        ("reconsideration_review", _days(5), "30", None),
        ("reconsideration_supplement", _days(5), "31", None),
        ("reconsideration_served", _days(7), "48", None),
        ("reconsideration_answer", _days(10), "48", None),
        ("reconsideration", _calendar(60), "62", _calendar(30)),
        ("reconsideration_simple", _calendar(30), "62", None),
    ),
    *_law(
        "信访工作条例", ANY, date(2022, 5, 1),
        ("petition_registered", _calendar(15), "22", None),
        ("petition_objection", _days(5), "23", None),
        ("petition", _calendar(60), "34", _calendar(30)),
        ("petition_review", _calendar(30), "35", None),
        ("petition_recheck", _calendar(30), "36", None),
    ),
)  # fmt: skip
"""`decision` starts no clock by itself: other laws may set other limits, so the catalogue must say which holds (R03).
Where the law of a time is not known there is no limit, and so no clock: the Penalty Law of 1996 had no general limit
for decisions, and the Compulsion Law is of 2012. What is listed of the laws of 2019 and later is not said of earlier
years. Art. 71 of the Penalty Law: two days to the body, and two more to the bank. Its art. 85: only limits of 2, 3, 5
and 7 days are working days. Reconsideration Law art. 88 and Compulsion Law art. 69 likewise for short ones."""


def law_limit(kind: str, power_type: str, day: date, law: Sequence[LawParameter] = LAW) -> LawParameter | None:
    """Return what the law sets for a clock kind and power type on a day; None where that is not known."""
    for parameter in law:
        if parameter.kind == kind and parameter.power_type in (power_type, ANY) and parameter.holds(day):
            return parameter
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """From `since` on, and before `until` (None: no end), another limit of a clock kind holds than did."""

    kind: str
    since: date
    until: date | None
    appears: bool
    """Whether there was no limit, or is none now: clocks begin or cease to run."""


def moved(before: Sequence[LawParameter], after: Sequence[LawParameter]) -> Sequence[Moved]:
    """Return where two versions of the law differ."""
    found: list[Moved] = []
    old, new = _boundaries(before), _boundaries(after)
    for kind, power_type in dict.fromkeys((*old, *new)):
        days = sorted({date.min, *old.get((kind, power_type), ()), *new.get((kind, power_type), ())})
        for since, until in zip(days, [*days[1:], None], strict=True):
            one, other = (law_limit(kind, power_type, since, law) for law in (before, after))
            if _said(one) != _said(other):
                found.append(Moved(kind=kind, since=since, until=until, appears=one is None or other is None))
    return list(dict.fromkeys(found))


def _boundaries(law: Sequence[LawParameter]) -> dict[tuple[str, str], set[date]]:
    """Return by clock kind and power type the days on which what the law says changes."""
    found: dict[tuple[str, str], set[date]] = {}
    for each in law:
        days = {each.valid_from, *([each.valid_to] if each.valid_to else [])}
        found.setdefault((each.kind, each.power_type), set()).update(days)
    return found


def _said(parameter: LawParameter | None) -> tuple[Limit, str, str] | None:
    return None if parameter is None else (parameter.limit, parameter.title, parameter.article)
