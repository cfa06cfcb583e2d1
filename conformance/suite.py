"""Loads the suites: every test with its words, its requirement and the function that checks it."""

from __future__ import annotations

import hashlib
import importlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml import YAML

from conformance.applicability import applies
from conformance.lines import read_as
from conformance.model import LEVELS, Omission, Words
from hub.errors import Fault, Misconfigured, in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.declaration import Declared
    from conformance.finding import Finding
    from conformance.lab import Lab
    from conformance.model import EvidenceCode, Level, Mode, Result, Severity, Subject

SUITES: Final = Path(__file__).parent / "suites"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One thing a connection, or the hub, shall or should do."""

    id: str
    keyword: str
    actor: str
    text: Words
    not_tested: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteTest:
    """One test. `check` is `module:function`, empty where `not_tested` says why it cannot be run."""

    id: str
    title: Words
    verifies: Sequence[str]
    level: Level
    severity: Severity
    subject: Subject
    core: bool
    """Whether it is of the first release (★)."""
    applies: str
    modes: Sequence[Mode]
    evidence: Sequence[EvidenceCode]
    check: str = ""
    mutants: Sequence[str] = ()
    not_tested: str = ""
    wait_days: int = 0
    """Working days for which it may wait for what people do."""

    @property
    def group(self) -> str:
        """Return its group."""
        return self.id.partition("-")[0]

    def function(self) -> Callable[[Lab], Finding]:
        """Return what checks it."""
        module, _, name = self.check.partition(":")
        found: Callable[[Lab], Finding] = getattr(importlib.import_module(module), name)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """All tests in order, all requirements, and the ids that were retired."""

    version: str
    sha256: str
    groups: Mapping[str, Words]
    tests: Mapping[str, SuiteTest]
    requirements: Mapping[str, Requirement]
    retired: frozenset[str]

    def case(self, name: str, result: Result | None = None) -> SuiteTest:
        """Return a test; of one that this suite does not have any more what its last `result` tells of it.

        Old sessions stay readable. A test that is retired and never ran counts as a must of the first level: nothing
        is certified on a session that lacks it.
        """
        if name in self.tests:
            return self.tests[name]
        return SuiteTest(
            id=name,
            title=Words(zh="已停用的用例", en="a test that was retired"),
            verifies=(),
            level=result.level if result else "C1",
            severity=result.severity if result else "must",
            subject=result.subject if result else "joint",
            core=False,
            applies="True",
            modes=(result.mode,) if result else (),
            evidence=(),
        )

    def requirement_of(self, test: str) -> Words:
        """Return what a test verifies, in words."""
        texts = [self.requirements[name].text for name in self.case(test).verifies]
        return Words(zh="".join(text.zh for text in texts), en=" ".join(text.en for text in texts))

    def plan(self, declared: Declared, target: Level) -> Planned:
        """Decide which tests are a connection's own up to a level, and why the others are not."""
        within = [case for case in self.tests.values() if LEVELS.index(case.level) <= LEVELS.index(target)]
        fitting = {case.id for case in within if applies(case.applies, declared.names)}
        return Planned(
            tests=tuple(case for case in within if case.id in fitting and not case.not_tested),
            omitted=tuple(_omitted(case) for case in within if case.id not in fitting),
            not_tested=tuple(
                Omission(test=case.id, why=Words(zh="本版套件尚不能执行", en=case.not_tested))
                for case in within
                if case.id in fitting and case.not_tested
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The tests of one connection."""

    tests: Sequence[SuiteTest]
    omitted: Sequence[Omission]
    not_tested: Sequence[Omission]


def why_it_applies(case: SuiteTest) -> Words:
    """Say in words why a test is a connection's own."""
    if case.applies == "True":
        return Words(zh="适用于所有接入", en="every connection")
    return Words(zh=f"申报：{case.applies}", en=f"declared: {case.applies}")


def _omitted(case: SuiteTest) -> Omission:
    return Omission(test=case.id, why=Words(zh=f"按申报不适用：{case.applies}", en=f"not declared: {case.applies}"))


@lru_cache(maxsize=4)
def load_suite(folder: Path = SUITES) -> Suite:
    """Load every suite of `folder`; Misconfigured where one is not of its shape."""
    head = _document(folder / "suite.yaml")
    digest, groups, tests = hashlib.sha256(), {}, {}
    for name in ("suite.yaml", "requirements.yaml"):
        digest.update((folder / name).read_bytes())
    for group in head["groups"]:
        path = folder / f"{group}.yaml"
        digest.update(path.read_bytes())
        document = _document(path)
        groups[group] = Words(**document["title"])
        for each in document["tests"]:
            tests[each["id"]] = read_as(SuiteTest, each)
    requirements = [read_as(Requirement, each) for each in _document(folder / "requirements.yaml")["requirements"]]
    return Suite(
        version=head["version"],
        sha256=digest.hexdigest(),
        groups=groups,
        tests=tests,
        requirements={requirement.id: requirement for requirement in requirements},
        retired=frozenset(head["retired"]),
    )


def _document(path: Path) -> Any:
    try:
        return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except OSError as missing:
        raise Misconfigured(Fault(code="suite.missing", problem=in_words(missing), file=str(path))) from missing
