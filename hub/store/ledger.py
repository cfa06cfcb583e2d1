"""Verifies the ledger: recomputes every chain and names the place of whatever was changed, deleted, swapped or cut."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson
import sqlalchemy as sa

from hub.errors import Fault, Misconfigured
from hub.model.chain import GENESIS, link
from hub.model.values import Head
from hub.signer import Signer, is_signed
from hub.store import rows, tables
from hub.store.engine import open_engine, reading

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from hub.model.values import Entry

Key: TypeAlias = tuple[int, int]
"""Generation and partition: the name of a chain."""

FIRST_GENERATION: Final = 1
"""It inherits nothing."""

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
    with closing(url) as engine, reading(engine) as connection:
        listed = [[*key, head.position, head.hash.hex()] for key, head in _heads(connection).items()]
    sealed = {"heads": listed, "sealed_at": now.isoformat(), "public_key": signer.public_key}
    return {**sealed, "signature": signer.sign(sealed)}


def verify(url: str, *, sealed: Mapping[str, Any] | None = None, public_key: str = "") -> Report:
    """Recompute every chain of the store at `url` in constant memory; compare with `sealed` heads where given.

    A seal must be signed by `public_key`, or where none is given by the key it names.
    """
    marks = _marks(sealed, public_key) if sealed is not None else {}
    with closing(url) as engine, reading(engine) as connection:
        heads = _heads(connection)
        chains = [
            _followed(connection, key, heads.get(key), marks.get(key)) for key in _chains(connection, heads, marks)
        ]
    findings = [finding for chain in chains for finding in (*chain.findings, *chain.inheritance(heads))]
    return Report(
        entries=sum(chain.seen for chain in chains), chains=len(heads), findings=list(dict.fromkeys(findings))
    )


@contextmanager
def closing(url: str) -> Iterator[sa.Engine]:
    """Open an engine for one question."""
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _heads(connection: sa.Connection) -> dict[Key, Head]:
    """Return every head by generation and partition, in order."""
    query = sa.select(tables.heads).order_by(tables.heads.c.generation, tables.heads.c.partition)
    found = (Head(**rows.named(row)) for row in connection.execute(query))
    return {(head.generation, head.partition): head for head in found}


def _chains(connection: sa.Connection, *known: Collection[Key]) -> list[Key]:
    """Name every chain of which there is a head, a seal or an entry."""
    query = sa.select(tables.ledger.c.generation, tables.ledger.c.partition).distinct()
    return sorted({(row.generation, row.partition) for row in connection.execute(query)}.union(*known))


def _followed(connection: sa.Connection, key: Key, head: Head | None, mark: tuple[int, str] | None) -> _Chain:
    chain = _Chain(key, head, mark)
    for entry in _entries(connection, *key):
        chain.follow(entry)
    chain.end()
    return chain


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

    def __init__(self, key: Key, head: Head | None, mark: tuple[int, str] | None) -> None:
        self.findings: list[Finding] = []
        self.seen = 0
        self._key, self._head, self._mark = key, head, mark
        self._position = 0
        self._before = {GENESIS}
        self._genesis: Entry | None = None

    def follow(self, entry: Entry) -> None:
        """Check one entry against what came before."""
        self.seen += 1
        follows = _follows(self._before, entry)
        self._before = {entry.hash}
        if entry.position != self._position + 1:
            last = entry.position - 1
            self._find(self._position + 1, f"missing: {last - self._position} entries up to {last} are gone")
        elif entry.hash not in follows:
            self._find(entry.position, "changed: its hash does not follow from its content and the entry before it")
            self._before |= follows
        if self._mark and entry.position == self._mark[0] and entry.hash.hex() != self._mark[1]:
            self._find(entry.position, "rewritten: its hash is not the sealed one")
        if entry.position == 1:
            self._genesis = entry
        self._position = entry.position

    def end(self) -> None:
        """Check the tail against the head row and the seal."""
        if self._head is None:
            self._find(0, "the head row is gone")
        elif self._position < self._head.position:
            self._find(self._position + 1, f"truncated: the head row stands at {self._head.position}")
        elif self._position > self._head.position:
            self._find(self._head.position + 1, "foreign: entries stand beyond the head row")
        elif self._head.hash not in self._before:
            self._find(self._position, "the head row has another hash")
        if self._mark and self._position < self._mark[0]:
            self._find(self._position + 1, f"truncated: position {self._mark[0]} was sealed")

    def inheritance(self, heads: Mapping[Key, Head]) -> Iterator[Finding]:
        """Check that a later generation's chain starts from the heads that the one before it ended with."""
        generation = self._key[0]
        if generation == FIRST_GENERATION:
            return
        inherited = _inherited(self._genesis)
        ended = {key: (head.position, head.hash.hex()) for key, head in heads.items() if key[0] == generation - 1}
        problem = f"this is not the head from which generation {generation} goes on"
        for key, (position, _) in sorted(inherited.items() ^ ended.items()):
            yield Finding(generation=key[0], partition=key[1], position=position, problem=problem)

    def _find(self, position: int, problem: str) -> None:
        self.findings.append(self._finding(position, problem))

    def _finding(self, position: int, problem: str) -> Finding:
        return Finding(generation=self._key[0], partition=self._key[1], position=position, problem=problem)


def _follows(before: Collection[bytes], entry: Entry) -> set[bytes]:
    """Return the hashes that `entry` may have; none where its values are not even of their types."""
    try:
        return {link(each, entry) for each in before}
    except (TypeError, ValueError, AttributeError):
        return set()


def _inherited(genesis: Entry | None) -> dict[Key, tuple[int, str]]:
    """Return the heads that a chain's first entry carries; none where it has been tampered with beyond reading."""
    try:
        listed = orjson.loads(genesis.body)["heads"] if genesis else ()
        return {(int(number), int(partition)): (int(at), str(digest)) for number, partition, at, digest in listed}
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return {}
