"""What a right hub must find in a simulated city: planted case by case, and counted where many cases speak."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from conformance.simulation.days import PENDING_ON, SPEAKING, UNBALANCED
from conformance.simulation.directory import FAULTS, documents
from conformance.simulation.model import WEEKS
from conformance.simulation.others import REPEATED
from conformance.simulation.plan import OFFICES
from conformance.simulation.told import connection_of
from hub.model import ids

if TYPE_CHECKING:
    from collections.abc import Collection

    from conformance.simulation.model import SimCase

MONTHS: Final = ("2026-04", "2026-05")
"""Full months that all departments were heard of through."""

LATE_SHARE: Final = Decimal("0.05")
PEERS: Final = 20
DEVIATIONS: Final = 3
SILENT_WEEK: Final = 4
"""From this week on the archives hand over nothing."""

SILENT: Final = "sim.archives"


class Truth:
    """Gathers, case by case, what must be found. Keys of findings about no case are `<subject>|<occurrence>`."""

    def __init__(self, systems: Collection[str] = tuple(OFFICES)) -> None:
        """Begin with what the catalogue and the silent connection of these systems give away."""
        self._systems = systems
        self.planted: dict[str, Counter[str]] = defaultdict(Counter)
        self.near: dict[str, Counter[str]] = defaultdict(Counter)
        self.excused: dict[str, Counter[str]] = defaultdict(Counter)
        self.records: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.cases = self.events = 0
        self._penalties: dict[tuple[str, str], list[tuple[str, Decimal]]] = defaultdict(list)
        self._opened: Counter[tuple[str, str]] = Counter()
        self._late: Counter[tuple[str, str]] = Counter()
        self._groups: set[str] = set()
        for rule, subject in FAULTS.items() if "resources" in systems else ():
            self.planted[rule][subject] += 1
        if SILENT in map(connection_of, systems):
            self.planted["R46"][f"connection:{SILENT}"] += 1

    def tell_days(self) -> None:
        """Take in the days of which a department says what the hub cannot hold, or need not hold yet."""
        for kind, days in (("planted", UNBALANCED), ("near", (PENDING_ON,))):
            getattr(self, kind)["R48"].update(f"connection:{connection_of(SPEAKING)}|{day}" for day in days)

    def add(self, case: SimCase, connection: str) -> None:
        """Take one case in."""
        self.cases += 1
        self.events += len({(step.type, step.occurrence) for step in case.steps})
        for kind, named in (
            ("planted", case.scenario.planted),
            ("near", case.scenario.near),
            ("excused", case.scenario.excused),
        ):
            for rule in named:
                getattr(self, kind)[rule][self._key(rule, case)] += 1
        if case.scenario.name == REPEATED:
            self._groups.add(case.about["complaint"]["related_case_no"])
        self._count(case, connection)

    def _key(self, rule: str, case: SimCase) -> str:
        numbers = [step.fields["refers_to"] for step in case.steps if "refers_to" in step.fields]
        return numbers[0] if rule == "R49" and numbers else case.case_no

    def _count(self, case: SimCase, connection: str) -> None:
        month = min(step.occurred_at for step in case.steps).strftime("%Y-%m")
        whose = case.about["department_id"], month
        self._opened[whose] += 1
        self._late[whose] += "R44" in case.scenario.planted
        decided = [step for step in case.steps if step.type == "penalty.decided"]
        if decided:
            said = max(decided, key=lambda step: step.version).fields["discretion"]
            subject = f"case:{ids.case_id(connection, case.case_no)}"
            self._penalties[said["violation_code"], said["tier_code"]].append((subject, Decimal(said["amount"])))

    def as_document(self, *, seed: int) -> dict[str, Any]:
        """Return the whole truth, with what follows from many cases."""
        self._across()
        return {
            "seed": seed,
            "cases": self.cases,
            "events": self.events,
            "weeks": WEEKS,
            "systems": sorted(self._systems),
            "records": dict(sorted(self.records.items())),
            "refused": dict(sorted(self.refused.items())),
            **{name: _plain(getattr(self, name)) for name in ("planted", "near", "excused")},
            "derived": {
                "R71": "every standing yellow or red alert older than 5 working days; red too after 10",
                "R72": "three notices of a matter within 31 days, three yellows of a department within 30",
            },
        }

    def _across(self) -> None:
        for document in documents(self._systems).values():
            department = document["department"]["department_id"]
            for month in MONTHS:
                if document["matters"] and not self._opened[department, month]:
                    self.planted["R47"][f"department:{department}|{month}"] = 1
        for number in sorted(self._groups):
            self.planted["R64"][number] = 1
        for (department, month), late in sorted(self._late.items()):
            if month in MONTHS and late > LATE_SHARE * self._opened[department, month]:
                self.planted["R44"][f"department:{department}|rate:{month}"] = 1
        for peers in self._penalties.values():
            for place, (subject, amount) in enumerate(peers):
                others = [each for other, (_, each) in enumerate(peers) if other != place]
                if len(others) >= PEERS and _deviates(amount, others):
                    self.planted["R29"][subject] = 1


def _deviates(amount: Decimal, others: list[Decimal]) -> bool:
    middle = median(others)
    spread = median(abs(each - middle) for each in others)
    return bool(spread) and abs(amount - middle) > DEVIATIONS * spread


def _plain(found: dict[str, Counter[str]]) -> dict[str, list[str]]:
    """Write each finding as often as it is to be made."""
    return {rule: sorted(keys.elements()) for rule, keys in sorted(found.items())}
