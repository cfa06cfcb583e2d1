"""Verifies an alert's dossier with nothing but the file: every part, every entry's hash, the signatures, the chains."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from hub.dossier import CHAIN, ENTRIES, HEADS, MANIFEST
from hub.model.chain import linked
from hub.signer import is_signed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a verification found: who signed, how much was looked at, how far the chains go, and what is wrong."""

    alert_id: str
    public_key: str
    parts: int
    entries: int
    chains: Sequence[str]
    findings: Sequence[str] = field(default_factory=tuple)

    @property
    def sound(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.findings


def check(archive: bytes, public_key: str = "") -> Checked:
    """Verify a dossier; it must be signed by `public_key`, or where none is given by the key it names."""
    try:
        parts = _parts(archive)
        manifest = orjson.loads(parts[MANIFEST])
        entries, sealed = orjson.loads(parts[ENTRIES]), orjson.loads(parts[HEADS])
        chains = [name for name in parts if name.startswith(CHAIN)]
        key = public_key or str(manifest["public_key"])
        findings = [*_signatures(manifest, sealed, key), *_contents(parts, manifest)]
        if parts.keys() >= manifest["parts"].keys():
            findings += [*_hashes(entries, sealed), *_consistent(parts, entries, manifest)]
            findings += [finding for name in chains for finding in _chain(name, parts[name], entries, sealed)]
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, IndexError, AttributeError) as broken:
        problem = f"it is no dossier, or one cut short: {type(broken).__name__}"
        return Checked(alert_id="", public_key="", parts=0, entries=0, chains=(), findings=(problem,))
    return Checked(
        alert_id=str(manifest["alert_id"]),
        public_key=key,
        parts=len(parts) - 1,
        entries=len(entries),
        chains=chains,
        findings=findings,
    )


def _parts(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def _signatures(manifest: Mapping[str, Any], sealed: Mapping[str, Any], key: str) -> Iterator[str]:
    for name, document in ((MANIFEST, manifest), (HEADS, sealed)):
        unsigned = {field: value for field, value in document.items() if field != "signature"}
        if not is_signed(unsigned, str(document.get("signature", "")), key):
            yield f"{name}: its signature is not that of {key[:16]}…"


def _contents(parts: Mapping[str, bytes], manifest: Mapping[str, Any]) -> Iterator[str]:
    listed = manifest["parts"]
    for name in sorted({*listed, *parts} - {MANIFEST}):
        if name not in parts:
            yield f"{name}: it is gone"
        elif name not in listed:
            yield f"{name}: the manifest does not know it"
        elif hashlib.sha256(parts[name]).hexdigest() != listed[name]:
            yield f"{name}: it was changed"


def _hashes(entries: Sequence[Mapping[str, Any]], sealed: Mapping[str, Any]) -> Iterator[str]:
    heads = {(generation, partition): position for generation, partition, position, _ in sealed["heads"]}
    for entry in entries:
        generation, partition, position, *_, digest = entry["header"]
        place = f"entry {generation}/{partition}/{position}"
        if linked(bytes.fromhex(entry["previous"]), entry["header"]).hex() != entry["hash"]:
            yield f"{place}: its hash does not follow from its header and the hash before it"
        if "body" in entry and hashlib.sha256(entry["body"].encode()).hexdigest() != digest:
            yield f"{place}: its body is not the one that its header names"
        if position > heads.get((generation, partition), 0):
            yield f"{place}: it stands beyond the head"


def _consistent(
    parts: Mapping[str, bytes], entries: Sequence[Mapping[str, Any]], manifest: Mapping[str, Any]
) -> Iterator[str]:
    """Hold what the dossier tells to what the ledger says."""
    alert = orjson.loads(parts["alert.json"])
    told = [orjson.loads(entry["body"])["data"] for entry in entries if entry["header"][3] == "alert"]
    if alert not in told or alert["alert_id"] != manifest["alert_id"]:
        yield "alert.json: the ledger entries do not say this"
    known = {(entry["header"][2], entry["hash"]) for entry in entries}
    for event in orjson.loads(parts["evidence.json"])["events"]:
        if (event["position"], event["hash"]) not in known:
            yield f"evidence.json: event {event['event_id']} is not among the entries"
    digests = _drawn(entries)
    for name, body in parts.items():
        if name.startswith("papers/") and hashlib.sha256(body).hexdigest() not in digests:
            yield f"{name}: no ledger entry names this file"


def _drawn(entries: Sequence[Mapping[str, Any]]) -> set[str]:
    acts = [orjson.loads(entry["body"])["data"] for entry in entries if entry["header"][3] == "act"]
    return {act[name] for act in acts for name in ("docx_digest", "pdf_digest") if name in act}


def _chain(name: str, body: bytes, entries: Sequence[Mapping[str, Any]], sealed: Mapping[str, Any]) -> Iterator[str]:
    """Follow a chain from the first of the dossier's entries to the sealed head."""
    links = [orjson.loads(line) for line in body.splitlines()]
    key = links[0][0][:2]
    own = {entry["header"][2]: entry for entry in entries if entry["header"][:2] == key}
    previous, positions = bytes.fromhex(own[links[0][0][2]]["previous"]), range(links[0][0][2], 1 << 62)
    for (header, digest), position in zip(links, positions, strict=False):
        if header[2] != position or linked(previous, header).hex() != digest:
            yield f"{name}: it breaks at position {position}"
        previous = bytes.fromhex(digest)
    told = {header[2]: digest for header, digest in links}
    if any(told.get(position) != entry["hash"] for position, entry in own.items()):
        yield f"{name}: an entry is not in it"
    head = next(head for head in sealed["heads"] if head[:2] == key)
    if links[-1][0][2] != head[2] or links[-1][1] != head[3]:
        yield f"{name}: it does not end at the sealed head"
