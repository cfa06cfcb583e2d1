"""Decides what becomes of a file once the hub has it: another ending, or a folder for the sound and one for the rest,
where a report says what was refused. Nothing is ever written over.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Final, NamedTuple

from connectors.file_completeness import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connectors.folders import Folder, Stamp
    from hub.errors import Rejection
    from hub.model.values import Record

REPORT: Final = ".refused.csv"
"""Ending of the report beside a file of which something was refused."""

REPORTED: Final = 1000
"""Refusals that a report names; the quarantine has them all."""

_COLUMNS: Final = ("place", "code", "field", "problem", "hint")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeOptions:
    """What is done with a file that was read. All empty: it stays as it is."""

    rename_to: str = ""
    """Ending that a file gets."""
    done: str = ""
    """Folder, below that of the files, into which a file goes of which nothing was refused."""
    failed: str = ""
    """Folder for the others, each with its report."""

    @property
    def takes_away(self) -> bool:
        """Tell whether no file that was read keeps its name."""
        return bool(self.done or self.rename_to)

    @property
    def moves(self) -> bool:
        """Tell whether files are moved to other folders."""
        return bool(self.done)


class Taken(NamedTuple):
    """Which file a record is of, and how that file was when it was read; `last`: it is the file's last record."""

    name: str
    stamp: Stamp
    sidecar: str | None
    """The file beside it that said that it is complete; it goes where the file goes."""
    last: bool


class Outcome:
    """Settles files, as their records turn out."""

    def __init__(self, folder: Folder, options: OutcomeOptions) -> None:
        """Settle the files of `folder` as `options` say."""
        self._folder, self._options = folder, options
        self._refused: defaultdict[str, list[Rejection]] = defaultdict(list)
        self._empty: list[Taken] = []

    def nothing_in(self, taken: Taken) -> None:
        """Take note of a file without records: it is settled with the next ones."""
        self._empty.append(taken)

    def settle(self, records: Sequence[Record]) -> None:
        """Settle each file of which the last record is among `records`."""
        empty, self._empty = self._empty, []
        for record in records:
            taken = record.handle
            if isinstance(taken, Taken):
                self._note(taken.name, record)
                if taken.last:
                    self._put_away(taken)
        for taken in empty:
            self._put_away(taken)

    def was_taken_before(self, name: str) -> bool:
        """Tell whether a file of that name was taken before, and is kept."""
        return self._options.moves and self._is_there(f"{self._options.done}/{name}")

    def is_the_same(self, name: str) -> bool:
        """Tell whether a file holds what the one of its name did that was taken before."""
        before = f"{self._options.done}/{name}"
        if self._folder.stamp(name).size_bytes != self._folder.stamp(before).size_bytes:
            return False
        return digest_of(self._folder, name) == digest_of(self._folder, before)

    def _note(self, name: str, record: Record) -> None:
        refused = record.refused
        if refused is not None and self._options.moves and len(self._refused[name]) <= REPORTED:
            self._refused[name].append(replace(refused, place=refused.place or record.place))

    def _put_away(self, taken: Taken) -> None:
        """Move or rename a file; one that is gone already, or was replaced meanwhile, is left."""
        refused = self._refused.pop(taken.name, [])
        if not self._options.takes_away:
            return
        target = self._target(taken.name, failed=bool(refused))
        try:
            if self._folder.stamp(taken.name) != taken.stamp:
                return
            if taken.sidecar is not None:  # first: left behind, it would call a later file of that name complete
                self._folder.rename(taken.sidecar, target + taken.sidecar.removeprefix(taken.name))
            self._folder.rename(taken.name, target)
            if self._folder.stamp(target) != taken.stamp and not self._is_there(taken.name):
                self._folder.rename(target, taken.name)
                return
        except FileNotFoundError:
            return
        if refused:
            self._folder.write(target + REPORT, report(refused))

    def _target(self, name: str, *, failed: bool) -> str:
        """Return the first name free for a file that was taken."""
        return next(target for target in self._targets(name, failed=failed) if not self._is_there(target))

    def _targets(self, name: str, *, failed: bool) -> Iterator[str]:
        options = self._options
        below = f"{options.failed if failed else options.done}/" if options.moves else ""
        numbers = ("" if number == 0 else f".{number}" for number in count())
        return (f"{below}{name}{number}{options.rename_to}" for number in numbers)

    def _is_there(self, name: str) -> bool:
        try:
            self._folder.stamp(name)
        except FileNotFoundError:
            return False
        return True


def report(refused: Sequence[Rejection]) -> bytes:
    """Return what a department reads to correct its file: a table, with the mark by which Excel knows UTF-8."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(_COLUMNS)
    for each in refused[:REPORTED]:
        table.writerow([_plain(cell) for cell in (each.place, each.code, each.path, each.problem, each.hint)])
    if len(refused) > REPORTED:
        table.writerow(["…", "", "", f"over {REPORTED:,} refusals; the quarantine has them all", ""])
    return text.getvalue().encode("utf-8-sig")


def _plain(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell
