"""Faults of the hub: one function of it decides wrongly, while a test looks."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

import orjson

from conformance.reference.mutation import Mutant
from gateway.rights import Gate
from hub.admission import _require, _shaped
from hub.errors import Rejection, Unavailable
from hub.model.documents import event_document, rejection_document
from hub.model.shapes import Shape, shape
from hub.model.values import Outcome
from hub.store.alert_queries import AlertQueries
from hub.store.unit import SqlUnit
from hub.supervision.calendar import WorkCalendar
from hub.supervision.caselog import Log, merge, outcome_of
from hub.supervision.fold import _run
from hub.views.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from hub.model.values import Arrival
    from hub.supervision.caselog import Fact

_HOLDS: Final = Shape.holds
_ALERTS: Final = AlertQueries.alerts


def _never_department(held: bool, code: str, *rest: Any) -> None:  # noqa: FBT001 - as the function it stands for
    _require(held or code == "authorise.department", code, *rest)


class _AnyVersion:
    """A shape that does not look at which schema a document names."""

    def __init__(self, name: str) -> None:
        self._shape = shape(name)

    def holds(self, document: Any) -> bool:
        """Tell whether it holds but for its schema."""
        named = self._shape.schema["properties"]["dataschema"]["const"]
        return self._shape.holds({**document, "dataschema": named})

    def problems(self, document: Any) -> Any:
        """List its problems."""
        return self._shape.problems(document)


def _any_format(self: Shape, document: Any) -> bool:
    return _HOLDS(self, document) or all(each.rule in {"format", "pattern"} for each in self.problems(document))


def _unmarked(*args: Any) -> Any:
    return replace(_run(*args), anomalies=())


def _only_newer(log: Log, facts: Iterable[Fact]) -> Log:
    """Take a fact in only if it happened after all that are known."""
    for fact in sorted(facts, key=lambda fact: fact.position or 0):
        if not log.facts or fact.occurred_at > max(known.occurred_at for known in log.facts):
            log = merge(log, [fact])
    return log


def _forgetful(log: Log, facts: Iterable[Fact]) -> Log:
    return merge(log, [fact for fact in facts if fact.type != "case.delivered"])


def _never_conflicting(before: Sequence[Arrival], fact: Fact, corrected: Any = ()) -> Outcome:
    found = outcome_of(before, fact, corrected)
    return Outcome.REVISED if found is Outcome.CONFLICTING else found


def _erasing(self: AlertQueries, **how: Any) -> Any:
    return [row for row in _ALERTS(self, **how) if row["state"] != "revoked"]


def _stuck(delivery: Any) -> Any:
    try:
        orjson.loads(delivery.body)
    except orjson.JSONDecodeError as broken:
        raise Unavailable("try again") from broken
    return _shaped(delivery)


def _mute(rejection: Rejection, *args: Any, **how: Any) -> Any:
    return rejection_document(replace(rejection, path=""), *args, **how)


def _at_midnight(name: str, data: dict[str, Any], **how: Any) -> Any:
    day = data["occurred_at"]
    moment = f"{day}T00:00:00+08:00" if len(day) == len("2026-03-02") else day
    return event_document(name, {**data, "occurred_at": moment}, **how)


def _apart(event: Any, *_: Any) -> Rejection | None:
    if not event.connection_id.endswith(".county"):
        return None
    return Rejection(
        stage="authorise", code="authorise.case", problem="another's case", hint="keep it apart", path="/data"
    )


_NO_RECEIPT: Final = {"portions": [], "records": {"read": 0}, "published": 0, "events": {}, "refused": []}


def _telling_titles(document: Mapping[str, Any], view: str) -> Mapping[str, Any] | None:
    shown = redacted(document, view)
    if shown is None or view != "public":
        return shown
    told = {name: each for name, each in document["data"]["case"].items() if name in ("title", "applicant")}
    return {**shown, "data": {**shown["data"], "case": {**shown["data"]["case"], **told}}}


def _mutant(name: str, about: str, what: Callable[[], AbstractContextManager[Any]], at: str = "market") -> Mutant:
    return Mutant(name=name, blames="hub", at=at, about=about, patch=what)


def _with(target: str, by: Any) -> Callable[[], AbstractContextManager[Any]]:
    return lambda: patch(target, by)


def _of(kind: type[Any], name: str, by: Any) -> Callable[[], AbstractContextManager[Any]]:
    return lambda: patch.object(kind, name, by)


MUTANTS: Final = (
    _mutant(
        "forgets_its_reads",
        "receipts are forgotten at a restart",
        _with("hub.store.queries.receipt_of", lambda *_: _NO_RECEIPT),
    ),
    _mutant(
        "takes_any_key",
        "whoever shows some key is let in",
        _of(Gate, "admitted", lambda self, _: self._keys.list()[0][0]),
        at="sender",
    ),
    _mutant(
        "believes_any_department",
        "a connection may speak for anybody",
        _with("hub.admission._require", _never_department),
    ),
    _mutant(
        "keeps_secrets",
        "evidence is kept as it came",
        _with("conformance.evidence.without_secrets", lambda data, _: data),
    ),
    _mutant("takes_any_shape", "no document's shape is checked", _of(Shape, "holds", lambda *_: True)),
    _mutant("ignores_versions", "any version of the schema is taken", _with("hub.admission.shape", _AnyVersion)),
    _mutant("believes_any_format", "formats are not asserted", _of(Shape, "holds", _any_format)),
    _mutant("passes_over_disorder", "unlawful moves are not marked", _with("hub.supervision.fold._run", _unmarked)),
    _mutant(
        "counts_while_suspended",
        "pauses are not taken out of the limit",
        _with("hub.supervision.clocks.adjustments_of", lambda *_: ()),
    ),
    _mutant(
        "drops_what_is_older",
        "an event is dropped that happened before another that is known",
        _with("hub.bench.merge", _only_newer),
    ),
    _mutant("forgets_deliveries", "that something was delivered is not kept", _with("hub.bench.merge", _forgetful)),
    _mutant(
        "forgets_what_arrived", "what has arrived before is not known again", _of(SqlUnit, "arrivals", lambda *_: {})
    ),
    _mutant(
        "forgets_keys",
        "a push sent again is another push",
        _with("hub.model.ids.receipt_id", lambda *_: str(uuid.uuid4())),
        at="sender",
    ),
    _mutant(
        "lets_the_last_win", "a contradiction counts as a revision", _with("hub.bench.outcome_of", _never_conflicting)
    ),
    _mutant(
        "counts_channels_apart",
        "a case that another channel reports is refused",
        _with("hub.deciding.stranger", _apart),
    ),
    _mutant("erases_alerts", "an alert that was revoked is shown no more", _of(AlertQueries, "alerts", _erasing)),
    _mutant(
        "storms_at_backfill",
        "a backfill is judged while it is read",
        _with("hub.batch_marks.horizon", lambda _, **how: how["now"]),
    ),
    _mutant(
        "counts_every_day",
        "limits are counted in calendar days",
        _of(WorkCalendar, "add_workdays", lambda _, day, n: (day + timedelta(days=n), False)),
    ),
    _mutant(
        "invents_midnight", "of a day an instant is made", _with("conformance.telling.event_document", _at_midnight)
    ),
    _mutant(
        "keeps_what_was_voided",
        "a voided case stays on the public side",
        _with("hub.store.queries.with_tombstones", lambda _, documents, __: list(documents)),
    ),
    _mutant(
        "never_retracts",
        "what was public stays on the public side",
        _with("hub.store.queries.with_tombstones", lambda _, documents, __: list(documents)),
    ),
    _mutant(
        "leaks_titles",
        "the public view shows titles",
        _with("hub.feed.redacted", _telling_titles),
    ),
    Mutant(
        name="writes_to_the_live_hub",
        blames="hub",
        at="market",
        about="the pilot is the live hub",
        lab=lambda lab: replace(lab, live=lab.pilot.hub),
    ),
    _mutant(
        "stops_at_poison", "a message that cannot be read is tried for ever", _with("hub.admission._shaped", _stuck)
    ),
    _mutant("refuses_without_a_word", "refusals do not say where", _with("hub.intake.rejection_document", _mute)),
)
