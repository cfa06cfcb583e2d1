"""`sunlight coverage` and `sunlight can-i-connect`: how much of what is owed is certified, and who may go live."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
import typer
from rich.table import Table
from rich.text import Text

from conformance.bindings import filled
from conformance.certificate.verify import different
from conformance.coverage.board import STATES, WORDS, board, cells
from conformance.coverage.gate import Answer, Standing, answer
from conformance.coverage.obligations import obligations
from conformance.coverage.progress import Tried, progress
from conformance.criteria.gather import bindings_in
from conformance.real import sessions_of
from conformance.suite import load_suite
from hub.cli import certifying_role, common
from hub.cli.certifying_role import EVERY, YEAR_DAYS
from hub.errors import Fault, Misconfigured
from hub.sandbox import sandbox_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from conformance.coverage.obligations import Obligation
    from hub.wiring import Hub

_LEVELS: Final = ("C1", "C2", "C3", "C4")


class Board:
    """The coverage board of a hub.

    What is owed is read again where the catalogue changed, or another day has come; how certification goes each hour.
    """

    def __init__(self, hub: Hub) -> None:
        """Tell of `hub`."""
        self._hub = hub
        self._owed: tuple[object, Sequence[Obligation]] = (None, ())
        self._gone: tuple[datetime, dict[str, Any]] | None = None

    def told(self) -> dict[str, Any]:
        """Return the board as of now; volumes are those last counted."""
        hub, now = self._hub, self._hub.clock.now()
        found = cells(hub.world(self._obligations()), now, hub.calendar().day_of)
        if self._gone is None or now - self._gone[0] >= EVERY:
            self._gone = now, _progress(hub)
        return {**board(found, now.astimezone(hub.settings.zone)), "progress": self._gone[1]}

    def _obligations(self) -> Sequence[Obligation]:
        today = self._hub.calendar().day_of(self._hub.clock.now())
        stamp = (self._hub.certification.catalogue_stamp(), today)
        if self._owed[0] != stamp:
            self._owed = stamp, obligations(self._hub.store.catalogue(), today)
        return self._owed[1]


def covered(hub: Hub) -> dict[str, Any]:
    """Return the coverage board of a hub, once."""
    return Board(hub).told()


def _progress(hub: Hub) -> dict[str, Any]:
    """Return how certification goes, by the sessions of the sandbox beside a hub."""
    today, suite = hub.today(), load_suite()
    tried = Tried(
        sessions=[each.summary(suite, today) for each in sessions_of(sandbox_of(hub.settings)).all()],
        certificates=hub.certification.certificates(),
        suite=suite,
        incidents=[day for day in hub.own_health.incidents() if day > today - timedelta(days=YEAR_DAYS)],
    )
    return progress(tried)


def coverage(
    *,
    month: Annotated[str, typer.Option(help="A frozen month, YYYY-MM, instead of now.")] = "",
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Tell how much of what departments owe is connected and certified: every matter of the catalogue, over every flow.

    A department without a catalogue makes the whole share unknown: nobody knows what it owes.

    Example: sunlight coverage --json
    """
    with contextlib.closing(common.hub(settings)) as hub:
        told = frozen(hub, month) if month else covered(hub)
    if as_json:
        common.print_json(told)
        return
    _show(told)


def frozen(hub: Hub, month: str) -> dict[str, Any]:
    """Return coverage as it stood at the end of a month; Misconfigured where that month is not frozen."""
    known = hub.certification.snapshots()
    if month not in known:
        problem, hint = f"{month} is not frozen", f"one of {', '.join(known) or 'none yet'}"
        raise Misconfigured(Fault(code="coverage.month", problem=problem, hint=hint))
    return dict(orjson.loads(known[month]))


def _show(told: Mapping[str, Any]) -> None:
    table = Table("state 状态", "obligations 应接", "cases 办件", title=f"as of {told['as_of']}", title_justify="left")
    for state in STATES:
        if state in told["by_state"]:
            zh, en = WORDS[state]
            table.add_row(f"{zh} {en}", f"{told['by_state'][state]:,}", f"{told['cases_by_state'].get(state, 0):,}")
    common.OUT.print(table)
    shares = Table("level", "coverage 覆盖率", "by volume 按办件量", "planned by now 应达", "late 逾期")
    for level in _LEVELS:
        plan = told["planned"].get(level, {})
        row = (share(told["coverage"], level), share(told["coverage_by_volume"], level))
        shares.add_row(level, *row, str(plan.get("planned", "")), str(plan.get("late", "")))
    common.OUT.print(shares)
    _show_progress(told.get("progress"))
    if unlisted := told["departments_without_catalogue"]:
        common.OUT.print(Text(f"no catalogue, so what they owe is unknown 无职权目录：{', '.join(unlisted)}"))


def _show_progress(told: Mapping[str, Any] | None) -> None:
    """Print how certification goes; months that were frozen before it was counted have none."""
    if told is None:
        return
    days = ", ".join(f"{level} {n:g}" for level, n in told["median_days"].items() if n is not None)
    common.OUT.print(Text(f"median days to a level 达标中位天数：{days or '—'}"))
    for each in told["failing"]:
        said = f"{each['requirement']} fails in {each['connections']} connections 未通过：{each['zh']} {each['en']}"
        common.OUT.print(Text(said))
    untested, days_down = len(told["untested"]), told["hub_incident_days"]
    common.OUT.print(
        Text(f"requirements with no test 无测试的要求：{untested}; hub incident days 枢纽故障日：{days_down}")
    )


def share(shares: Mapping[str, float | None] | None, level: str) -> str:
    """Write a share of what is owed; unknown where it is not known what is owed."""
    value = shares[level] if shares else None
    return "unknown 不明" if value is None else f"{value:.1%}"


def can_i_connect(
    connection: Annotated[str, typer.Argument(help="The connection; every one where left out.")] = "",
    *,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Tell whether a connection may go live: yes, no with its reason, or unknown (owed run, never run, status stale).

    Exit code 0: yes; 1: no; 5: unknown. Without a connection: all of them, each with its certified schema version.

    Example: sunlight can-i-connect taizhou.housing.permits
    """
    with contextlib.closing(common.hub(settings)) as hub:
        told = asked(hub, connection)
    if as_json:
        common.print_json(told[0].as_dict() if connection else [each.as_dict() for each in told])
    else:
        _show_answers(told)
    raise typer.Exit(told[0].exit_code if connection else 0)


def asked(hub: Hub, connection: str = "") -> Sequence[Answer]:
    """Answer for one connection of a hub, or for all of them."""
    registered, certified, looked_at = (
        hub.store.connections(),
        hub.certification.latest(),
        hub.certification.looked_at(),
    )
    answers = []
    for name in [connection] if connection else sorted({*registered, *certified}):
        row, live = certified.get(name), registered.get(name)
        bound = bindings_in(row.signed) if row else {}
        standing = Standing(
            connection=name,
            is_registered=live is not None,
            certificate=row,
            differing=_differing(hub, name, live.fingerprint, bound) if row and live else (),
            looked_at=looked_at,
            schema_version=str(bound.get("case_schema", {}).get("version", "")),
        )
        answers.append(answer(standing, hub.clock.now()))
    return answers


def _differing(hub: Hub, connection: str, fingerprint: str, bound: Mapping[str, Any]) -> Sequence[str]:
    """Name what differs between what runs and what is certified: part by part where the mapping is here.

    A newer suite is no change of the connection: what was shown by the older one stands until it ends. A mapping or a
    declaration that cannot be read is not what was certified.
    """
    if certifying_role.mapping_of(hub, connection) is not None:
        try:
            found = different(bound, filled(bound, certifying_role.bindings_of(hub, connection)))
        except Misconfigured as unreadable:
            return [fault.file or fault.code for fault in unreadable.faults[:1]]
        return [path for path in found if not path.startswith("suite.")]
    return ("mapping.sha256",) if fingerprint and fingerprint != bound["mapping"]["sha256"] else ()


def _show_answers(told: Sequence[Answer]) -> None:
    table = Table("connection", "answer", "schema", "说明", "why")
    for each in told:
        word = f"{each.answer} {each.why}".strip()
        table.add_row(each.connection, word, each.schema_version, Text(each.zh), Text(each.en))
    common.OUT.print(table)
