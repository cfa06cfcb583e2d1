"""Malformed input: broken syntax that is isolated, hostile documents that are refused, refusals that help."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from conformance.checks.common import wrong
from conformance.finding import Finding, passed, skipped
from connectors import reopen_record
from connectors.codecs import CODECS, CodecOptions
from hub.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.lab import Lab
    from hub.model.values import Record


def _cut(raw: bytes, share: float) -> bytes:
    return raw[: int(len(raw) * share)]


def broken_syntax_is_isolated(lab: Lab) -> Finding:
    """MAL-01: units cut short or turned to rubbish are refused and reported; the sound unit beside them is mapped."""
    sound = lab.given()[0]
    options = {share: _cut(sound.raw, share) for share in (0.3, 0.5, 0.7)}
    broken = {f"cut at {share:.0%}": raw for share, raw in options.items()} | {"rubbish": b"\x00\x01{]<"}
    records = {name: _reopened(lab, raw, sound.place) for name, raw in broken.items()}
    stand = lab.stand()
    totals = stand.take([*records.values(), sound])
    refused = stand.quarantine()
    lab.keep("QUA", "refused.json", [[row["code"], row["problem"]] for row in refused])
    if totals.quarantined != len(broken) or totals.mapped != 1:
        wrongly = [name for name, record in records.items() if record.refused is None and _maps(lab, record)]
        return wrong(
            "connector",
            "残缺单元未被隔离",
            "a broken unit was not isolated",
            expected=f"{len(broken)} refused, 1 mapped",
            got=f"{totals.quarantined} refused, {totals.mapped} mapped: {wrongly}",
        )
    return passed("残缺单元逐一隔离", "broken units are isolated one by one")


def _reopened(lab: Lab, raw: bytes, place: str) -> Record:
    return reopen_record(lab.mapping.declaration, raw, place)


def _maps(lab: Lab, record: Record) -> bool:
    try:
        return bool(lab.mapping.map_record(record.tree))
    except Refused:
        return False


_BOMB: Final = (
    '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]><r><row><a>&j;</a></row></r>"
).encode()
HOSTILE: Final[Sequence[tuple[str, str, bytes]]] = (
    ("entity expansion", "xml", _BOMB),
    ("external entity", "xml", b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r><row><a>&x;</a></row></r>'),
    ("deep XML", "xml", b"<r><row>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</row></r>"),
    ("deep JSON", "json", b'[{"a":' + b"[" * 5000 + b"]" * 5000 + b"}]"),
    ("huge number", "json", b'[{"a": 1' + b"0" * 400 + b"}]"),
)
"""Documents that were written to harm a reader: what each is, its format, its bytes."""

MOST_CHARS: Final = 100_000
"""Characters that a hostile document may come to at most."""


def hostile_input_is_refused(lab: Lab) -> Finding:
    """MAL-02: expansion, external entities, depth and huge numbers are refused, or come to no more than they were."""
    found: dict[str, Any] = {}
    for name, form, raw in HOSTILE:
        records = list(CODECS[form](io.BytesIO(raw), CodecOptions(place=name, record="row" if form == "xml" else "")))
        taken = [record for record in records if record.refused is None]
        size = sum(len(str(record.tree)) for record in taken)
        found[name] = [record.refused.code for record in records if record.refused] or f"{size} characters"
        leaks = any("root:" in str(record.tree) for record in taken)
        if leaks or (
            taken and (size > MOST_CHARS or name in {"entity expansion", "external entity", "deep XML", "deep JSON"})
        ):
            return wrong(
                "connector",
                f"恶意输入（{name}）未被拒收",
                f"hostile input ({name}) was not refused",
                expected="refused",
                got=f"{size} characters taken",
            )
    lab.keep("QUA", "hostile.json", found)
    return passed("恶意输入在限内拒收", "hostile input is refused within limits")


def refusals_are_useful(lab: Lab) -> Finding:
    """MAL-05: a refused record says where, by which rule, with a sample and what to do; mended it passes."""
    sound = lab.given()[0]
    broken = _broken(lab, sound)
    if broken is None:
        return skipped("没有可致拒收的改动", "no change makes this record refused")
    stand = lab.stand()
    stand.take([broken])
    (row,) = stand.quarantine() or ({},)
    said: Mapping[str, Any] = {
        name: row.get(name) for name in ("place", "path", "code", "problem", "hint", "record_digest")
    }
    lab.keep("QUA", "refused.json", said)
    lacking = [name for name, value in said.items() if not value]
    if lacking:
        return wrong(
            "hub",
            "拒收未说清",
            "a refusal does not say enough",
            expected="place, path, code, problem, hint, digest",
            got=f"without {', '.join(lacking)}",
        )
    totals = stand.take([sound])
    lab.keep("RCP", "again.json", {"mapped": totals.mapped, "quarantined": totals.quarantined})
    if totals.mapped != 1:
        return wrong("hub", "改正后仍被拒", "mended it is still refused", expected="mapped", got=totals)
    return passed("拒收说清，改后通过", "a refusal says what to mend, and mended it passes")


def _broken(lab: Lab, record: Record) -> Record | None:
    """Return the record with one text changed so that it is refused by the mapping."""
    for tree in _spoiled(record.tree):
        try:
            lab.mapping.map_record(tree)
        except Refused:
            return replace(record, tree=tree)
    return None


def _spoiled(value: Any) -> Iterator[Any]:
    """Yield a tree again and again, each time with one of its texts changed, those at its top first."""
    if isinstance(value, str) and value:
        yield "2026-13-45 99:99"
    within = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for place, child in sorted(within, key=lambda each: not isinstance(each[1], str)):
        for changed in _spoiled(child):
            copy: Any = value.copy()
            copy[place] = changed
            yield copy
