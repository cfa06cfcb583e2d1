"""The reference departments as they are certified: each hands the script over in its own way, faults included."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from conformance.reference.answering import OfficeAnswers, SenderAnswers
from conformance.reference.complaint_desk import DeskFaults
from conformance.reference.daily_files import DailyFiles, MarketFiles
from conformance.reference.front_ends import FrontEnd, HousingFrontEnd, about, wide
from conformance.reference.playing import counted, department_of, entries_of
from conformance.reference.rest_office import RestOffice
from conformance.reference.sender import Sender
from conformance.reference.service_centre import ServiceCentre, written
from conformance.reference.systems import Export
from conformance.unsafe_files import SOUND
from hub.resources import MAPPINGS
from hub.supervision.instants import HUB_ZONE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.reference.answering import Answering
    from conformance.reference.complaint_desk import ComplaintDesk
    from conformance.reference.playing import Stage
    from conformance.reference.systems import Entry
    from conformance.script import Scripted

HERE: Final = Path(__file__).parent / "departments"
CATALOGUE: Final = MAPPINGS / "taizhou-housing" / "department.yaml"
MARKET_CATALOGUE: Final = MAPPINGS / "taizhou-market" / "department.yaml"

EXPORT: Final = time(18)
"""When every reference department hands the day over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What is wrong with a department that is meant to be caught. All off: the department is sound."""

    keyed: Callable[[Sequence[Entry]], Sequence[Entry]] = tuple
    """What its system makes of what staff keyed in."""
    late_days: int = 0
    writes_in_place: bool = False
    forgets_unread: bool = False
    drops_when_busy: bool = False
    wsdl: Callable[[str], str] = str
    files: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = list
    """What it says of the files of a case."""
    desk: DeskFaults = DeskFaults()  # noqa: RUF009 - frozen
    book: Callable[[Sequence[Entry]], Sequence[Entry]] = tuple
    """What the exports leave of the entries, though its own book has them all."""


@dataclass(kw_only=True)
class Reference:
    """One reference department: where its mapping and its declaration are, and how a day's entries become visible."""

    name: str
    mapping: Path
    department_id: str
    catalogues: Sequence[Path]
    folder: Path
    stage: Stage
    script: Mapping[int, Scripted]
    faults: Faults = field(default_factory=Faults)
    truth: Sequence[Entry] = ()
    """What staff really keyed in."""

    def __post_init__(self) -> None:
        """Set the system up, empty."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.truth = entries_of(self.script, self.stage)
        shown = self.faults.book(self.faults.keyed(self.truth))
        late = timedelta(days=self.faults.late_days)
        by_day = groupby(
            sorted(shown, key=lambda entry: (entry.keyed_at, entry.case.key)), key=lambda entry: entry.keyed_at.date()
        )
        self._ahead = [
            Export(at=datetime.combine(day, EXPORT, HUB_ZONE) + late, entries=tuple(entries)) for day, entries in by_day
        ]
        self.shown: list[Export] = []
        self.answering: Answering | None = None
        """Its complaint side, where it plays one."""
        self.open()

    def open(self) -> None:
        """Set the system up."""

    def environment(self) -> Mapping[str, str]:
        """Return where it is, by the names that its mapping uses."""
        return {}

    def show(self, export: Export) -> None:
        """Make one day's entries visible."""

    def answers_for(self, desk: ComplaintDesk) -> Answering:
        """Return how its complaint module takes orders and answers; NotImplementedError where it has none."""
        raise NotImplementedError(desk)

    def advance(self, to: datetime) -> None:
        """Hand over what is due up to a moment."""
        while self._ahead and self._ahead[0].at <= to:
            export = self._ahead.pop(0)
            self.show(export)
            self.shown.append(export)
        if self.answering is not None:
            self.answering.work(to)

    def close(self) -> None:
        """Stop."""

    # what the suite asks of a department under test (conformance.lab.Department) ------------------------------------

    def counts(self) -> Mapping[str, int] | None:
        """See Department."""
        return counted(self.truth)

    def keys(self) -> Sequence[str] | None:
        """See Department."""
        return sorted({entry.case.case_no for entry in self.truth})

    def keyed_at(self, case_no: str, event_type: str, occurrence: str) -> datetime | None:
        """See Department."""
        found = self._entry(case_no, event_type, occurrence)
        return found.step.recorded_at if found else None

    def occurred_at(self, case_no: str, event_type: str, occurrence: str) -> datetime | None:
        """See Department."""
        found = self._entry(case_no, event_type, occurrence)
        return found.step.occurred_at if found else None

    def _entry(self, case_no: str, event_type: str, occurrence: str) -> Entry | None:
        """Return the last thing that was keyed in of a step."""
        own = [
            entry
            for entry in self.truth
            if (entry.case.case_no, entry.step.type, entry.step.occurrence) == (case_no, event_type, occurrence)
        ]
        return own[-1] if own else None

    def answered_by(
        self,
        answers: Callable[[bytes, Mapping[str, str]], tuple[int, Mapping[str, str], bytes]],  # noqa: ARG002 - it cannot
    ) -> int | None:
        """See Department."""
        return None

    def half_written(self) -> Sequence[Path] | None:
        """See Department."""
        return None

    def afresh(self, folder: Path) -> Reference:
        """Return the same department before its first day."""
        return replace(self, folder=folder, truth=())


class Market(Reference):
    """The market regulator: finished files of the day, CSV in GB18030."""

    system: DailyFiles

    def open(self) -> None:
        """See Reference."""
        self.system = MarketFiles.__new__(MarketFiles)
        DailyFiles.__init__(self.system, (), self.folder / "market")

    def environment(self) -> Mapping[str, str]:
        """See Reference."""
        return self.system.environment()

    def show(self, export: Export) -> None:
        """See Reference."""
        if self.faults.forgets_unread:
            for old in self.system.inbox.glob("*.csv"):
                old.unlink()
        self.system.show(export)

    def half_written(self) -> Sequence[Path] | None:
        """See Department: half of a file, as it is called while it is written."""
        name = f"{self.system.stem}-19990101.{self.system.suffix}"
        lines = b"".join(self.system.lines(self.shown[0]))
        called = name if self.faults.writes_in_place else f".{name}.part"
        half = self.folder / "half"
        half.mkdir(exist_ok=True)
        (half / called).write_bytes(lines[: len(lines) * 2 // 3])
        return [half / called, half / name]


class Housing(Reference):
    """The housing department: a front-end database with the handshake."""

    system: FrontEnd

    def open(self) -> None:
        """See Reference."""
        self.system = HousingFrontEnd.__new__(HousingFrontEnd)
        FrontEnd.__init__(self.system, (), self.folder / "housing.db")
        self.system._state = {}  # noqa: SLF001 - set by its own constructor, which wants a city

    def environment(self) -> Mapping[str, str]:
        """See Reference."""
        return self.system.environment()

    def show(self, export: Export) -> None:
        """See Reference."""
        self.system.show(export)


class Office(Reference):
    """An office with a REST service."""

    system: RestOffice

    def open(self) -> None:
        """See Reference."""
        orders_token = "" if self.faults.desk.takes_from_anybody else "a token of the hub at the office"
        self.system = RestOffice("a token of the reference office", orders_token)
        self._state: dict[str, dict[str, Any]] = {}

    def environment(self) -> Mapping[str, str]:
        """See Reference."""
        return self.system.environment

    def show(self, export: Export) -> None:
        """See Reference."""
        changed = export.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.system.put([{**row, "changed_at": changed, **self._files(row)} for row in wide_rows(self._state, export)])

    def answers_for(self, desk: ComplaintDesk) -> Answering:
        """See Reference."""
        return OfficeAnswers(self.system, desk)

    def _files(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a row says of its case's files, which the service then hands out; nothing where it has none."""
        scripted = next(each for each in self.script.values() if each.case_no(self.stage.session) == row["id"])
        named = dict(list(SOUND.items())[: scripted.files])
        self.system.files |= named
        told = [
            {
                "title": name,
                "type": kind,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "link": self.system.address_of(name),
            }
            for name, (kind, content) in named.items()
        ]
        return {"files": self.faults.files(told)} if told else {}

    def close(self) -> None:
        """See Reference."""
        self.system.close()


class Centre(Reference):
    """The citizens' service centre by SOAP."""

    system: ServiceCentre

    def open(self) -> None:
        """See Reference."""
        self.system = ServiceCentre("a password of the reference centre")
        self.system.wsdl = self.faults.wsdl(self.system.wsdl)
        self._state: dict[str, dict[str, Any]] = {}

    def environment(self) -> Mapping[str, str]:
        """See Reference."""
        return self.system.environment

    def show(self, export: Export) -> None:
        """See Reference."""
        changed = written(export.at)
        rows = wide_rows(self._state, export)
        self.system.put(
            [{**{name: str(value) for name, value in row.items()}, "SBLSH": row["id"], "GXSJ": changed} for row in rows]
        )

    def close(self) -> None:
        """See Reference."""
        self.system.close()


class Sending(Reference):
    """A department that sends; what it queued is delivered to whoever answers."""

    system: Sender

    def open(self) -> None:
        """See Reference."""
        self.system = Sender(drops_when_busy=self.faults.drops_when_busy)
        self._state: dict[str, dict[str, Any]] = {}

    def show(self, export: Export) -> None:
        """See Reference."""
        if self.faults.forgets_unread:
            self.system.outbox.clear()
        self.system.put(list(wide_rows(self._state, export)))

    def answered_by(
        self, answers: Callable[[bytes, Mapping[str, str]], tuple[int, Mapping[str, str], bytes]]
    ) -> int | None:
        """See Department."""
        return self.system.deliver(answers)

    def answers_for(self, desk: ComplaintDesk) -> Answering:
        """See Reference."""
        return SenderAnswers(self.folder / "orders", desk)


def wide_rows(state: dict[str, dict[str, Any]], export: Export) -> Sequence[dict[str, Any]]:
    """Return the whole row of every case that an export touches, and remember it."""
    touched: dict[str, dict[str, Any]] = {}
    for entry in export.entries:
        row = state.setdefault(entry.case.case_no, {"id": entry.case.case_no, **about(entry.case)})
        row.update(wide(entry.step))
        touched[entry.case.case_no] = dict(row)
    return list(touched.values())


_HOUSING_ID: Final = "11321200014000028L"
_MARKET_ID: Final = "113212000140010128"

REFERENCES: Final[Mapping[str, tuple[type[Reference], Path, str, Sequence[Path]]]] = {
    "office": (Office, HERE / "office.yaml", _HOUSING_ID, (CATALOGUE,)),
    "centre": (Centre, HERE / "centre.yaml", _HOUSING_ID, (CATALOGUE, MARKET_CATALOGUE)),
    "market": (Market, MAPPINGS / "taizhou-market" / "licences.yaml", _MARKET_ID, (MARKET_CATALOGUE,)),
    "housing": (Housing, MAPPINGS / "taizhou-housing" / "permits.yaml", _HOUSING_ID, (CATALOGUE,)),
    "sender": (Sending, HERE / "sender.yaml", _HOUSING_ID, (CATALOGUE,)),
}
"""The reference departments: REST, SOAP (a centre that speaks for several), files in GB18030, a front-end database, one
that sends."""


def reference(name: str, folder: Path, stage: Stage, script: Mapping[int, Scripted], faults: Faults) -> Reference:
    """Set a reference department up in a folder."""
    kind, mapping, department_id, catalogues = REFERENCES[name]
    own = replace(stage, department=department_of(department_id))
    return kind(
        name=name,
        mapping=mapping,
        department_id=department_id,
        catalogues=catalogues,
        folder=folder,
        stage=own,
        script=script,
        faults=faults,
    )
