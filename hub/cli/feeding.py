"""Lets a private embedded hub take in a simulated city week by week, as its systems hand it over."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Any, Final

import orjson

from conformance.reference.rest_office import RestOffice
from conformance.reference.service_centre import ServiceCentre
from conformance.simulation.comparing import LAPSING, Found
from conformance.simulation.judging import key_of
from conformance.simulation.model import exports
from conformance.simulation.truth import SILENT, SILENT_WEEK
from hub import settings as settings_
from hub import wiring
from hub.cli import operate
from hub.clock import ManualClock
from hub.mapping import TOKEN_KEY
from hub.supervision.calendar import WorkCalendar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from hub.mapping import CompiledMapping
    from hub.wiring import Hub

FILES: Final = {"market": "SIM_MARKET", "urban": "SIM_URBAN", "county": "SIM_COUNTY", "archives": "SIM_ARCHIVES"}
"""Systems that hand over files, by the name under which their mapping knows the folder."""

TAKEN_BACK: Final = ("cleared", "revoked")
EVERY: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """What a hub made of a city: what it found, what it must find of its own alerts, and what it refused."""

    found: Found
    derived: Mapping[str, list[str]]
    refused: Mapping[str, int]


class Systems:
    """The departments' systems, of which each week shows more."""

    def __init__(self, folder: Path, private: Path) -> None:
        """Show what stands in `folder` by and by, in `private`."""
        self._folder, self._private = folder, private / "systems"
        self._office, self._centre = RestOffice(secrets.token_hex(8)), ServiceCentre(secrets.token_hex(8))
        for name in FILES:
            (self._private / name).mkdir(parents=True)
        self._database = self._private / "front-end.db"
        if (folder / "housing").exists():
            shutil.copyfile(folder / "housing" / "front-end.db", self._database)

    @property
    def environment(self) -> dict[str, str]:
        """Return where they are, by the names that the mappings use."""
        office, centre = self._office.environment, self._centre.environment
        return {
            **{variable: str(self._private / name) for name, variable in FILES.items()},
            "SIM_HOUSING_URL": f"sqlite:///{self._database}",
            "SIM_HOTLINE_URL": office["OFFICE_URL"],
            "SIM_HOTLINE_TOKEN": office["OFFICE_TOKEN"],
            "SIM_RESOURCES_URL": centre["CENTRE_URL"],
            "SIM_RESOURCES_PASSWORD": centre["CENTRE_PASSWORD"],
        }

    def show(self, moment: datetime) -> None:
        """Show what is handed over at a moment."""
        for name in FILES:
            for file in (self._folder / name).glob(f"{name}-{moment:%Y%m%d}.*"):
                shutil.copy2(file, self._private / name / file.name)
        for file in (self._folder / "hotline").glob(f"*-{moment:%Y%m%d}.json"):
            rows = orjson.loads(file.read_bytes())["data"]
            self._office.put([{**row, "changed_at": row["changed"], "id": row["serial"]} for row in rows])
        for file in (self._folder / "resources").glob(f"*-{moment:%Y%m%d}.xml"):
            self._centre.put(_rows_in(file.read_bytes().decode("gb18030")))

    def close(self) -> None:
        """End the services."""
        self._office.close()
        self._centre.close()


def _rows_in(envelope: str) -> list[dict[str, str]]:
    """Read the rows of a centre's answer: a document within a text."""
    rows = re.findall(r"<BJ>(.*?)</BJ>", unescape(envelope), re.DOTALL)
    return [{name: unescape(value) for name, value in re.findall(r"<(\w+)>(.*?)</\1>", row, re.DOTALL)} for row in rows]


def feed(folder: Path, private: Path, *, progress: Callable[[int], None] = lambda _: None) -> Fed:
    """Take a city in; return what was found of it. `progress` is told how many weeks are done."""
    with contextlib.ExitStack() as stack:
        systems = Systems(folder, private)
        stack.callback(systems.close)
        os.environ.update(systems.environment)
        os.environ.setdefault(TOKEN_KEY, secrets.token_hex(32))
        clock = ManualClock(exports()[0] - timedelta(days=7))
        chosen = {"SUNLIGHT_DATA_DIR": str(private / "hub")}
        hub = stack.enter_context(contextlib.closing(wiring.build(settings_.load(environment=chosen), clock=clock)))
        operate.prepare(hub)
        mappings = [wiring.load_mapping(path) for path in sorted(folder.glob("mappings/*/records.yaml"))]
        hub.register(
            mappings, [wiring.load_catalogue(path) for path in sorted(folder.glob("mappings/*/department.yaml"))]
        )
        _live(hub, clock, mappings, systems, stack, progress)
        return _told(hub)


def _live(
    hub: Hub,
    clock: ManualClock,
    mappings: Sequence[CompiledMapping],
    systems: Systems,
    stack: contextlib.ExitStack,
    progress: Callable[[int], None],
) -> None:
    reads = {each.declaration.connection: stack.enter_context(_reading(hub, each)) for each in mappings}
    line = hub.line(stack.enter_context(contextlib.closing(hub.bus())))
    stack.callback(line.release)
    line.hold()
    for week, moment in enumerate(exports()):
        clock.move_to(moment)
        systems.show(moment)
        sent = sum(read() for name, read in reads.items() if name != SILENT or week < SILENT_WEEK)
        line.settle(expected=sent)
        progress(week + 1)
    line.owner.watch_city()
    line.relay.drain()


@contextlib.contextmanager
def _reading(hub: Hub, mapping: CompiledMapping) -> Iterator[Callable[[], int]]:
    with contextlib.closing(hub.bus()) as bus, contextlib.closing(hub.source(mapping, remembers=True)) as source:
        intake = hub.intake(mapping, bus)
        yield lambda: intake.run_once(source).messages(len(hub.partitions))


def _told(hub: Hub) -> Fed:
    rows = hub.queries.alerts(limit=EVERY)
    standing: dict[str, Counter[str]] = defaultdict(Counter)
    excused: dict[str, Counter[str]] = defaultdict(Counter)
    lapsed: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        key = row["case_no"] or key_of(row["rule_id"], row["subject"], row["occurrence"])
        lapses = row["rule_id"] in LAPSING and row["level"] == "notice"
        kind = standing if row["state"] not in TAKEN_BACK else lapsed if lapses else excused
        kind[row["rule_id"]][key] += 1
    found = Found(standing=standing, excused=excused, lapsed=lapsed)
    accounts = hub.queries.accounting()
    refused = {name: each["quarantined"] for name, each in accounts.items() if each["quarantined"]}
    return Fed(found=found, derived=_derived(rows, hub.clock.now()), refused=refused)


# --- what follows from the alerts themselves, by plain loops ---------------------------------------------------------


def _derived(rows: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, list[str]]:
    """Work out R71 and R72 from the alerts of cases that stand: those about the city come in the very same look."""
    calendar = WorkCalendar()
    issued = [row for row in rows if row["state"] not in (*TAKEN_BACK, "pending") and ":" not in row["subject"]]
    waited = {
        row["alert_id"]: calendar.workdays_between(calendar.day_of(row["raised_at"]), calendar.day_of(now))
        for row in issued
    }
    late = [
        f"alert:{row['alert_id']}"
        for row in issued
        for days in (5, 10)
        if row["level"] != "notice" and waited[row["alert_id"]] > days
    ]
    heaped = [
        f"department:{about}"
        for level, window in (("notice", 31), ("yellow", 30))
        for about in _heaps(issued, level, timedelta(days=window))
    ]
    return {"R71": late, "R72": heaped}


def _heaps(issued: Sequence[Mapping[str, Any]], level: str, window: timedelta) -> Iterator[str]:
    """Yield, for every three of a level within a window, what they heap up on: none counts twice."""
    groups: dict[str, list[date | datetime]] = defaultdict(list)
    for row in issued:
        if row["level"] == level:
            matter = (
                orjson.loads(row["document"])
                .get("case", {})
                .get("matter_code", row["subject"] if ":" in row["subject"] else "")
            )
            groups[f"{row['department_id']}/{matter}" if level == "notice" else row["department_id"]].append(
                row["raised_at"]
            )
    for about, moments in groups.items():
        row_, place = sorted(moments), 0
        while place + 3 <= len(row_):
            heaped = row_[place + 2] - row_[place] <= window
            place += 3 if heaped else 1
            if heaped:
                yield about
