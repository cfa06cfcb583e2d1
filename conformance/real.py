"""Opens what a session of a real connection works with: its sandbox, its source or an export of it, its declaration."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson

from conformance import reports
from conformance.declaration import agreeing, beside, load_declaration
from conformance.evidence import EvidenceStore
from conformance.lab import Lab
from conformance.sessions import BUNDLE, Sessions
from conformance.stand import Stand, Stands
from conformance.wishes import Wishes
from connectors import reopen_record
from connectors.push import KIND as PUSH
from hub.files import write_durably
from hub.reader import reader_lease
from hub.vault import SealedBoxVault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from conformance.declaration import Declared
    from conformance.door import MakeParts
    from conformance.sessions import Session
    from conformance.shipping import Shipment
    from conformance.stand import Hub
    from conformance.suite import Suite
    from hub.mapping import CompiledMapping
    from hub.model.values import Record
    from hub.ports import Clock
    from hub.settings import Settings

    Build = Callable[[Settings, Clock], Hub]

FOLDER: Final = "conformance"
"""Folder of the sandbox's data folder in which sessions and evidence are kept."""


def sessions_of(sandbox: Settings) -> Sessions:
    """Return the sessions that are kept beside a sandbox."""
    return Sessions(sandbox.data_dir / FOLDER / "sessions", sandbox.zone)


def evidence_of(sandbox: Settings, secrets: Sequence[str] = ()) -> EvidenceStore:
    """Return the evidence that is kept beside a sandbox, sealed to the sandbox's vault."""
    vault = SealedBoxVault.at(sandbox.data_dir / "keys")
    return EvidenceStore(sandbox.data_dir / FOLDER / "evidence", secrets, vault)


def wishes_of(sandbox: Settings) -> Wishes:
    """Return what people have asked to be run again."""
    return Wishes(sandbox.data_dir / FOLDER / "wishes")


def bundled(sandbox: Settings, session: Session, suite: Suite, today: date) -> bytes:
    """Write a session's evidence bundle beside its record, in one step; return its bytes."""
    packed = reports.bundle(session, session.summary(suite, today), suite, evidence_of(sandbox))
    write_durably(session.folder / BUNDLE, packed)
    return packed


SECRET_CHARS: Final = 4
"""Least length of a value that is taken out of evidence wherever it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A department that is known by what it wrote down alone: its counts, its keys; see conformance.lab.Department."""

    counts_file: Path | None = None
    keys_file: Path | None = None

    def counts(self) -> Mapping[str, int] | None:
        """Read `{"matter|state|day": n}`."""
        return None if self.counts_file is None else dict(orjson.loads(self.counts_file.read_bytes()))

    def keys(self) -> Sequence[str] | None:
        """Read one case number a line."""
        if self.keys_file is None:
            return None
        return [line.strip() for line in self.keys_file.read_text(encoding="utf-8").splitlines() if line.strip()]

    def keyed_at(self, case_no: str, event_type: str, occurrence: str) -> datetime | None:
        """Return None: nobody else knows."""
        del case_no, event_type, occurrence
        return None

    def occurred_at(self, case_no: str, event_type: str, occurrence: str) -> datetime | None:
        """Return None: nobody else knows."""
        del case_no, event_type, occurrence
        return None

    def half_written(self) -> Sequence[Path] | None:
        """Return None: it cannot be asked to."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """One connection in the sandbox, with what its lab is made of."""

    sandbox: Hub
    live: Hub
    mapping: CompiledMapping
    mapping_file: Path
    catalogues: Sequence[Mapping[str, object]]
    environment: Mapping[str, str]
    data: Path | None = None
    counts: Path | None = None
    keys: Path | None = None
    shipment: Shipment | None = None
    """What an edge has pulled, in the source's stead."""

    def lab(self, session: str, clock: Clock, folder: Path, build: Build, parts: MakeParts) -> Lab:
        """Return the lab of a session; stands are made in `folder`."""
        known = {name: value for name, value in self.environment.items() if _is_secret(name)}
        secrets = [value for value in known.values() if len(value) >= SECRET_CHARS]
        return Lab(
            declared=self._declared(),
            mapping=self.mapping,
            mapping_file=self.mapping_file,
            environment=self.environment,
            catalogues=self.catalogues,
            session=session,
            clock=clock,
            calendar=self.sandbox.calendar(),
            pilot=Stand(self.sandbox, self.mapping),
            stands=Stands(build, self.sandbox.settings, folder),
            store=evidence_of(self.sandbox.settings, secrets),
            parts=parts,
            records=self.records,
            department=Told(counts_file=self.counts, keys_file=self.keys),
            live=self.live,
            secrets=secrets,
            is_edge=self.shipment is not None,
            taken_at=self.shipment.taken_at if self.shipment is not None else None,
        )

    def _declared(self) -> Declared:
        """Return the declaration, which has to agree with the mapping at each run: it may have been edited since."""
        path = beside(self.mapping_file)
        return agreeing(load_declaration(path), self.mapping.declaration, str(path))

    def records(self) -> Sequence[Record]:
        """Return everything that the source, or the export in its stead, holds; nothing of one that sends."""
        if self.shipment is not None:
            return reopened(self.shipment, self.mapping)
        if self.mapping.declaration.kind == PUSH and self.data is None:
            return []
        with contextlib.closing(self.sandbox.source(self.mapping, self.data)) as source:
            return [record for portion in source.read(None) for record in portion.records]

    def read_into(self, pilot: Stand) -> int:
        """Let the sandbox read what is new, unless another process does; return the records read."""
        is_sender = self.mapping.declaration.kind == PUSH and self.data is None
        if is_sender or pilot.line.hold():
            return 0
        if self.shipment is not None:
            return pilot.take(self.records()).read
        name = self.mapping.declaration.connection
        with (
            pilot.bus.lease(reader_lease(name)),
            contextlib.closing(self.sandbox.source(self.mapping, self.data)) as source,
        ):
            return pilot.read(source).read


def reopened(shipment: Shipment, mapping: CompiledMapping) -> Sequence[Record]:
    """Return the records of a shipment, decoded anew from their bytes under the mapping that is here."""
    return [reopen_record(mapping.declaration, raw, place) for place, raw in shipment.records]


def _is_secret(name: str) -> bool:
    return any(word in name.upper() for word in ("PASSWORD", "TOKEN", "SECRET", "KEY"))
