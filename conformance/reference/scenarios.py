"""Which kinds of cases the city has, and what each must lead to: planted findings, near misses, ordinary ones.

`truth` of a scenario names the rules of which an alert is raised at some time, also where it is cleared or revoked
later: a promise that is broken was first near its limit, so R14 never comes without R13. Every scenario stays a day and
more away from the moments on which a slow reader and a fast one could disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from conformance.reference.story import Life, Rewrite

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from conformance.reference.directory import CityMatter

LifeOf: TypeAlias = "Callable[[Random, CityMatter], Life]"

ACCEPTANCE_DAYS: Final = 5
"""Working days within which an application is answered (Licensing Law art. 32)."""

DELIVERY_DAYS: Final = 10
"""Working days within which a licence is delivered after the decision (Licensing Law art. 44)."""

SETTLED_DAYS: Final = 3
"""Working days before the city's end by which every planted finding has come about."""

ROOMY_DAYS: Final = 10
"""Least promised limit of the matters in which an entry can be late and still before every notice."""

PAUSE_DAYS: Final = 8
EXTENSION_DAYS: Final = 6

IDLE_DAYS: Final = 30
"""Working days after which a suspended case of which nothing more is heard is called (R20)."""


def is_promised(matter: CityMatter) -> bool:
    """Tell whether a matter is handled within a promised limit."""
    return matter.is_promised


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One kind of case. `share` of all cases; `near` is the rule that it narrowly does not break.

    `span` is the number of working days from receipt after which nothing more comes of it (None: the city's end may
    cut it short); `open_to_end` places the receipt so that the end falls between the promised and the statutory limit.
    """

    name: str
    share: float
    life: LifeOf
    truth: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    span: Callable[[CityMatter], int] | None = None
    open_to_end: bool = False
    fits: Callable[[CityMatter], bool] = is_promised
    needs_decisions: bool = False


def quiet_day(matter: CityMatter) -> int:
    """Return the last working day after acceptance on which a case ends before its notice is due."""
    return matter.promised_days - matter.lead_days - 1


def _quick(rng: Random, matter: CityMatter) -> int:
    return rng.randint(1, quiet_day(matter))


def _deliver(rng: Random) -> int:
    return rng.randint(0, 7)


def _plain(rng: Random, matter: CityMatter) -> Life:
    return Life(accept=rng.randint(0, 2), decide=_quick(rng, matter), deliver=_deliver(rng))


def _supplemented(rng: Random, matter: CityMatter) -> Life:
    asked, answered = rng.randint(1, 2), rng.randint(2, 7)
    return Life(
        supplement=(asked, answered), accept=rng.randint(1, 2), decide=_quick(rng, matter), deliver=_deliver(rng)
    )


def _paused(rng: Random, matter: CityMatter) -> Life:
    kind = rng.choice(("testing", "expert_review", "inspection", "hearing"))
    decide = PAUSE_DAYS + _quick(rng, matter)
    return Life(special=(1, PAUSE_DAYS, kind), decide=max(decide, PAUSE_DAYS + 2), deliver=_deliver(rng))


def _suspended(rng: Random, _: CityMatter) -> Life:
    return Life(accept=rng.randint(0, 2), special=(1, None, "expert_review"))


def _denied(rng: Random, matter: CityMatter) -> Life:
    return Life(accept=rng.randint(0, 2), decide=_quick(rng, matter), deliver=_deliver(rng), result="denied")


def _extended_to(decide: int, matter: CityMatter) -> Life:
    return Life(extension=(max(1, quiet_day(matter) - 1), EXTENSION_DAYS), decide=decide, deliver=3)


def _decided(day: int, *, deliver: int | None = 3) -> Life:
    return Life(decide=day, deliver=deliver)


def _on_the_spot(_: Random, __: CityMatter) -> Life:
    return Life(accept=0, decide=0, deliver=0, at_once=True)


def _is_roomy(matter: CityMatter) -> bool:
    return matter.promised_days >= ROOMY_DAYS


def _is_spot(matter: CityMatter) -> bool:
    return not matter.is_promised


def _to_promise(matter: CityMatter) -> int:
    return matter.promised_days + 12


def _past_statute(matter: CityMatter) -> int:
    return matter.statutory_days + 12


ORDINARY: Final = (
    Scenario(name="plain", share=0.60, life=_plain),
    Scenario(name="supplemented", share=0.12, life=_supplemented),
    Scenario(name="paused", share=0.08, life=_paused, near=("R19",)),
    Scenario(name="on the spot", share=0.08, life=_on_the_spot, fits=_is_spot, near=("R44",)),
    Scenario(name="denied", share=0.05, life=_denied),
    Scenario(name="not accepted", share=0.03, life=lambda rng, _: Life(accept=rng.randint(0, 3), refused=True)),
    Scenario(name="withdrawn", share=0.03, life=lambda rng, m: Life(withdraw=_quick(rng, m))),
    Scenario(name="suspended", share=0.01, life=_suspended, open_to_end=True),
)
"""What most cases are like, by share of those that are not planted. None of them may raise anything."""

PLANTED: Final = (
    Scenario(
        name="accepted on the last day",
        share=0.015,
        truth=("R10",),
        life=lambda r, m: Life(accept=ACCEPTANCE_DAYS, decide=_quick(r, m), deliver=2),
        span=_to_promise,
    ),
    Scenario(
        name="answered late after a supplement",
        share=0.006,
        truth=("R10",),
        life=lambda r, m: Life(supplement=(1, 3), accept=ACCEPTANCE_DAYS, decide=_quick(r, m), deliver=2),
        span=_to_promise,
    ),
    Scenario(
        name="accepted before the notice",
        share=0.012,
        near=("R10",),
        life=lambda r, m: Life(accept=ACCEPTANCE_DAYS - 2, decide=_quick(r, m), deliver=2),
        span=_to_promise,
    ),
    Scenario(
        name="decided after the notice",
        share=0.020,
        truth=("R13",),
        life=lambda _, m: _decided(m.promised_days - m.lead_days + 1),
        fits=_is_roomy,
        span=_to_promise,
    ),
    Scenario(
        name="decided on the day before the notice",
        share=0.012,
        near=("R13",),
        life=lambda _, m: _decided(quiet_day(m)),
        span=_to_promise,
    ),
    Scenario(
        name="extended before the notice",
        share=0.008,
        near=("R13", "R14"),
        life=lambda _, m: _extended_to(quiet_day(m) + EXTENSION_DAYS, m),
        fits=_is_roomy,
        span=_past_statute,
    ),
    Scenario(
        name="saved by a lawful pause",
        share=0.008,
        near=("R13", "R14"),
        life=lambda _, m: Life(special=(1, PAUSE_DAYS, "testing"), decide=quiet_day(m) + PAUSE_DAYS, deliver=3),
        span=_past_statute,
    ),
    Scenario(
        name="decided on the last promised day",
        share=0.012,
        truth=("R13",),
        near=("R14",),
        life=lambda _, m: _decided(m.promised_days),
        span=_to_promise,
    ),
    Scenario(
        name="promise broken",
        share=0.020,
        truth=("R13", "R14"),
        life=lambda r, m: _decided(r.randint(m.promised_days + 1, m.statutory_days - 1)),
        span=_past_statute,
    ),
    Scenario(
        name="promise broken despite an unlawful pause",
        share=0.004,
        truth=("R13", "R14", "R19"),
        life=lambda _, m: Life(special=(1, 3, "other"), decide=m.promised_days + 2, deliver=3),
        span=_past_statute,
    ),
    Scenario(
        name="suspended for long",
        share=0.004,
        truth=("R20",),
        life=lambda _, __: Life(special=(1, None, "expert_review")),
        span=lambda _: IDLE_DAYS + 4,
    ),
    Scenario(
        name="resumed on the last day",
        share=0.004,
        near=("R20",),
        life=lambda _, __: Life(special=(1, IDLE_DAYS, "testing"), decide=IDLE_DAYS + 2, deliver=3),
        fits=_is_roomy,
        span=lambda _: IDLE_DAYS + 12,
    ),
    Scenario(
        name="open past its promise",
        share=0.010,
        truth=("R13", "R14"),
        life=lambda _, __: Life(accept=1),
        open_to_end=True,
    ),
    Scenario(
        name="decided on the last statutory day",
        share=0.008,
        truth=("R13", "R14"),
        near=("R15",),
        life=lambda _, m: _decided(m.statutory_days),
        span=_past_statute,
    ),
    Scenario(
        name="statute broken",
        share=0.010,
        truth=("R13", "R14", "R15"),
        life=lambda r, m: _decided(m.statutory_days + r.randint(1, 4)),
        span=_past_statute,
    ),
    Scenario(
        name="open past its statute",
        share=0.006,
        truth=("R13", "R14", "R15"),
        life=lambda _, __: Life(accept=1),
        span=_past_statute,
    ),
    Scenario(
        name="delivered late",
        share=0.012,
        truth=("R40",),
        life=lambda r, m: _decided(_quick(r, m), deliver=DELIVERY_DAYS + r.randint(1, 4)),
        needs_decisions=True,
        span=lambda m: m.promised_days + 18,
    ),
    Scenario(
        name="never delivered",
        share=0.006,
        truth=("R40",),
        life=lambda r, m: _decided(_quick(r, m), deliver=None),
        needs_decisions=True,
        span=lambda m: m.promised_days + 18,
    ),
    Scenario(
        name="delivered on the last day",
        share=0.010,
        near=("R40",),
        life=lambda r, m: _decided(_quick(r, m), deliver=DELIVERY_DAYS),
        needs_decisions=True,
        span=lambda m: m.promised_days + 18,
    ),
    Scenario(
        name="acceptance keyed in late",
        share=0.008,
        truth=("R44",),
        life=lambda r, _: Life(accept=0, decide=6, deliver=3, late={"case.accepted": r.randint(2, 3)}),
        fits=_is_roomy,
        span=_to_promise,
    ),
    Scenario(
        name="closing keyed in late",
        share=0.008,
        truth=("R44",),
        life=lambda r, _: Life(decide=3, deliver=5, late={"case.decided": 2, "case.closed": r.randint(2, 3)}),
        fits=_is_roomy,
        span=_to_promise,
    ),
    Scenario(
        name="accepted and closed in one breath",
        share=0.008,
        truth=("R44",),
        life=lambda _, __: Life(accept=0, decide=0, deliver=1, at_once=True),
        span=_to_promise,
    ),
    Scenario(
        name="keyed in on the next working day",
        share=0.012,
        near=("R44",),
        life=lambda _, __: Life(accept=0, decide=4, deliver=4, late={"case.accepted": 1, "case.closed": 1}),
        fits=_is_roomy,
        span=_to_promise,
    ),
    Scenario(
        name="closed on the day after acceptance",
        share=0.010,
        near=("R44",),
        life=lambda _, __: Life(accept=1, decide=1, deliver=2),
        span=_to_promise,
    ),
    Scenario(
        name="acceptance rewritten",
        share=0.010,
        truth=("R45",),
        life=lambda r, m: Life(
            accept=1, decide=_quick(r, m), deliver=3, rewrite=Rewrite(type="case.accepted", after_days=r.randint(1, 6))
        ),
        span=_to_promise,
    ),
    Scenario(
        name="breach rewritten away",
        share=0.004,
        truth=("R13", "R14", "R45"),
        life=lambda _, m: Life(decide=m.promised_days + 1, deliver=5, rewrite=Rewrite(to_day=m.promised_days)),
        span=_past_statute,
    ),
    Scenario(
        name="acceptance corrected",
        share=0.010,
        near=("R45",),
        life=lambda r, m: Life(
            accept=1,
            decide=_quick(r, m),
            deliver=3,
            rewrite=Rewrite(type="case.accepted", after_days=r.randint(1, 6), corrected=True),
        ),
        span=_to_promise,
    ),
)
"""Cases in which something must be found, and cases that come as near to it as the law allows."""
