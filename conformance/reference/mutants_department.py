"""Faults of departments: each is what a system makes of what its staff keyed in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from conformance.reference.mutation import Mutant, Setting
from conformance.reference.plan import MISSING_DATE, UNKNOWN_CODE
from conformance.reference.played import Faults

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.reference.systems import Entry

Change = "Callable[[Entry], Entry | None]"


def each(change: Callable[[Entry], Entry | None]) -> Callable[[Sequence[Entry]], Sequence[Entry]]:
    """Change every entry by itself; None leaves it out."""
    return lambda entries: [entry for given in entries if (entry := change(given)) is not None]


def _named(entry: Entry, text: Callable[[str], str]) -> Entry:
    matter = replace(entry.case.matter, name=text(entry.case.matter.name))
    return replace(entry, case=replace(entry.case, matter=matter))


def _step(entry: Entry, **fields: Any) -> Entry:
    return replace(entry, step=replace(entry.step, **fields))


def _rare(entry: Entry) -> Entry:
    return _named(entry, lambda name: "".join("?" if ord(char) > 0xFFFF else char for char in name))  # noqa: PLR2004 - BMP


def _gbk(entry: Entry) -> Entry:
    return _named(entry, lambda name: name.encode("gbk", errors="replace").decode("gbk"))


def _mojibake(entry: Entry) -> Entry:
    if entry.case.key != 12:  # noqa: PLR2004 - one case of the script
        return entry
    return _named(entry, lambda name: name.encode().decode("gb18030", errors="replace"))


def _faulty(kind: str) -> Callable[[Entry], Entry]:
    def change(entry: Entry) -> Entry:
        is_it = entry.case.key == 12 and entry.step.type == "case.received"  # noqa: PLR2004 - one case of the script
        return replace(entry, fault=kind) if is_it else entry

    return change


def _no_result(entry: Entry) -> Entry:
    return _step(entry, result="")


def _unlisted(entry: Entry) -> Entry:
    matter = replace(entry.case.matter, code=entry.case.matter.code[:-4] + "9000")
    return replace(entry, case=replace(entry.case, matter=matter))


def _calendar_days(entry: Entry) -> Entry:
    if entry.step.promised_day is None:
        return entry
    day = entry.step.occurred_at.date() + timedelta(days=entry.case.matter.promised_days)
    return _step(entry, promised_day=day)


def _reused(entry: Entry) -> Entry:
    if entry.case.key != 14:  # noqa: PLR2004 - one case of the script
        return entry
    return replace(entry, case=replace(entry.case, case_no=f"{entry.case.case_no[:-2]}13"))


def _utc(entry: Entry) -> Entry:
    ago = timedelta(hours=8)
    return _step(entry, occurred_at=entry.step.occurred_at - ago, recorded_at=entry.step.recorded_at - ago)


def _fast(entry: Entry) -> Entry:
    return _step(entry, recorded_at=entry.step.recorded_at + timedelta(minutes=10))


def _lossy(entry: Entry) -> Entry | None:
    return None if entry.case.key % 5 == 0 else entry


def _silently(entry: Entry) -> Entry | None:
    return None if entry.step.type == "case.corrected" else _step(entry, version=0)


def _late_day(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Hand a day's entries over with those of the next day, so that nothing is heard on the day itself."""
    days = sorted({entry.keyed_at.date() for entry in entries})
    return [
        replace(entry, keyed_at=entry.keyed_at + (days[4] - days[3])) if entry.keyed_at.date() == days[3] else entry
        for entry in entries
    ]


class _Renumbering:
    """Stamps the time of entry anew at each export."""

    def __init__(self) -> None:
        self._times = 0

    def __call__(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        self._times += 1
        later = timedelta(seconds=self._times)
        return [_step(entry, occurred_at=entry.step.occurred_at + later) for entry in entries]


def _nobody(catalogue: dict[str, Any]) -> dict[str, Any]:
    return {**catalogue, "department": {**catalogue["department"], "liaison": "待定"}}


def _keyed(change: Callable[[Entry], Entry | None]) -> Setting:
    return Setting(faults=Faults(keyed=each(change)))


def _mutant(name: str, at: str, about: str, setting: Setting) -> Mutant:
    return Mutant(name=name, blames="department", at=at, about=about, setting=setting)


MUTANTS: Final = (
    _mutant(
        "another_contract",
        "centre",
        "the service shows a WSDL with another operation",
        Setting(faults=Faults(wsdl=lambda wsdl: wsdl.replace("queryCases", "listCases"))),
    ),
    _mutant(
        "drops_when_busy",
        "sender",
        "what is not taken at once is forgotten",
        Setting(faults=Faults(drops_when_busy=True)),
    ),
    _mutant(
        "writes_in_place",
        "market",
        "a file is written under its final name",
        Setting(faults=Faults(writes_in_place=True)),
    ),
    _mutant(
        "drops_rare_characters", "housing", "characters beyond the basic plane become question marks", _keyed(_rare)
    ),
    _mutant("writes_gbk", "market", "the file is written in GBK, and what GBK lacks is replaced", _keyed(_gbk)),
    _mutant("sends_mojibake", "market", "a name was read as GBK that was UTF-8", _keyed(_mojibake)),
    _mutant("writes_impossible_days", "market", "a date is left out", _keyed(_faulty(MISSING_DATE))),
    _mutant("undeclared_codes", "market", "a channel code is sent that is in no list", _keyed(_faulty(UNKNOWN_CODE))),
    _mutant("omits_results", "market", "decisions do not say what was decided", _keyed(_no_result)),
    _mutant("unlisted_matters", "market", "cases are of a matter that the catalogue does not list", _keyed(_unlisted)),
    _mutant("calendar_day_promises", "housing", "promises are counted in calendar days", _keyed(_calendar_days)),
    _mutant("reuses_numbers", "market", "a case number is given twice", _keyed(_reused)),
    _mutant(
        "swaps_times",
        "market",
        "the time of entry stands for that of the act",
        _keyed(lambda entry: _step(entry, occurred_at=entry.step.recorded_at)),
    ),
    _mutant(
        "never_resumes",
        "market",
        "the end of a special procedure is not reported",
        _keyed(lambda entry: None if entry.step.type == "special.ended" else entry),
    ),
    _mutant("writes_utc", "market", "times are of UTC, though local ones are declared", _keyed(_utc)),
    _mutant("clock_ahead", "market", "the server's clock is ten minutes ahead", _keyed(_fast)),
    _mutant(
        "loses_every_fifth",
        "market",
        "every fifth case is left out of the exports",
        Setting(faults=Faults(book=each(_lossy))),
    ),
    _mutant("rewrites_silently", "market", "a time is changed without a correction", _keyed(_silently)),
    _mutant("hands_over_late", "market", "a day is handed over three days later", Setting(faults=Faults(late_days=3))),
    _mutant("falls_silent", "sender", "on a working day nothing is sent", Setting(faults=Faults(keyed=_late_day))),
    _mutant(
        "forgets_what_is_unread",
        "market",
        "what nobody has read by the next day is deleted",
        Setting(faults=Faults(forgets_unread=True)),
    ),
    _mutant(
        "renumbers_each_export",
        "sender",
        "an export changes what it says of the past",
        Setting(faults=Faults(keyed=_Renumbering())),
    ),
    _mutant("names_nobody", "market", "no officer is named", Setting(catalogue=_nobody)),
)
