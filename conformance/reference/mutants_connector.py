"""Faults of connectors: in a mapping, in what reads a source, in what publishes."""

from __future__ import annotations

import contextlib
import io
from typing import IO, TYPE_CHECKING, Any, Final
from unittest.mock import patch

from lxml import etree

from conformance.reference.mutation import Mutant, Setting
from connectors.codecs import CODECS, csv_
from connectors.codecs.common import CodecOptions, refused
from connectors.listing import Answer
from connectors.soap import SoapService
from hub.errors import Refused, Rejection, Unavailable
from hub.intake import Intake, _PortionWork
from hub.mapping import CompiledMapping
from hub.model.digest import record_digest
from hub.model.values import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

UNDER_LOAD: Final = 100
"""Records of a portion beyond which the faulty connector drops them."""


def _unsettled(file: str) -> str:
    """Let the cursor follow the newest row at once, and nothing be signed for."""
    lines = file.replace("settle: 2m", "settle: 0s, overlap: 0s").splitlines(keepends=True)
    return "".join(line for line in lines if not line.strip().startswith("acknowledge:"))


def _guessing(stream: IO[bytes], options: CodecOptions) -> Iterator[Record]:
    """Read CSV as it decodes, whatever cannot be decoded replaced."""
    text = stream.read().decode(options.encoding, errors="replace")
    return csv_.read(io.BytesIO(text.encode(options.encoding)), options)


def _guesses() -> contextlib.ExitStack:
    stack = contextlib.ExitStack()
    stack.enter_context(patch("connectors.plausibility.garbled", lambda _: ""))
    stack.enter_context(patch.dict(CODECS, {"csv": _guessing}))
    return stack


def _replaced(text: str, by: str) -> Setting:
    def edit(file: str) -> str:
        return file.replace(text, by)

    return Setting(mapping=edit)


def _patched(kind: type[Any], name: str, made: Callable[[Any], Any]) -> Callable[[], AbstractContextManager[Any]]:
    """Return what replaces a method by one that `made` makes of it."""
    return lambda: patch.object(kind, name, made(getattr(kind, name)))


def _taken_for_empty(fetch: Any) -> Any:
    def faulty(self: SoapService, *args: Any) -> Answer:
        try:
            answer: Answer = fetch(self, *args)
        except Unavailable:
            return Answer()
        return Answer() if answer.refusal is not None else answer

    return faulty


def _dropping(take: Any) -> Any:
    def faulty(self: Any, record: Record) -> Any:
        return None if len(self.digests) >= UNDER_LOAD else take(self, record)

    return faulty


def _moving_on(deliver: Any) -> Any:
    def faulty(self: Intake, *args: Any) -> Any:
        try:
            return deliver(self, *args)
        except Unavailable:
            return args[1].records

    return faulty


def _reading_on(take: Any) -> Any:
    def faulty(self: Any, record: Record) -> Any:
        if record.refused is None:
            return take(self, record)
        self.digests.append(record_digest(record.raw))
        self.empty += 1
        return None

    return faulty


def _stumbling(map_record: Any) -> Any:
    def faulty(self: CompiledMapping, tree: Any) -> Any:
        if "new_column" in tree:
            raise Refused(Rejection(stage="map", code="map.columns", problem="a column nobody knows", hint="remove it"))
        return map_record(self, tree)

    return faulty


def _opening(map_record: Any) -> Any:
    def faulty(self: CompiledMapping, tree: Any) -> Any:
        events = map_record(self, tree)
        for event in events:
            event.data["case"]["disclosure"] = {"class": "public"}
        return events

    return faulty


def _expanding(stream: IO[bytes], options: CodecOptions) -> Iterator[Record]:
    """Read XML as a careless program does: entities resolved, whatever they name."""
    raw = stream.read()
    try:
        root = etree.fromstring(raw, etree.XMLParser(resolve_entities=True, load_dtd=True, no_network=True))
    except etree.XMLSyntaxError as broken:
        yield refused(raw, options.place, "xml", str(broken), hint="send sound XML")
        return
    for row in root.iter("row"):
        yield Record(
            place=options.place, raw=raw, tree={str(each.tag): "".join(map(str, each.itertext())) for each in row}
        )


def _mutant(name: str, at: str, about: str, **how: Any) -> Mutant:
    return Mutant(name=name, blames="connector", at=at, about=about, **how)


MUTANTS: Final = (
    _mutant(
        "faults_taken_for_empty",
        "centre",
        "a fault is taken for an empty list",
        patch=_patched(SoapService, "fetch", _taken_for_empty),
    ),
    _mutant(
        "reads_past_open_transactions",
        "housing",
        "the cursor follows the newest row at once",
        setting=Setting(mapping=_unsettled),
    ),
    _mutant(
        "guesses_encodings",
        "market",
        "bytes of another encoding are taken as they decode",
        patch=_guesses,
    ),
    _mutant(
        "takes_any_text",
        "market",
        "garbled texts are taken",
        setting=_replaced("read: {encoding: gb18030,", "read: {texts: any, encoding: gb18030,"),
    ),
    _mutant(
        "stumbles_over_new_columns",
        "market",
        "a new column makes records refused",
        patch=_patched(CompiledMapping, "map_record", _stumbling),
    ),
    _mutant(
        "defaults_codes",
        "market",
        "an unknown channel is given a default",
        setting=_replaced('channel: code("channel", 申报来源)', "channel: \"'window'\""),
    ),
    _mutant("pauses_unnoticed", "market", "for a working day nothing is read", setting=Setting(unread_days={5})),
    _mutant(
        "drops_under_load",
        "market",
        "what is too much for a portion is dropped",
        patch=_patched(_PortionWork, "take", _dropping),
    ),
    _mutant(
        "moves_on_unconfirmed",
        "market",
        "the checkpoint moves though the broker has not confirmed",
        patch=_patched(Intake, "_deliver", _moving_on),
    ),
    _mutant(
        "reads_on_regardless",
        "market",
        "a broken unit is passed over in silence",
        patch=_patched(_PortionWork, "take", _reading_on),
    ),
    _mutant(
        "expands_entities",
        "market",
        "XML entities are resolved, files included",
        patch=lambda: patch.dict(CODECS, {"xml": _expanding}),
    ),
    _mutant(
        "open_by_default",
        "market",
        "a case of which nothing is said is made public",
        setting=Setting(patch=_patched(CompiledMapping, "map_record", _opening)),
    ),
    _mutant(
        "forgets_the_bytes",
        "market",
        "events do not name the bytes they came from",
        patch=lambda: patch("hub.intake.record_digest", lambda _: "0" * 64),
    ),
)
