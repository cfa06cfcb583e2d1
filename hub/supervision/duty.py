"""Who is told of an alert, and when: the duty roster 值班表, quiet hours, and who is next where nobody acts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from hub.model import ids
from hub.model.documents import alert_document
from hub.model.values import NotificationRow
from hub.supervision.alert_clocks import clocks_of_alert
from hub.supervision.instants import to_utc, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hub.model.values import AlertRow
    from hub.supervision.calendar import WorkCalendar

CHANNELS: Final = ("email", "webhook", "sms")

TOLD: Final[Mapping[str, str]] = {
    "raised": "新预警 new alert",
    "pending": "待确认预警 alert to be confirmed",
    "supervised": "督办 supervision order",
    "escalated": "升级 escalated",
    "appealed": "申诉 appealed",
}
"""What is told of an alert as it happens; other moves are on the feed."""

_UNSIGNED: Final = "逾期未签收 not signed for"
_BREACHED: Final = "步骤超时 a step is overdue"
_LEVELS: Final[Mapping[str, str]] = {"notice": "提醒", "yellow": "黄牌", "red": "红牌"}
_OPENLY: Final = frozenset({"public", "intranet"})
_CENTRE: Final = frozenset({"pending", "appealed"})
"""What is for the centre alone, not for the department."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody on the roster, and where they are reached by each channel. Contacts belong into no log."""

    name: str
    contacts: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One turn of duty: who, from when to before when, in which line (1 is told first), for which department's alerts.

    An empty department is the centre: on duty for all.
    """

    person: str
    line: int
    start: datetime
    end: datetime
    department_id: str = ""
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """The duty roster 值班表."""

    people: Mapping[str, Person] = field(default_factory=dict)
    duties: Sequence[Duty] = ()

    def lines(
        self, department_id: str, level: str, at: datetime, *, centre: bool = False
    ) -> Mapping[int, Sequence[Person]]:
        """Return who is on duty for a department's alerts of a level at an instant, by line; empty lines are left out.

        With `centre` only those who are on duty for all.
        """
        found: dict[int, list[Person]] = {}
        for duty in sorted(self.duties, key=lambda each: each.line):
            theirs = not duty.department_id or (duty.department_id == department_id and not centre)
            wanted = not duty.levels or level in duty.levels
            if theirs and wanted and duty.start <= at < duty.end:
                line = found.setdefault(duty.line, [])
                if self.people[duty.person] not in line:
                    line.append(self.people[duty.person])
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Hours in which only red alerts go out; a day of rest is quiet from beginning to end."""

    start: time
    end: time

    def allowed_from(self, level: str, at: datetime, calendar: WorkCalendar) -> datetime:
        """Return from when on an alert of a level may be told: at once, or the next working day's morning."""
        here = at.astimezone(calendar.zone)
        if level == "red" or (calendar.is_workday(here.date()) and not self._holds(here.time())):
            return at
        day = here.date()
        while True:
            morning = datetime.combine(day, self.end, calendar.zone)
            if calendar.is_workday(day) and morning >= here:
                return to_utc(morning)
            day += timedelta(days=1)

    def _holds(self, moment: time) -> bool:
        if self.start <= self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyTerms:
    """What notices are planned under: the roster, quiet hours, patience, levels, channels, the console's address."""

    roster: Roster
    quiet: Quiet
    sign_within: timedelta
    levels: frozenset[str]
    channels: frozenset[str]
    link: str = ""


def told_at_once(
    document: Mapping[str, Any], alert: AlertRow, terms: NotifyTerms, calendar: WorkCalendar, now: datetime
) -> list[NotificationRow]:
    """Return the notices for what has just happened to an alert: its document as the feed has it. First line first."""
    word = str(document["type"]).split(".")[2]
    if word not in TOLD or alert.level not in terms.levels:
        return []
    lines = terms.roster.lines(alert.department_id, alert.level, now, centre=word in _CENTRE)
    first = next(iter(lines), 0)
    return list(_notices(alert, str(document["id"]), word, first, lines.get(first, ()), terms, calendar, now))


def told_later(
    alert: AlertRow, known: Sequence[NotificationRow], terms: NotifyTerms, calendar: WorkCalendar, now: datetime
) -> list[NotificationRow]:
    """Return the notices for the next in line: where nobody has signed in time, and for every step overdue."""
    return [*_unsigned(alert, known, terms, calendar, now), *_overdue(alert, known, terms, calendar, now)]


def _unsigned(
    alert: AlertRow, known: Sequence[NotificationRow], terms: NotifyTerms, calendar: WorkCalendar, now: datetime
) -> Iterator[NotificationRow]:
    if alert.state != "raised":
        return
    last = _raised_trigger(alert)
    ladder = [row for row in known if row.trigger == last]
    if not ladder or now < max(row.not_before for row in ladder) + terms.sign_within:
        return
    reached = max(row.line for row in ladder)
    lines = terms.roster.lines(alert.department_id, alert.level, now)
    following = next((line for line in lines if line > reached), None)
    if following is not None:
        yield from _notices(alert, last, "unsigned", following, lines[following], terms, calendar, now)


def _raised_trigger(alert: AlertRow) -> str:
    """Return the id of the document that told of the alert when it was raised last."""
    history = list(alert.document.get("history", ()))
    while history and history[-1]["to"] == "raised" and history[-1]["from"] == "raised":
        history.pop()  # orders and escalations leave the state
    moved_at = history[-1]["at"] if history else alert.document["raised_at"]
    then = {**alert.document, "state": "raised", "history": history, "changed_at": moved_at}
    return str(alert_document(then)["id"])


def _overdue(
    alert: AlertRow, known: Sequence[NotificationRow], terms: NotifyTerms, calendar: WorkCalendar, now: datetime
) -> Iterator[NotificationRow]:
    if not known:
        return
    told = {row.trigger for row in known}
    since, reached = min(row.created_at for row in known), max(row.line for row in known)
    for clock in clocks_of_alert(alert, calendar, now):
        if clock.state != "breached" or clock.stopped_at is not None or clock.due_at < since or clock.clock_id in told:
            continue
        lines = terms.roster.lines(alert.department_id, alert.level, now)
        line = next((each for each in lines if each > reached), max(lines, default=0))
        yield from _notices(alert, clock.clock_id, "breached", line, lines.get(line, ()), terms, calendar, now)


def _notices(  # noqa: PLR0913, PLR0917 - everything that a notice is made of
    alert: AlertRow,
    trigger: str,
    reason: str,
    line: int,
    people: Sequence[Person],
    terms: NotifyTerms,
    calendar: WorkCalendar,
    now: datetime,
) -> Iterator[NotificationRow]:
    """Yield a notice for each channel of each person; where nobody can be reached, one that says so."""
    reached: list[tuple[str, str]] = [(person.name, channel) for person in people for channel in CHANNELS
               if channel in terms.channels and person.contacts.get(channel)]  # fmt: skip
    subject, text = _words(alert, reason, terms.link, calendar, now)
    for person, channel in reached or [("", "")]:
        yield NotificationRow(
            notification_id=ids.notification_id(trigger, str(line), channel, person),
            alert_id=alert.alert_id,
            trigger=trigger,
            reason=reason,
            level=alert.level,
            line=line,
            person=person,
            channel=channel,
            state="waiting" if person else "nobody",
            subject=subject,
            text=text,
            created_at=now,
            not_before=terms.quiet.allowed_from(alert.level, now, calendar),
            next_at=terms.quiet.allowed_from(alert.level, now, calendar),
        )


def _words(alert: AlertRow, reason: str, link: str, calendar: WorkCalendar, now: datetime) -> tuple[str, str]:
    """Write a notice: what happened to which alert, until when what is asked. Nothing of the case but its number."""
    document = alert.document
    happened = TOLD.get(reason) or (_UNSIGNED if reason == "unsigned" else _BREACHED)
    name = document.get("name", {"zh": "", "en": ""})
    subject = f"【阳光监察】{_LEVELS[alert.level]} {alert.rule_id} {name['zh']}：{happened}"
    due = [clock for clock in clocks_of_alert(alert, calendar, now) if clock.stopped_at is None]
    lines = [
        subject,
        f"监察编号 no.: {document.get('supervision_no', alert.alert_id)}",
        f"对象 about: {_about(document, alert.subject)}",
        f"责任部门 department: {alert.department_id}",
        *(f"期限 due ({clock.kind}): {written(clock.due_at, calendar.zone)}" for clock in due),
        *([f"{link.rstrip('/')}/alerts/{alert.alert_id}"] if link else []),
    ]
    return subject, "\n".join(lines)


def _about(document: Mapping[str, Any], subject: str) -> str:
    case = document.get("case")
    if case is None:
        return subject
    is_open = case.get("disclosure", {}).get("class", "restricted") in _OPENLY
    return str(case["case_no"]) if is_open else "受限办件 a restricted case"
