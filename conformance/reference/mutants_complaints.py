"""Faults in the complaint round trip: of the department that answers, and of the hub between it and the centre."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

from conformance.reference.complaint_desk import ACTS, DeskFaults
from conformance.reference.mutation import Mutant, Setting
from conformance.reference.played import Faults
from hub.complaint_post.addressing import orders, statuses
from hub.supervision.spans import WATCHES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from hub.supervision.spans import Watch


def _department(name: str, about: str, at: str = "whole", **faults: Any) -> Mutant:
    """Return a fault of a department that shows at one scripted complaint."""
    setting = Setting(faults=Faults(desk=DeskFaults(**faults)), complaints={at})
    return Mutant(name=name, blames="department", at="office", about=about, setting=setting)


def _without(act: str, *columns: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Leave columns of one act empty."""
    return lambda row: {**row, **dict.fromkeys(columns, "")} if row["act"] == ACTS[act] else row


def _again(row: dict[str, Any]) -> dict[str, Any]:
    """Answer what is done again as another complaint."""
    is_second = row["act"] == ACTS["complaint.replied"] and row["id"].endswith("-4")
    return {**row, "complaint_no": f"{row['complaint_no']}-2"} if is_second else row


def _hub(name: str, about: str, what: Callable[[], AbstractContextManager[Any]]) -> Mutant:
    return Mutant(name=name, blames="hub", at="office", about=about, patch=what)


def _watching(change: Callable[[Watch], Watch | None]) -> Callable[[], AbstractContextManager[Any]]:
    """Let clocks be declared otherwise."""
    found = tuple(made for watch in WATCHES if (made := change(watch)) is not None)
    return lambda: patch("hub.supervision.spans.WATCHES", found)


def _none_of(kind: str) -> Callable[[], AbstractContextManager[Any]]:
    return _watching(lambda watch: None if watch.kind == kind else watch)


def _from(starts: tuple[str, ...], **how: Any) -> Callable[[], AbstractContextManager[Any]]:
    return _watching(lambda watch: replace(watch, starts=starts, **how) if watch.kind == "complaint" else watch)


def _but(addressed: Any, kind: str) -> Any:
    """Leave out what is told of one kind of move."""

    def found(*args: Any, **how: Any) -> Mapping[Any, Any]:
        return {place: fact for place, fact in addressed(*args, **how).items() if fact.type != f"complaint.{kind}"}

    return found


_SENT: Final = ("complaint.dispatched", "complaint.redispatched")
_SENT_BACK: Final = ("complaint.returned", "complaint.arbitrated")

MUTANTS: Final = (
    _department("forgets_orders", "an order is receipted and not kept", forgets_orders=True),
    _department("knows_no_order_numbers", "an order that comes again is another one", knows_no_numbers=True),
    _department("takes_orders_from_anybody", "orders need no login", takes_from_anybody=True),
    _department(
        "takes_up_without_a_name",
        "who handles a complaint is not said",
        rows=_without("complaint.started", "staff"),
    ),
    _department(
        "returns_without_basis", "returns name no basis", "returned", rows=_without("complaint.returned", "basis")
    ),
    _department(
        "asks_without_reason",
        "more time is asked for without a reason",
        "extended",
        rows=_without("complaint.extension_requested", "reason"),
    ),
    _department(
        "answers_without_result", "answers do not say what came of it", rows=_without("complaint.replied", "result")
    ),
    _department(
        "never_assists",
        "requests to assist are left alone",
        "assisted",
        rows=lambda row: None if row["act"] == ACTS["complaint.assisted"] else row,
    ),
    _department("answers_under_another_number", "what is done again gets another number", "reworked", rows=_again),
    _hub("starts_clocks_at_signing", "a complaint's clock runs from its signing", _from(("complaint.signed",))),
    _hub(
        "resets_clocks_at_redispatch",
        "each dispatch begins the clock anew",
        _from(_SENT, again=True, stops=(*_SENT_BACK, "complaint.replied", "complaint.closed")),
    ),
    _hub(
        "bounds_no_returns",
        "a complaint may be returned for ever",
        lambda: patch("hub.supervision.judge.returns_allowed", lambda *_: 99),
    ),
    _hub(
        "extends_without_approval",
        "whoever extends is believed",
        lambda: patch("hub.supervision.families.complaint.approver_of", lambda _: "somebody"),
    ),
    _hub(
        "relays_no_replies",
        "answers are not told to the centre",
        lambda: patch("hub.complaint_post.letters.statuses", _but(statuses, "replied")),
    ),
    _hub(
        "orders_no_rework",
        "what is to be done again is not ordered",
        lambda: patch("hub.complaint_post.letters.orders", _but(orders, "reworked")),
    ),
    _hub(
        "renumbers_statuses",
        "a status bears another number each time",
        lambda: patch("hub.model.ids.complaint_letter_id", lambda *_: str(uuid.uuid4())),
    ),
    _hub("hears_no_silence", "whether an order is signed for is not watched", _none_of("complaint_signing")),
    _hub("tracks_the_lead_alone", "those who assist have no deadline", _none_of("complaint_assist")),
    _hub(
        "tells_who_complains",
        "nobody stays unknown",
        lambda: patch("hub.views.receivers.is_shielded", lambda _: False),
    ),
    Mutant(
        name="lets_orders_lie",
        blames="hub",
        at="office",
        about="orders are sent two hours late",
        setting=Setting(orders_wait=timedelta(hours=2), complaints={"whole"}),
    ),
)
