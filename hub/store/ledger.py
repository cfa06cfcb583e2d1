"""Verifies the ledger: recomputes every chain and names the place of whatever was changed, deleted, swapped or cut."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa

from hub.errors import Fault, Misconfigured
from hub.model.chain import GENESIS, link
from hub.signer import Signer, is_signed
from hub.store import rows, tables
from hub.store.engine import open_engine, reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from hub.model.values import Entry

CHUNK: Final = 2000
"""Rows read at a time, so that memory does not grow with the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, and where."""

    generation: int
    partition: int
    position: int
    problem: str

    def __str__(self) -> str:
        return f"generation {self.generation}, partition {self.partition}, position {self.position}: {self.problem}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a verification found. `sound` is true when nothing is wrong."""

    entries: int
    chains: int
    findings: Sequence[Finding]

    @property
    def sound(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.findings

    def as_dict(self) -> dict[str, Any]:
        """Return the report for `--json`."""
        found = [asdict(finding) for finding in self.findings]
        return {"sound": self.sound, "entries": self.entries, "chains": self.chains, "findings": found}

    def __str__(self) -> str:
        verdict = "sound" if self.sound else f"{len(self.findings)} places were tampered with"
        return "\n".join([f"{self.entries:,} entries in {self.chains} chains: {verdict}", *map(str, self.findings)])


def seal(url: str, *, signer: Signer, now: datetime) -> dict[str, Any]:
    """Return the heads of all chains, signed: what `verify` compares with later to find a truncated tail."""
    engine = open_engine(url)
    with reading(engine) as connection:
        heads = connection.execute(
            sa.select(tables.heads).order_by(tables.heads.c.generation, tables.heads.c.partition)
        )
        listed = [[head.generation, head.partition, head.position, head.hash.hex()] for head in heads]
    engine.dispose()
    sealed = {"heads": listed, "sealed_at": now.isoformat(), "public_key": signer.public_key}
    return {**sealed, "signature": signer.sign(sealed)}


def verify(url: str, *, sealed: Mapping[str, Any] | None = None, public_key: str = "") -> Report:
    """Recompute every chain of the store at `url` in constant memory; compare with `sealed` heads where given.

    A seal must be signed by `public_key`, or where none is given by the key it names.
    """
    marks = _marks(sealed, public_key) if sealed is not None else {}
    engine = open_engine(url)
    findings: list[Finding] = []
    entries = chains = 0
    with reading(engine) as connection:
        heads = connection.execute(sa.select(tables.heads)).all()
        for head in heads:
            chain = _Chain(head, marks.pop((head.generation, head.partition), None))
            for entry in _entries(connection, head.generation, head.partition):
                chain.follow(entry)
            chain.end()
            findings.extend(chain.findings)
            entries += chain.seen
            chains += 1
        findings.extend(_inheritance(connection))
    engine.dispose()
    findings.extend(_missing(key, mark) for key, mark in marks.items())
    return Report(entries=entries, chains=chains, findings=findings)


def _marks(sealed: Mapping[str, Any], public_key: str) -> dict[tuple[int, int], tuple[int, str]]:
    unsigned = {name: value for name, value in sealed.items() if name != "signature"}
    key = public_key or str(sealed.get("public_key", ""))
    if not is_signed(unsigned, str(sealed.get("signature", "")), key):
        raise Misconfigured(
            Fault(
                code="ledger.seal", problem="the seal's signature does not hold", hint="use the file as it was exported"
            )
        )
    return {(generation, partition): (position, digest) for generation, partition, position, digest in sealed["heads"]}


def _entries(connection: sa.Connection, generation: int, partition: int) -> Iterator[Entry]:
    ledger = tables.ledger.c
    own = (ledger.generation == generation) & (ledger.partition == partition)
    query = sa.select(tables.ledger).where(own).order_by(ledger.position)
    for row in connection.execute(query.execution_options(yield_per=CHUNK)):
        yield rows.entry(row)


class _Chain:
    """Follows one chain. After a break it goes on from what stands there, so that every break is found, each once."""

    def __init__(self, head: sa.Row[Any], mark: tuple[int, str] | None) -> None:
        self.findings: list[Finding] = []
        self.seen = 0
        self._head, self._mark = head, mark
        self._position = 0
        self._before = {GENESIS}

    def follow(self, entry: Entry) -> None:
        """Check one entry against what came before."""
        self.seen += 1
        follows = {link(before, entry) for before in self._before}
        self._before = {entry.hash}
        if entry.position != self._position + 1:
            last = entry.position - 1
            self._find(self._position + 1, f"missing: {last - self._position} entries up to {last} are gone")
        elif entry.hash not in follows:
            self._find(entry.position, "changed: its hash does not follow from its content and the entry before it")
            self._before |= follows
        if self._mark and entry.position == self._mark[0] and entry.hash.hex() != self._mark[1]:
            self._find(entry.position, "rewritten: its hash is not the sealed one")
        self._position = entry.position

    def end(self) -> None:
        """Check the tail against the head row and the seal."""
        if self._position < self._head.position:
            self._find(self._position + 1, f"truncated: the head row stands at {self._head.position}")
        elif self._position > self._head.position:
            self._find(self._head.position + 1, "foreign: entries stand beyond the head row")
        elif self._position and self._head.hash not in self._before:
            self._find(self._position, "the head row has another hash")
        if self._mark and self._position < self._mark[0]:
            self._find(self._position + 1, f"truncated: position {self._mark[0]} was sealed")

    def _find(self, position: int, problem: str) -> None:
        where = {"generation": self._head.generation, "partition": self._head.partition, "position": position}
        self.findings.append(Finding(**where, problem=problem))


def _inheritance(connection: sa.Connection) -> Iterator[Finding]:
    """Check that each later generation starts from the heads that the one before it ended with."""
    heads = {(row.generation, row.partition): row for row in connection.execute(sa.select(tables.heads))}
    genesis = sa.select(tables.ledger).where(tables.ledger.c.kind == "genesis")
    for entry in connection.execute(genesis):
        for generation, partition, position, digest in orjson.loads(entry.body)["heads"]:
            old = heads.get((generation, partition))
            if old is None or (old.position, old.hash.hex()) != (position, digest):
                problem = f"it inherits another head than generation {generation}, partition {partition} has"
                yield Finding(
                    generation=entry.generation, partition=entry.partition, position=entry.position, problem=problem
                )


def _missing(key: tuple[int, int], mark: tuple[int, str]) -> Finding:
    return Finding(generation=key[0], partition=key[1], position=mark[0], problem="the whole chain is gone")
