"""`sunlight complaint`: the complaints at the hub's own desk, one of them, and what people do with them."""

from __future__ import annotations

import contextlib
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
import typer

from gateway.words import Names
from hub import wiring
from hub.cli import common
from hub.cli.acting import whoever
from hub.cli.complaint_tables import show_list, show_one
from hub.complaint_desk import DESK, FORMS, OUTCOMES, Actor, Wrong, forms_for, record_of, wrong_original
from hub.complaint_post.centres import run_by
from hub.errors import Fault, Misconfigured
from hub.model.values import Record
from hub.pushing import Push, body_digest
from hub.supervision.caselog import decode, in_force
from hub.supervision.catalogue import Catalogue
from hub.supervision.families.holding import ASSISTING, CENTRE, HANDLER
from hub.supervision.fold import fold
from hub.supervision.judge import practice_of
from hub.supervision.rules import RULES

if TYPE_CHECKING:
    from hub.supervision.caselog import Fact
    from hub.supervision.fold import Case
    from hub.wiring import Hub

app = typer.Typer(help="See complaints 投诉件, and move them: dispatch, sign, return, answer, follow up, close.")

CLASSES: Final = ("public", "intranet", "restricted")
PAGE: Final = 50

Name = Annotated[str, typer.Argument(help="The complaint's number or case id.")]
For = Annotated[
    str, typer.Option("--department", help="Act for a department that handles it, by its id; left out: for its centre.")
]


@app.command("list")
def list_(
    *,
    department: Annotated[str, typer.Option("--department", help="Those sent to a department, by its id.")] = "",
    state: Annotated[str, typer.Option("--state", help="Only those in one state, e.g. dispatched.")] = "",
    after: Annotated[str, typer.Option("--after", help="The next page: the case id of the last one shown.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many at most.")] = PAGE,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """List complaints: all of them, or those sent to a department.

    Example: sunlight complaint list --state dispatched
    """
    hub = common.hub(settings)
    roles = (HANDLER, ASSISTING) if department else (CENTRE,)
    rows = hub.queries.complaints(department=department or None, roles=roles, state=state or None, after=after or None,
                                  disclosures=CLASSES, limit=limit)  # fmt: skip
    told = [_line(hub, row) for row in rows]
    if as_json:
        common.print_json({"complaints": told, "next": rows[-1]["case_id"] if len(rows) == limit else None})
        return
    show_list(told, Names(hub.store.catalogue))


def _line(hub: Hub, row: dict[str, Any]) -> dict[str, Any]:
    case, due, zone = _folded(hub, row), row["due_at"], hub.settings.zone
    return {
        "case_id": row["case_id"],
        "case_no": row["case_no"],
        "state": row["state"],
        "title": row["title"],
        "handler": case.holding.handler if case.holding is not None else "",
        "due_at": None if due is None else due.astimezone(zone).isoformat(timespec="minutes"),
    }


@app.command()
def show(
    complaint: Name, *, department: For = "", as_json: common.AsJson = False, settings: common.SettingsFile = None
) -> None:
    """Show one complaint: its course, its deadlines, and what can be done with it now.

    Example: sunlight complaint show RX2026-000025
    """
    hub = common.hub(settings)
    row, case = _found(hub, complaint)
    can = [form.move for form in forms_for(case, _actor("", department))]
    told = {**_line(hub, {**row, "due_at": _due(row)}), "timeline": [_told(hub, case, fact) for fact in case.told],
            "clocks": [_clock(hub, each) for each in row["clocks"]], "moves": can}  # fmt: skip
    if as_json:
        common.print_json(told)
        return
    show_one(told, Names(hub.store.catalogue))


@app.command()
def move(  # noqa: PLR0913 - one option for each thing that may have to be said
    complaint: Name,
    what: Annotated[str, typer.Argument(help=f"What to do: {', '.join(form.move for form in FORMS)}.")],
    *,
    by: Annotated[str, typer.Option("--by", help="Who does it; whoever is logged in where left out.")] = "",
    department: For = "",
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
    basis: Annotated[str, typer.Option("--basis", help="With returned: the legal basis.")] = "",
    to: Annotated[str, typer.Option("--to", help="To which department, by its id.")] = "",
    days: Annotated[str, typer.Option("--days", help="The limit, or how much longer, in working days.")] = "",
    reply: Annotated[str, typer.Option("--reply", help="The answer.")] = "",
    outcome: Annotated[str, typer.Option("--outcome", help=f"With replied: {', '.join(OUTCOMES)}.")] = "",
    reached: Annotated[str, typer.Option("--reached", help="With followed_up: true or false.")] = "",
    solved: Annotated[str, typer.Option("--solved", help="With followed_up: true or false.")] = "",
    satisfaction: Annotated[str, typer.Option("--satisfaction", help="With followed_up: 1 (best) to 5.")] = "",
    centre: Annotated[str, typer.Option("--centre", help="With transferred: the other centre's id.")] = "",
    original: Annotated[str, typer.Option("--original", help="With linked: the first complaint's number.")] = "",
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Do something with a complaint, for its centre or for a department: refused where it is not allowed now.

    The operator speaks for whoever `--by` names; others do it themselves at the gateway, with keys of their own.

    Example: sunlight complaint move RX2026-000025 dispatched --to 11321200014000028L --days 5 --by 王五
    """
    hub = common.hub(settings)
    _, case = _found(hub, complaint)
    said = {"reason": reason, "basis": basis, "department_id": to, "days": days, "reply": reply, "outcome": outcome,
            "reached": reached, "solved": solved, "satisfaction": satisfaction, "centre_id": centre,
            "original": original}  # fmt: skip
    given = {name: value for name, value in said.items() if value}
    at = hub.clock.now().astimezone(hub.settings.zone)
    record = record_of(case, _actor(whoever(by), department), what, given, move_id=str(uuid.uuid4()), at=at,
                       passed_to=run_by(hub.store.catalogue(), centre))  # fmt: skip
    if isinstance(record, Wrong):
        raise _refused(record)
    wrong = wrong_original(case, original, lambda case_id: _known(hub, case_id)) if original else None
    if wrong is not None:
        raise _refused(wrong)
    receipt = _sent(hub, record)
    if as_json:
        common.print_json({"receipt_id": receipt, "case_id": case.case_id, "move": what})
        return
    typer.echo(f"sent; receipt {receipt}. `sunlight complaint show {case.case_no}` shows it once supervision has it")


def _refused(wrong: Wrong) -> Misconfigured:
    return Misconfigured(Fault(code=wrong.code, problem=wrong.problem, hint=wrong.hint))


def _actor(name: str, department: str) -> Actor:
    return Actor(name=name, department_id=department, is_centre=not department)


def _sent(hub: Hub, record: dict[str, Any]) -> str:
    """Send the record of a move as the desk's connection does; return its receipt."""
    path = hub.settings.mappings.folder / "city-complaints" / "desk.yaml"
    if not path.is_file():
        hint = "put the shipped mappings/city-complaints/desk.yaml there"
        raise Misconfigured(
            Fault(code="complaint.no-desk", problem=f"there is no {path}, by which {DESK} is read", hint=hint)
        )
    raw = orjson.dumps(record)
    push = Push(connection=DESK, key=record["id"], body_digest=body_digest(raw),
                records=[Record(place="desk", raw=raw, tree=record)])  # fmt: skip
    with contextlib.closing(hub.desk([wiring.load_mapping(path)])) as desk:
        taken = desk.take(push)
    refused = next((why for why in taken.refusals if why is not None), None)
    if refused is not None:
        raise Misconfigured(Fault(code=refused.code, problem=refused.problem, hint=refused.hint))
    return taken.receipt_id


def _found(hub: Hub, name: str) -> tuple[dict[str, Any], Case]:
    row = hub.queries.case(name) or hub.queries.case(hub.queries.case_by_number(name) or "")
    case = _folded(hub, row) if row is not None else None
    if row is None or case is None or case.holding is None:
        hint = "see `sunlight complaint list`"
        raise Misconfigured(Fault(code="complaint.unknown", problem=f"there is no complaint {name}", hint=hint))
    return row, case


def _known(hub: Hub, case_id: str) -> Case | None:
    row = hub.queries.case(case_id)
    case = _folded(hub, row) if row is not None else None
    return case if case is not None and case.holding is not None else None


def _folded(hub: Hub, row: dict[str, Any]) -> Case:
    facts, zone = in_force(decode(row["log"])), hub.settings.zone
    bodies = Catalogue(hub.store.catalogue()).report_bodies()
    return fold(facts, zone, practice_of(hub.rules(RULES), bodies, facts, zone))


def _due(row: dict[str, Any]) -> Any:  # noqa: ANN401 - an instant, or none
    return min((each.due_at for each in row["clocks"] if each.stopped_at is None), default=None)


def _told(hub: Hub, case: Case, fact: Fact) -> dict[str, Any]:
    marked = {each.event_id: each.reason for each in case.anomalies}
    handling = {name: value for name, value in fact.detail.get("handling", {}).items() if name != "limit"}
    limit = fact.detail.get("handling", {}).get("limit")
    if limit:
        handling["limit"] = f"{limit['n']} {limit['unit']}"
    at = fact.occurred_at.astimezone(hub.settings.zone).isoformat(timespec="minutes")
    return {"type": fact.type, "at": at, "by": fact.department_id, "handling": handling,
            "anomaly": marked.get(fact.event_id)}  # fmt: skip


def _clock(hub: Hub, clock: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of the store
    due = clock.due_at.astimezone(hub.settings.zone).isoformat(timespec="minutes")
    return {"kind": clock.kind, "due_at": due, "state": clock.state, "derivation": list(clock.derivation)}
