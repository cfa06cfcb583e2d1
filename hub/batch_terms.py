"""What a batch is decided with, and what in it is refused once more is known than its message alone says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hub.admission import Admission
from hub.errors import Rejection
from hub.model import ids
from hub.model.scores import Entered
from hub.supervision.instruments import Office

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hub.admission import Act, Admitted
    from hub.bench import Bench, CaseFile
    from hub.model.values import Connection

REUSED: Final = Rejection(
    stage="authorise",
    code="authorise.message-name",
    path="/data/provenance/ordinal",
    problem="another message of this event has the same read and ordinal, and says something else",
    hint="number the events of a read; begin a new read (read_id) after a restart",
)

_NO_ENTRY: Final = Rejection(
    stage="supervise", code="score.entry", problem="it does not say what is entered for whom",
    hint="enter it with `sunlight score enter`",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a batch is decided with: the judge, who may speak, and the vault for what is refused.

    `connections` may be a moment old; `reread` brings it up to date and tells whether that changed anything.
    """

    bench: Bench
    connections: Mapping[str, Connection]
    reread: Callable[[], bool]
    trusted: str
    partitions: int
    seal: Callable[[bytes], bytes]
    office: Office = field(default_factory=Office)

    def admission(self, partition: int) -> Admission:
        """Return who may say what in `partition`."""
        return Admission(
            connections=self.connections, trusted=self.trusted, partition=partition, partitions=self.partitions
        )

    def home(self, connection_id: str) -> int:
        """Return the partition that keeps a connection's read-reports, of which every partition hears."""
        return ids.partition_of(ids.bucket_of(connection_id), self.partitions)


def stranger(event: Admitted, file: CaseFile, reporter: str, connections: Mapping[str, Connection]) -> Rejection | None:
    """Refuse an event of a case that another connection reports, with which its own shares no department.

    Where two connections number cases alike, both speak for the department whose cases they are; of a complaint
    those speak too to whom it is dispatched.
    """
    theirs, own = connections.get(reporter), connections.get(event.connection_id)
    if reporter == event.connection_id or not (theirs and own) or theirs.departments & own.departments:
        return None
    if file.takes_answer(event.data, own.departments):
        return None
    return Rejection(
        stage="authorise",
        code="authorise.case",
        path="/data/case/case_id",
        problem=f"the case is reported by {reporter}, with which {event.connection_id} shares no department",
        hint="number this connection's cases by themselves (case.numbering in its mapping)",
    )


def entered(item: Act) -> Entered | Rejection:
    """Return what a person enters for a department's month."""
    try:
        return Entered.said(item.subject, item.data, item.at)
    except ValueError:
        return _NO_ENTRY
