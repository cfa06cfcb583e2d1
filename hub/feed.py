"""Decides where a ledger entry appears on the feed: in which views, under which routing key, and redacted how."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from hub.model.documents import WITHHELD, alert_word, tombstone
from hub.model.values import Place
from hub.views.redaction import certificate_shown, redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from hub.model.values import Entry

_GONE: Final = frozenset({"cleared", "revoked"})


class Standing(Protocol):
    """How connections are certified."""

    def mark(self, connection_id: str, fingerprint: str, at: datetime) -> str:
        """Return what an event carries that a mapping of this fingerprint made, ledgered at an instant."""

    def is_public_stopped(self, connection_id: str) -> bool:
        """Tell whether nothing more of a connection may be public."""


def places_in(views: Sequence[str], standing: Standing | None = None) -> Callable[[Entry], Sequence[Place]]:
    """Return the function that places an entry in these `views`; events carry how their connection is certified."""
    return partial(_places, tuple(views), standing)


def _places(views: Sequence[str], standing: Standing | None, entry: Entry) -> Sequence[Place]:
    if entry.kind == "act":
        return _withheld(views, entry) if entry.outcome == WITHHELD else _certified(views, entry)
    if entry.kind not in ("event", "alert"):
        return ()
    document = orjson.loads(entry.body)
    if entry.kind == "event" and standing is not None:
        made_by = document["data"]["connection_id"], document["mappingfingerprint"]
        document["conformance"] = standing.mark(*made_by, entry.ledgered_at)
        if standing.is_public_stopped(made_by[0]):
            views = [view for view in views if view != "public"]
    data = document["data"]
    if entry.kind == "alert" and _is_tried(data):
        return ()
    case = data.get("case") or data
    kind, kind_type = _kind_and_type(entry.kind, data)
    region = case["region_code"]
    department = data.get("responsible_department") or case["department_id"]
    key = f"{kind}.{region[:4]}00.{region[:6]}.{department}.{kind_type}"
    return [
        Place(view=view, kind=kind, county=region[:6], key=key, document=shown)
        for view in views
        if (shown := redacted(document, view)) is not None
    ]


def _withheld(views: Sequence[str], entry: Entry) -> Sequence[Place]:
    """Place a tombstone wherever the case may have been read, for whoever reads cases and whoever reads alerts."""
    document = orjson.loads(entry.body)
    data, stone = document["data"], tombstone(document)
    return [
        Place(view=view, kind=kind, county=county, key=f"{kind}.{county[:4]}00.{county}.{department}.{word}",
              document=stone)
        for view in views
        if view in data["views"]
        for kind, word in (("case", WITHHELD), ("alert", "withheld"))[: 1 if view == "public" else 2]
        for county, department in data["places"]
    ]  # fmt: skip


def _certified(views: Sequence[str], entry: Entry) -> Sequence[Place]:
    """Place what happened to a certificate: between the authorities, under the place of its department."""
    if not entry.outcome.startswith("certificate."):
        return ()
    document = orjson.loads(entry.body)
    data = document["data"]
    region, word = data.get("region_code", "000000"), entry.outcome.removeprefix("certificate.")
    key = f"certificate.{region[:4]}00.{region[:6]}.{data['department_id']}.{word}"
    return [
        Place(view=view, kind="certificate", county=region[:6], key=key, document=shown)
        for view in views
        if (shown := certificate_shown(document, view)) is not None
    ]


def _is_tried(data: Mapping[str, Any]) -> bool:
    """Tell whether an alert is of a rule on trial, or went before it ever was anything else: nobody is told."""
    history = data.get("history", ())
    return data["state"] == "shadow" or (bool(history) and history[-1]["from"] == "shadow" and data["state"] in _GONE)


def _kind_and_type(entry_kind: str, data: Mapping[str, Any]) -> tuple[str, str]:
    return ("alert", alert_word(data)) if entry_kind == "alert" else ("case", data["type"])
