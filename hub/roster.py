"""Reads the duty roster 值班表 from a file, as often as it changes, and reports every fault in it at once."""

from __future__ import annotations

import logging
import tomllib
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.errors import Fault, Misconfigured
from hub.supervision.duty import CHANNELS, Duty, Person, Roster
from hub.supervision.instants import to_utc

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo
    from pathlib import Path

LOG: Final = logging.getLogger(__name__)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _Person(_Strict):
    name: Annotated[str, Field(min_length=1)]
    email: str = ""
    webhook: str = ""
    sms: str = ""


class _Duty(_Strict):
    person: str
    line: Annotated[int, Field(ge=1)] = 1
    start: Annotated[datetime, Field(alias="from")]
    to: datetime
    department: str = ""
    levels: tuple[str, ...] = ()


class _Roster(_Strict):
    person: tuple[_Person, ...] = ()
    duty: tuple[_Duty, ...] = ()


def read_roster(path: Path, zone: tzinfo) -> Roster:
    """Read a roster (TOML: [[person]], [[duty]]); Misconfigured with every fault, none of which quotes a contact."""
    try:
        given = _Roster.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as unreadable:
        raise Misconfigured(_fault(path, "", unreadable.strerror or str(unreadable))) from unreadable
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise Misconfigured(_fault(path, "", str(broken))) from None
    except ValidationError as wrong:
        found = [_fault(path, ".".join(map(str, each["loc"])), each["msg"]) for each in wrong.errors()]
        raise Misconfigured(*found) from None
    duties = [_duty(each, zone) for each in given.duty]
    if faults := list(_faults(path, given, duties)):
        raise Misconfigured(*faults)
    return Roster(people={each.name: _person(each) for each in given.person}, duties=duties)


def _person(given: _Person) -> Person:
    contacts: dict[str, str] = {channel: getattr(given, channel) for channel in CHANNELS}
    return Person(name=given.name, contacts={channel: contact for channel, contact in contacts.items() if contact})


def _duty(given: _Duty, zone: tzinfo) -> Duty:
    start, end = (each if each.tzinfo else each.replace(tzinfo=zone) for each in (given.start, given.to))
    return Duty(
        person=given.person,
        line=given.line,
        start=to_utc(start),
        end=to_utc(end),
        department_id=given.department,
        levels=given.levels,
    )


def _faults(path: Path, given: _Roster, duties: list[Duty]) -> Iterator[Fault]:
    known = {each.name for each in given.person}
    for place, each in enumerate(given.person):
        if not (each.email or each.webhook or each.sms):
            yield _fault(path, f"person.{place}", "nobody can reach this person: give email, webhook or sms")
    for place, duty in enumerate(duties):
        if duty.person not in known:
            yield _fault(path, f"duty.{place}.person", f"there is no person {duty.person!r}")
        if duty.start >= duty.end:
            yield _fault(path, f"duty.{place}", "it ends before it begins")


def _fault(path: Path, place: str, problem: str) -> Fault:
    hint = "see docs/supervision.md, Telling people"
    return Fault(code="notify.roster", problem=problem, file=str(path), target_path=place, hint=hint)


class LiveRoster:
    """The roster of a file, read again whenever the file changes; while it is broken the one before stands."""

    def __init__(self, path: Path, zone: tzinfo) -> None:
        """Read the file at `path`; Misconfigured where it cannot be."""
        self._path, self._zone = path, zone
        self._stamp = self._now()
        self._roster = read_roster(path, zone)

    def __call__(self) -> Roster:
        """Return the roster as it stands."""
        stamp = self._now()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._roster = read_roster(self._path, self._zone)
            except Misconfigured as wrong:
                LOG.warning("the changed roster is not used", extra={"file": str(self._path), "problem": str(wrong)})
        return self._roster

    def _now(self) -> Any:  # noqa: ANN401 - compared alone
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size
