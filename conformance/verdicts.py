"""Rolls verdicts up: how a session and each of its levels stand, and whether it may be certified."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from conformance.model import LEVELS, LevelTally, Lifecycle, Summary, Verdict, Words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date

    from conformance.model import Footer, Header, Level, Result, Waiver

NEVER_RUN: Final = "never_run"
WORST_FIRST: Final = (
    Verdict.ERROR,
    Verdict.FAIL,
    Verdict.SKIP,
    Lifecycle.REVIEW,
    Lifecycle.WAITING,
    NEVER_RUN,
    Verdict.WARN,
    Verdict.ATTESTED,
    Verdict.PASS,
    Verdict.OMIT,
)
"""Roll-up order (conformance specification, 3.3)."""

GOOD: Final = frozenset({Verdict.PASS, Verdict.WARN, Verdict.ATTESTED})
STRICT_GROUPS: Final = frozenset({"CNF", "IDA"})
"""Groups in which a warning is not good enough: confidentiality and identity."""

MOST_ATTESTED: Final = 3
"""Must tests of a level that may stand on a signed statement alone. Our own proposal; nothing else caps them."""

MOST_WAIVED: Final = 2
"""Must tests of a level that may be waived. Our own proposal: fewer than are attested, for nobody answers for them."""

SIGNED_BY: Final = 2
"""Roles that sign a connection's declaration: the data's owner, and who is responsible for the system."""

EXIT_CODES: Final[Mapping[str, int]] = {
    Verdict.ERROR: 3,
    Verdict.FAIL: 1,
    Verdict.SKIP: 2,
    Lifecycle.REVIEW: 2,
    Lifecycle.WAITING: 2,
    NEVER_RUN: 2,
}
"""What a command ends with where a session is not certifiable; 0 where it is, 4 for usage, 5 for want of evidence."""

USAGE, UNKNOWN = 4, 5


def standing_of(result: Result | None) -> str:
    """Say how one planned test stands: its verdict, what it waits for, or that it never ran."""
    if result is None or result.lifecycle in {Lifecycle.CREATED, Lifecycle.QUEUED, Lifecycle.RUNNING}:
        return NEVER_RUN
    if result.lifecycle is Lifecycle.CANCELLED:
        return Verdict.SKIP
    return result.verdict or result.lifecycle


def worst(standings: Iterable[str]) -> str:
    """Return the worst of these standings; `omit` where there are none."""
    return min(standings, key=WORST_FIRST.index, default=Verdict.OMIT)


def in_force(results: Iterable[Result]) -> dict[str, Result]:
    """Return the last attempt at each test."""
    return {result.test: result for result in sorted(results, key=lambda result: result.attempt)}


def is_good(result: Result | None) -> bool:
    """Tell whether a must test is shown well enough to certify on."""
    if result is None or result.verdict not in GOOD:
        return False
    return result.verdict is not Verdict.WARN or result.group not in STRICT_GROUPS


def is_given(waiver: Waiver) -> bool:
    """Tell whether a waiver was confirmed, by somebody else than who asked for it."""
    return bool(waiver.confirmed_by) and waiver.confirmed_by != waiver.by


def may_be_waived(test: str, core: Collection[str]) -> bool:
    """Tell whether a connection may be certified without a test: never one of ★, of confidentiality or of identity."""
    return test not in core and test.partition("-")[0] not in STRICT_GROUPS


def exit_code(summary: Summary) -> int:
    """Return what a command ends with."""
    if summary.is_certifiable:
        return 0
    return EXIT_CODES.get(summary.standing, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What there is to roll up: the header, the planned tests' levels and severities, what was waived, and the day."""

    header: Header
    tests: Mapping[str, tuple[Level, str]]
    waivers: Sequence[Waiver] = ()
    core: Collection[str] = ()
    """The tests of the first release (★), which nothing is certified without."""
    today: date
    omitted: Mapping[str, int] = field(default_factory=dict)
    """How many must tests of each level are left out as not applicable."""

    def of(self, level: Level) -> Sequence[str]:
        """Return the planned tests of one level."""
        return [test for test in self.header.planned if self.tests[test][0] == level]

    def is_must(self, test: str) -> bool:
        """Tell whether a test has to be passed."""
        return self.tests[test][1] == "must"

    def waiver_of(self, test: str) -> Waiver | None:
        """Return the last waiver that two people gave for a test, whether or not it holds still; None: none was."""
        given = [each for each in self.waivers if each.test == test and is_given(each)]
        return given[-1] if given and may_be_waived(test, self.core) else None

    def is_waived(self, test: str) -> bool:
        """Tell whether a waiver holds for a test today."""
        waiver = self.waiver_of(test)
        return waiver is not None and waiver.until >= self.today


def summarise(plan: Plan, results: Sequence[Result], footer: Footer | None, *, bundle_sha256: str = "") -> Summary:
    """Return what a session came to."""
    held, planned = in_force(results), plan.header.planned
    standings = {test: standing_of(held.get(test)) for test in planned}
    levels = tallies(plan, held)
    obstacles = [obstacle for tally in levels for obstacle in tally.obstacles]
    if footer is None:
        obstacles.append(Words(zh="会话尚未结束：没有结尾行", en="the session is not ended: it has no footer"))
    return Summary(
        header=plan.header,
        lifecycle=_lifecycle(held.values(), ended=footer is not None),
        standing=worst(standings.values()),
        is_certifiable=not obstacles,
        obstacles=obstacles,
        levels=levels,
        results=[held[test] for test in planned if test in held],
        simulated=[test for test in planned if test in held and held[test].simulated],
        attested=[test for test, standing in standings.items() if standing == Verdict.ATTESTED],
        waivers=plan.waivers,
        rests_on=[waiver for test in planned if (waiver := _rests_on(plan, test, held.get(test))) is not None],
        ended_at=footer.ended_at if footer else None,
        has_footer=footer is not None,
        bundle_sha256=bundle_sha256,
        counts=dict(Counter(str(standing) for standing in standings.values())),
    )


def _rests_on(plan: Plan, test: str, result: Result | None) -> Waiver | None:
    """Return the waiver by which alone a must test does not stand against certifying."""
    is_needed = plan.is_must(test) and not is_good(result) and plan.is_waived(test)
    return plan.waiver_of(test) if is_needed else None


def _lifecycle(results: Iterable[Result], *, ended: bool) -> Lifecycle:
    if ended:
        return Lifecycle.DONE
    found = {result.lifecycle for result in results}
    for lifecycle in (Lifecycle.RUNNING, Lifecycle.WAITING, Lifecycle.REVIEW):
        if lifecycle in found:
            return lifecycle
    return Lifecycle.RUNNING if found else Lifecycle.CREATED


def tallies(plan: Plan, held: Mapping[str, Result]) -> Sequence[LevelTally]:
    """Return how each level up to the target stands."""
    found: list[LevelTally] = []
    is_reached = True
    for level in LEVELS[: LEVELS.index(plan.header.target) + 1]:
        own = plan.of(level)
        obstacles = [*_unsigned(plan, level), *_untested(plan, level), *_obstacles(plan, level, held)]
        is_reached = is_reached and not obstacles
        standings = {test: str(standing_of(held.get(test))) for test in own}
        days = [held[test].started_at.date() for test in own if test in held]
        tally = LevelTally(
            level=level,
            standing=worst(standings.values()),
            is_reached=is_reached,
            must={
                **Counter(standing for test, standing in standings.items() if plan.is_must(test)),
                str(Verdict.OMIT): plan.omitted.get(level, 0),
            },
            planned=len(own),
            executed=sum(held[test].lifecycle is Lifecycle.DONE for test in own if test in held),
            oldest_evidence=min(days, default=None),
            obstacles=obstacles,
        )
        found.append(tally)
    return found


def _unsigned(plan: Plan, level: Level) -> Sequence[Words]:
    """Say whether the declaration, which alone makes C0, lacks its two signatures."""
    roles = {signature.role for signature in plan.header.signatures}
    if level != "C0" or len(roles) >= SIGNED_BY:
        return ()
    zh = f"申报须由 {SIGNED_BY} 个不同角色签署，现有 {len(roles)} 个"
    return [Words(zh=zh, en=f"the declaration is signed by {len(roles)} of {SIGNED_BY} roles")]


def _untested(plan: Plan, level: Level) -> Sequence[Words]:
    """Say that nothing shows a level of whose tests none is planned: what nobody looked at is not reached."""
    if level == "C0" or plan.of(level):
        return ()
    return [Words(zh=f"{level} 没有适用的测试，无从证明", en=f"no test of {level} applies: nothing shows it")]


def _obstacles(plan: Plan, level: Level, held: Mapping[str, Result]) -> Sequence[Words]:
    """Say what keeps one level from being certified."""
    own = plan.of(level)
    found = [words for test in own if (words := _obstacle(plan, test, held.get(test))) is not None]
    attested = sum(held[test].verdict is Verdict.ATTESTED for test in own if test in held)
    if attested > MOST_ATTESTED:
        zh = f"{level} 有 {attested} 项仅凭声明，至多 {MOST_ATTESTED} 项"
        found.append(Words(zh=zh, en=f"{attested} tests of {level} are only attested, at most {MOST_ATTESTED} may be"))
    waived = [test for test in own if _rests_on(plan, test, held.get(test))]
    if len(waived) > MOST_WAIVED:
        zh = f"{level} 豁免 {len(waived)} 项，至多 {MOST_WAIVED} 项"
        found.append(Words(zh=zh, en=f"{len(waived)} tests of {level} are waived, at most {MOST_WAIVED} may be"))
    return [*found, *_never_really_run(plan, level, held)]


def _obstacle(plan: Plan, test: str, result: Result | None) -> Words | None:
    """Say how one test keeps a connection from being certified, if it does."""
    standing = standing_of(result)
    if plan.is_must(test) and not is_good(result) and not plan.is_waived(test):
        lapsed = plan.waiver_of(test) is not None
        zh, en = ("，豁免已过期", ", and its waiver has lapsed") if lapsed else ("", "")
        return Words(zh=f"{test} 未通过：{standing}{zh}", en=f"{test} is not passed: {standing}{en}")
    if standing in {NEVER_RUN, Lifecycle.WAITING, Lifecycle.REVIEW}:
        return Words(zh=f"{test} 已计划、未执行：{standing}", en=f"{test} is planned and not executed: {standing}")
    return None


def _never_really_run(plan: Plan, level: Level, held: Mapping[str, Result]) -> Sequence[Words]:
    """Say which groups have no must test that was really executed, rather than attested or waived."""
    musts = [test for test in plan.of(level) if plan.is_must(test)]
    really = {Verdict.PASS, Verdict.WARN, Verdict.FAIL}
    run = {held[test].group for test in musts if test in held and held[test].verdict in really}
    missing = sorted({test.partition("-")[0] for test in musts} - run)
    return [
        Words(
            zh=f"{level} 的 {group} 组没有实际执行的必测项",
            en=f"no must test of {group} at {level} was really executed",
        )
        for group in missing
    ]
