"""What a check works with: the connection, its pilot hub, its records, fresh stands, and a place for evidence."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from conformance.script import script_for
from conformance.telling import Telling
from connectors.fetching import open_fetcher
from hub.clock import ManualClock
from hub.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from conformance.declaration import Declared
    from conformance.door import MakeParts
    from conformance.evidence import EvidenceStore
    from conformance.model import EvidenceCode, EvidenceItem, Mode
    from conformance.roundtrip.play import RoundTrip
    from conformance.script import Scripted
    from conformance.stand import Hub, Stand, Stands
    from conformance.suite import SuiteTest
    from hub.attachments.ports import Fetcher
    from hub.mapping import CompiledMapping
    from hub.model.values import Record
    from hub.ports import Clock
    from hub.supervision.calendar import WorkCalendar


class Department(Protocol):
    """What the department under test can be asked for. None, where it cannot: then it is waited for, or not shown."""

    def counts(self) -> Mapping[str, int] | None:
        """Return how many cases it has, by matter, state and day of receipt (`matter|state|day`)."""

    def keys(self) -> Sequence[str] | None:
        """Return the number of every case it has."""

    def keyed_at(self, case_no: str, event_type: str, occurrence: str) -> datetime | None:
        """Return when something was really keyed in; None where only its own clock knows."""

    def occurred_at(self, case_no: str, event_type: str, occurrence: str) -> datetime | None:
        """Return when something really happened; None where nobody knows but itself."""

    def half_written(self) -> Sequence[Path] | None:
        """Stop amid writing a file, and return what its folder shows; None where it hands over otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A department before its first day, for tests in which nobody reads for a while."""

    days: Sequence[datetime]
    """When it hands each day over."""
    advance: Callable[[datetime], None]
    """Let it hand over what is due up to a moment."""
    read: Callable[[Stand], None]
    """Let a stand take in what there is now."""
    deliver: Callable[[Callable[[bytes, Mapping[str, str]], tuple[int, Mapping[str, str], bytes]]], int]
    """Let it send what it has to somebody who answers so; return the deliveries tried, 0 where it does not send."""
    environment: Mapping[str, str]
    """Where it is, by the names of the mapping."""
    keys: Sequence[str]
    """The number of every case that it has at the end."""


@dataclass(kw_only=True)
class Lab:
    """Everything a check needs. One for a session; `for_test` gives each test its own evidence."""

    declared: Declared
    mapping: CompiledMapping
    mapping_file: Path
    environment: Mapping[str, str]
    catalogues: Sequence[Mapping[str, Any]]
    session: str
    clock: Clock
    calendar: WorkCalendar
    pilot: Stand
    stands: Stands
    store: EvidenceStore
    parts: MakeParts
    """Hands the gateway what it needs of a stand's hub."""
    records: Callable[[], Sequence[Record]]
    """Reads, from its beginning, everything the connection's source holds."""
    department: Department | None = None
    outage: Callable[[], Outage] | None = None
    live: Hub | None = None
    roundtrip: RoundTrip | None = None
    """The session's scripted complaints; None where the connection has none."""
    orders_book: Callable[[], Sequence[Mapping[str, Any]]] | None = None
    """What the department's system has taken of orders, as it was written to it; None where it cannot be asked."""
    secrets: Sequence[str] = ()
    since: datetime | None = None
    """When the session was opened: what came before belongs to an earlier trial. None: everything counts."""
    recorded: Callable[[], Sequence[str]] | None = None
    """Names the evidence that the session's record rests on, by digest; None: all that the store holds."""
    kept: list[EvidenceItem] = field(default_factory=list)
    mode: Mode | None = None
    taken_at: datetime | None = None
    """When an edge pulled what is here; None: it came as it was received."""
    is_edge: bool = False
    """Whether its records were pulled by an edge in the department's network."""
    shared: dict[str, Any] = field(default_factory=dict)

    def for_test(self, case: SuiteTest) -> Lab:
        """Return this for one test."""
        is_pulled = self.is_edge and ("EDGE" in case.modes or case.modes[0] == "PULL")
        return replace(self, kept=[], mode="EDGE" if is_pulled else case.modes[0])

    def keep(self, code: EvidenceCode, name: str, data: object, media_type: str = "application/json") -> None:
        """Keep evidence: bytes as they are, anything else as JSON."""
        raw = data if isinstance(data, bytes) else orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS, default=str)
        self.kept.append(self.store.keep(code, name, raw, media_type))

    @property
    def connection(self) -> str:
        """Return the connection's id."""
        return self.mapping.declaration.connection

    @property
    def claims(self) -> Sequence[str]:
        """Return what the department claims to be able to do."""
        return tuple(self.declared.document["claims"])

    @property
    def complaints(self) -> RoundTrip:
        """Return the session's scripted complaints."""
        if self.roundtrip is None:
            hint = "declare the flow complaints, with the mappings of answers and orders"
            raise Unavailable("this session has no complaints", place=self.connection, hint=hint)
        return self.roundtrip

    @property
    def script(self) -> Mapping[int, Scripted]:
        """Return the scripted cases by number."""
        return script_for(self.claims)

    @property
    def departments(self) -> Sequence[str]:
        """Return the departments that the connection may speak for."""
        return sorted(self.mapping.declaration.departments)

    def evidence(self) -> Sequence[str]:
        """Return the digest of every piece of evidence that the session rests on so far."""
        return self.recorded() if self.recorded is not None else self.store.names()

    def given(self) -> Sequence[Record]:
        """Return the records of the source that can be decoded, at least one; read once a run."""
        if "records" not in self.shared:
            self.shared["records"] = [each for each in self.records() if each.refused is None]
        found: Sequence[Record] = self.shared["records"]
        if not found:
            hint = "give an export: --data FILE; or let the department send, and run it again"
            raise Unavailable("the source has no record that can be read", place=self.connection, hint=hint)
        return found

    def events(self) -> Sequence[dict[str, Any]]:
        """Return the connection's canonical events that came to the pilot hub in this session; read once a run."""
        if "events" not in self.shared:
            self.shared["events"] = [each for each in self.pilot.events() if self._is_own(each["receivedat"])]
        found: Sequence[dict[str, Any]] = self.shared["events"]
        return found

    def cases(self) -> Mapping[str, dict[str, Any]]:
        """Return the cases in the pilot hub that the connection reports, by number: not those of the suite's centre."""
        return {no: row for no, row in self.pilot.cases().items() if row["connection_id"] == self.connection}

    def watched(self) -> Mapping[str, dict[str, Any]]:
        """Return the cases of which something came in this session, by number."""
        touched = {each["data"]["case"]["case_no"] for each in self.events()}
        return {no: row for no, row in self.cases().items() if no in touched}

    def reports(self) -> Sequence[dict[str, Any]]:
        """Return the connection's read-reports of this session in the pilot hub."""
        reports = self.pilot.entries("report")
        return [
            each for each in reports if each["data"]["connection_id"] == self.connection and self._is_own(each["time"])
        ]

    def refused(self) -> Sequence[dict[str, Any]]:
        """Return what was refused of the connection in this session, newest first."""
        return [row for row in self.pilot.quarantine() if self.since is None or row["received_at"] >= self.since]

    def _is_own(self, text: str) -> bool:
        """Tell whether something came in this session, by the instant of a document."""
        return self.since is None or datetime.fromisoformat(text) >= self.since

    def scripted_events(self) -> Mapping[int, Sequence[dict[str, Any]]]:
        """Return the events of each scripted case by its number, in order of time."""
        by_no = {case.case_no(self.session): number for number, case in self.script.items()}
        found: dict[int, list[dict[str, Any]]] = {number: [] for number in self.script}
        for event in self.events():
            case = event["data"]["case"]
            marker = next((no for no in by_no if no == case["case_no"] or no in case.get("title", "")), None)
            if marker is not None:
                found[by_no[marker]].append(event)
        return {number: sorted(events, key=lambda each: str(each["time"])) for number, events in found.items()}

    def unseen(self) -> Sequence[str]:
        """Return the markers of scripted cases of which nothing has come yet."""
        seen = self.scripted_events()
        return [self.script[number].case_no(self.session) for number, events in seen.items() if not events]

    def stand(
        self, *, now: datetime | None = None, catalogues: Sequence[Mapping[str, Any]] | None = None, **how: Any
    ) -> Stand:
        """Return a fresh stand, at the present moment unless told, with a clock that the check moves."""
        chosen = self.catalogues if catalogues is None else catalogues
        return self.stands.new(self.mapping, chosen, ManualClock(now or self.clock.now()), **how)

    def collect(self, stand: Stand, fetcher: Callable[[str], Fetcher | None] | None = None) -> None:
        """Let a stand fetch the files that are due: by `fetcher`, or from where the mapping says."""
        declared = self.mapping.declaration
        chosen = fetcher or (lambda _: open_fetcher(declared, self.environment))
        with contextlib.closing(stand.hub.collector(stand.hub.bus(), chosen)) as collector:
            while collector.step():
                pass

    def telling(self, stand: Stand, **how: Any) -> Telling:
        """Return a read of this connection, as it would publish one; its cases are of a matter with limits."""
        department, matter = self.matter()
        base = {
            "family": "application",
            "department_id": department["department_id"],
            "region_code": department["region_code"],
            "matter_code": matter["matter_code"],
            "power_type": matter["power_type"],
            "disclosure": {"class": "public"},
        }
        said = {"connection": self.connection, "fingerprint": self.mapping.fingerprint, "zone": self.calendar.zone}
        return Telling(base=base, received_at=stand.hub.clock.now(), **{**said, **how})

    def matter(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Return a department of the connection, and a matter of it that has both limits in working days."""
        for catalogue in self.catalogues:
            for matter in catalogue["matters"]:
                both = [matter.get(name, {}).get("unit") for name in ("promised_limit", "statutory_limit")]
                if both == ["working_day"] * 2 and catalogue["department"]["department_id"] in self.departments:
                    return catalogue["department"], matter
        hint = "list one with promised_limit and statutory_limit in working days in department.yaml"
        raise Unavailable("no matter of this connection has both limits", place=self.connection, hint=hint)

    def matter_of(self, event: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Return the department and the matter of an event, by the catalogue."""
        code = event["data"]["case"].get("matter_code")
        for catalogue in self.catalogues:
            for matter in catalogue["matters"]:
                if matter["matter_code"] == code:
                    return catalogue["department"], matter
        raise LookupError(f"no catalogue lists matter {code}")
