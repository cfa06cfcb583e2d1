"""Puts an alert's dossier 卷宗 together for third parties, and verifies one without the hub.

It holds no more of the case than the alert's page shows: of events their times, digests and places in the ledger, not
their bodies. Every ledger entry in it comes with its header, its body's SHA-256 and the hash before it, so that its own
hash can be computed; the heads are signed; with the chains it follows from the entries to the heads.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from hub.dossier_words import derivation_text, readme_text, summary_text
from hub.model import ids
from hub.model.chain import header_of
from hub.supervision.instants import written
from hub.supervision.instruments import told_paper

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime, tzinfo

    from hub.model.values import AlertRow, ClockRow, Entry, Head, PaperRow
    from hub.signer import Signer

MANIFEST: Final = "manifest.json"
ENTRIES: Final = "ledger/entries.json"
HEADS: Final = "ledger/heads.json"
CHAIN: Final = "ledger/chain-"
"""What the names of the chains' files begin with; generation and partition follow."""

ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""When every part was written, as far as the archive says; the manifest says when it was exported."""

_APPEAL_MOVES: Final = frozenset({"appeal", "review", "uphold", "downgrade", "revoke"})


class DossierReading(Protocol):
    """What a dossier is made from."""

    def clocks(self, subject: str) -> Sequence[ClockRow]:
        """Return the clocks of a case or an alert."""

    def papers(self, alert_id: str) -> Sequence[PaperRow]:
        """Return the papers of an alert."""

    def paper_file(self, digest: str) -> bytes | None:
        """Return a paper's file by its SHA-256."""

    def entries_about(self, subjects: Collection[str]) -> Sequence[Entry]:
        """Return the ledger entries with these subjects, in the order of their chains."""

    def hashes_before(self, entries: Sequence[Entry]) -> Sequence[bytes]:
        """Return for each entry the hash of the one before it in its chain."""

    def heads(self) -> Sequence[Head]:
        """Return the heads of all chains."""

    def chain_after(self, generation: int, partition: int, position: int, last: int) -> Iterable[Entry]:
        """Yield the entries of a chain after a position, up to the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What a dossier is exported under: when, in which zone, signed by whom, and whether with the chains."""

    at: datetime
    zone: tzinfo
    signer: Signer
    with_chains: bool = False


def dossier_of(alert: AlertRow, reading: DossierReading, export: Export) -> bytes:
    """Return an alert's dossier, a zip archive."""
    papers = reading.papers(alert.alert_id)
    entries = _entries(alert, papers, reading)
    parts = {
        "alert.json": _json(alert.document),
        **_told(alert, reading, export, entries),
        **_paper_files(papers, alert, reading, export.zone),
        ENTRIES: _json(_ledgered(entries, reading)),
        **_proof(entries, reading, export),
    }
    return _zipped({**parts, MANIFEST: _manifest(alert, parts, export)})


def _entries(alert: AlertRow, papers: Sequence[PaperRow], reading: DossierReading) -> Sequence[Entry]:
    """Return the entries that belong to an alert: its case's events, what became of it, what people did, its papers."""
    acts = [
        ids.act_id(f"alert.{each['move']}", alert.alert_id, each["by"], each["at"])
        for each in alert.document.get("history", ())
        if each["role"] != "hub"
    ]
    issued = [paper.paper_id for paper in papers]
    drawn = [ids.act_id("paper.drawn", paper.paper_id, "hub", paper.issued_at.isoformat()) for paper in papers]
    found = reading.entries_about({alert.subject, *acts, *issued, *drawn})
    return [entry for entry in found if entry.kind != "alert" or _alert_id(entry) == alert.alert_id]


def _alert_id(entry: Entry) -> str:
    return str(orjson.loads(entry.body)["data"]["alert_id"])


def _told(alert: AlertRow, reading: DossierReading, export: Export, entries: Sequence[Entry]) -> Mapping[str, bytes]:
    clocks = [*reading.clocks(alert.subject), *reading.clocks(alert.alert_id)]
    history = alert.document.get("history", ())
    appeal = [each for each in history if each["move"] in _APPEAL_MOVES]
    return {
        "README.txt": readme_text().encode(),
        "summary.txt": summary_text(alert).encode(),
        "derivation.txt": derivation_text(clocks, export.zone).encode(),
        "clocks.json": _json([_clock(each, export.zone) for each in clocks]),
        "history.json": _json({"moves": history, "appeal_and_review": appeal}),
        "evidence.json": _json(_evidence(alert, entries, export.zone)),
    }


def _clock(clock: ClockRow, zone: tzinfo) -> dict[str, Any]:
    said = {name: getattr(clock, name) for name in ("clock_id", "subject", "kind", "occurrence", "state", "basis")}
    times = {name: getattr(clock, name) for name in ("started_at", "due_at", "stopped_at")}
    written_times = {name: written(at, zone) if at is not None else None for name, at in times.items()}
    counted = {"calendar_version": clock.calendar_version, "provisional": clock.provisional}
    return {**said, **written_times, **counted, "derivation": list(clock.derivation)}


_EVENT_FIELDS: Final = ("type", "occurred_at", "recorded_at", "sent_at", "connection_id", "source_version")


def _evidence(alert: AlertRow, entries: Sequence[Entry], zone: tzinfo) -> Mapping[str, Any]:
    """Tell what the finding rests on: fields and values, and every event of the case by times, digest and place."""
    named = {each["event_id"] for each in alert.document["evidence"] if "event_id" in each}
    events = [_event(entry, named, zone) for entry in entries if entry.kind == "event"]
    return {"findings": alert.document["evidence"], "events": events}


def _event(entry: Entry, named: Collection[str], zone: tzinfo) -> dict[str, Any]:
    document = orjson.loads(entry.body)
    data = document["data"]
    return {
        "event_id": document["id"],
        "is_evidence": document["id"] in named,
        **{name: data[name] for name in _EVENT_FIELDS if name in data},
        "received_at": document["receivedat"],
        "ledgered_at": written(entry.ledgered_at, zone),
        "record_digest": data["provenance"]["record_digest"],
        "generation": entry.generation,
        "partition": entry.partition,
        "position": entry.position,
        "hash": entry.hash.hex(),
    }


def _paper_files(
    papers: Sequence[PaperRow], alert: AlertRow, reading: DossierReading, zone: tzinfo
) -> Mapping[str, bytes]:
    found = {"papers.json": _json([told_paper(each, alert, zone) for each in papers])}
    for paper in papers:
        for media, digest in (("docx", paper.docx_digest), ("pdf", paper.pdf_digest)):
            body = reading.paper_file(digest) if digest else None
            if body is not None:
                found[f"papers/{paper.content['no']}.{media}"] = body
    return found


def _ledgered(entries: Sequence[Entry], reading: DossierReading) -> list[dict[str, Any]]:
    before = reading.hashes_before(entries)
    return [
        {
            "header": header_of(entry),
            "previous": previous.hex(),
            "hash": entry.hash.hex(),
            **({} if entry.kind == "event" else {"body": entry.body.decode()}),
        }
        for entry, previous in zip(entries, before, strict=True)
    ]


def _proof(entries: Sequence[Entry], reading: DossierReading, export: Export) -> Mapping[str, bytes]:
    """Return the heads of all chains, signed, and where wanted the links from the first entry of each chain to them."""
    heads = {(head.generation, head.partition): head for head in reading.heads()}
    listed = [[*key, head.position, head.hash.hex()] for key, head in heads.items()]
    sealed = {"heads": listed, "sealed_at": export.at.isoformat(), "public_key": export.signer.public_key}
    found = {HEADS: _json({**sealed, "signature": export.signer.sign(sealed)})}
    if export.with_chains:
        for key in dict.fromkeys((entry.generation, entry.partition) for entry in entries):
            first = min(entry.position for entry in entries if (entry.generation, entry.partition) == key)
            links = reading.chain_after(*key, first - 1, heads[key].position)
            lines = (orjson.dumps([header_of(entry), entry.hash.hex()]) for entry in links)
            found[f"{CHAIN}{key[0]}-{key[1]}.jsonl"] = b"\n".join(lines)
    return found


def _manifest(alert: AlertRow, parts: Mapping[str, bytes], export: Export) -> bytes:
    said = {
        "alert_id": alert.alert_id,
        "supervision_no": alert.document.get("supervision_no", ""),
        "exported_at": written(export.at, export.zone),
        "public_key": export.signer.public_key,
        "parts": {name: hashlib.sha256(body).hexdigest() for name, body in sorted(parts.items())},
    }
    return _json({**said, "signature": export.signer.sign(said)})


def _json(value: Any) -> bytes:  # noqa: ANN401 - whatever JSON holds
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)


def _zipped(parts: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            part = zipfile.ZipInfo(name, ZIP_TIME)
            part.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(part, body)
    return out.getvalue()
