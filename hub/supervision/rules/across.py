"""Rules that look at many cases, connections or alerts: R29, R46 to R49, R64, R71, R72, and the rate of R44."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Final

from hub.supervision.rules.rule import Finding, Parameter, Rule, found, stated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, datetime

    from hub.supervision.city import CityView, Complained, Issued, Month, Penalty, Reference, Whose

_OPINIONS: Final = "实施意见 2008"
_NOTICE_RULES: Final = "notice"

LINKED: Final = "complaint.linked"
"""What refers a duplicate complaint to the first one, which somebody must answer."""

_OWN: Final = frozenset({"R71", "R72"})
"""Rules on alerts are not counted among the alerts they look at."""


def deviating(rule: Rule, view: CityView) -> Iterator[Finding]:
    """Find amounts more than three median absolute deviations from at least twenty peers of twelve months."""
    groups: dict[tuple[str, str], list[Penalty]] = defaultdict(list)
    since = view.today - timedelta(days=rule.value("window_days", view.today))
    for penalty in view.penalties:
        if since < penalty.decided_on <= view.today:
            groups[penalty.violation, penalty.tier].append(penalty)
    for peers in groups.values():
        if len(peers) > rule.value("peers", view.today):
            yield from _outliers(rule, view, peers)


def _outliers(rule: Rule, view: CityView, peers: Sequence[Penalty]) -> Iterator[Finding]:
    factor = rule.value("mad", view.today)
    for one in peers:
        others = sorted(each.amount for each in peers if each is not one)
        middle = median(others)
        spread = median(sorted(abs(amount - middle) for amount in others))
        if one.is_told and spread and abs(one.amount - middle) > factor * spread:
            digest = hashlib.sha256(" ".join(sorted(each.case_id for each in peers)).encode()).hexdigest()
            yield _of(
                one.whose,
                found(
                    rule, one.case_id, f"{one.amount}元明显偏离同类{len(others)}件的中位数{middle}元。",
                    f"{one.amount} yuan, where the median of {len(others)} peers is {middle}.",
                    stated("discretion.amount", str(one.amount), f"{middle} ± {factor * spread}"),
                    stated("peers", digest),
                ),
                f"case:{one.case_id}",
            )  # fmt: skip


def entered_late_often(rule: Rule, view: CityView) -> Iterator[Finding]:
    """Find departments of whose month more than a share was entered after the fact."""
    for month in view.months:
        share = rule.value("share_percent", view.today)
        if month.cases and month.entered_late * 100 > share * month.cases:
            yield _of(
                month.whose,
                found(
                    rule, f"rate:{month.month}", f"{month.month}补录{month.entered_late}件，超过{share}%。",
                    f"{month.entered_late} of {month.cases} cases of {month.month}: more than {share} per cent.",
                    stated("entered_late", str(month.entered_late), f"<= {share}% of {month.cases}"), level="yellow",
                ),
                f"department:{month.whose.department_id}",
            )  # fmt: skip


def cut_off(rule: Rule, view: CityView) -> Iterator[Finding]:
    """Find connections without a heartbeat (notice), or with a backlog that does not come (yellow)."""
    silence = timedelta(minutes=rule.value("heartbeat_minutes", view.today))
    patience = timedelta(hours=rule.value("backlog_hours", view.today))
    for line in view.lines:
        about = f"connection:{line.connection_id}"
        if view.now - line.heartbeat_at > silence + timedelta(seconds=line.every_s):
            since = line.heartbeat_at.isoformat()
            finding = found(
                rule, f"{since}#notice", f"自{since}起无心跳。", f"no heartbeat since {since}.",
                stated("heartbeat_at", since, f"within {silence}"), level="notice",
            )  # fmt: skip
            yield _of(line.whose, finding, about)
        if line.backlog_since is not None and view.now - line.backlog_since > patience:
            since = line.backlog_since.isoformat()
            finding = found(
                rule, f"{since}#yellow", f"自{since}起积压数据未到。", f"a backlog since {since} has not come.",
                stated("backlog_since", since, f"within {patience}"),
            )  # fmt: skip
            yield _of(line.whose, finding, about)


def without_cases(rule: Rule, view: CityView) -> Iterator[Finding]:
    """Find departments with active matters and no case in a month (notice), or in three on end (yellow)."""
    by_department: dict[str, list[Month]] = defaultdict(list)
    for month in view.months:
        by_department[month.whose.department_id].append(month)
    long = rule.value("yellow_months", view.today)
    for months in by_department.values():
        run = 0
        for month in sorted(months, key=lambda each: each.month):
            run = run + 1 if month.matters and not month.cases else 0
            if run:
                yield _empty(rule, month, "notice", f"{month.month}#notice")
            if run == long:
                yield _empty(rule, month, "yellow", f"{month.month}#yellow")


def _empty(rule: Rule, month: Month, level: str, occurrence: str) -> Finding:
    finding = found(
        rule, occurrence, f"截至{month.month}零办件，请书面说明。", f"no case up to {month.month}: explain in writing.",
        stated("cases", "0", f"cases of {month.matters} active matters"), level=level,
    )  # fmt: skip
    return _of(month.whose, finding, f"department:{month.whose.department_id}")


def unbalanced(rule: Rule, view: CityView) -> Iterator[Finding]:
    """Find days of which the department's manifest and the hub differ after asking again."""
    for each in view.balances:
        differs = each.said[0] != each.held[0] or (each.said[1] and each.held[1] and each.said[1] != each.held[1])
        if each.is_retried and differs:
            finding = found(
                rule, each.day.isoformat(), f"{each.day}对账不平：上报{each.said[0]}，收到{each.held[0]}。",
                f"{each.day}: the manifest says {each.said[0]}, the hub holds {each.held[0]}.",
                stated("held", f"{each.held[0]} {each.held[1]}".strip(), f"{each.said[0]} {each.said[1]}".strip()),
            )  # fmt: skip
            yield _of(each.whose, finding, f"connection:{each.connection_id}")


def off_system(rule: Rule, view: CityView) -> Iterator[Finding]:
    """Find certificates, receipts and complaints that name a case of which the hub knows nothing."""
    for each in view.references:
        if each.is_told and not each.is_known:
            finding = found(
                rule, f"{each.kind}:{each.number}", *_said_of(each),
                {"event_id": each.event_id, "field": "refers_to", "value": each.number, "expected": "a known case"},
            )  # fmt: skip
            yield _of(each.whose, finding, f"department:{each.whose.department_id}")


def _said_of(each: Reference) -> tuple[str, str]:
    number = each.number
    if each.kind == LINKED:
        zh = f"并入的原件{number}查无此件，或又并回本件，无人答复。"
        return zh, f"linked to {number}, which is not there, or linked to this one in turn: nobody answers."
    return f"{each.kind}所引办件{number}未上网运行。", f"{each.kind} names case {number}, of which nothing is known."


def complained_again(rule: Rule, view: CityView) -> Iterator[Finding]:
    """Find three complaints about one department and matter, or about one case, within thirty days.

    Only those count that the intranet may know: the department complained of is told what was counted, and that there
    are reports 举报 of it must not reach it (Petition Regulation 2022, art. 30).
    """
    groups: dict[tuple[str, str], list[Complained]] = defaultdict(list)
    for each in (complaint for complaint in view.complaints if complaint.is_told):
        if each.matter_code:
            groups[each.whose.department_id, each.matter_code].append(each)
        if each.related_case_no:
            groups[each.whose.department_id, f"#{each.related_case_no}"].append(each)
    count, window = rule.value("count", view.today), timedelta(days=rule.value("window_days", view.today))
    for (department, about), complaints in groups.items():
        row = sorted(complaints, key=lambda each: (each.registered_on, each.case_id))
        for place in _runs([each.registered_on for each in row], count, window):
            ids = [each.case_id for each in row[place : place + count]]
            finding = found(
                rule, f"{about}:{ids[0]}", f"30日内{len(ids)}件投诉同一事项或办件{about}。",
                f"{len(ids)} complaints about {about} within {window.days} days.",
                *(stated("complaint", each) for each in ids),
            )  # fmt: skip
            yield _of(row[place].whose, finding, f"department:{department}")


def unanswered(rule: Rule, view: CityView) -> Iterator[Finding]:
    """Find alerts without an answer: an order 督办 after five working days, one level up after ten."""
    for alert in view.alerts:
        if not alert.is_standing or alert.is_answered or alert.level == _NOTICE_RULES or alert.rule_id in _OWN:
            continue
        waited = view.calendar.workdays_between(view.calendar.day_of(alert.raised_at), view.today)
        for name, level in (("order_days", "yellow"), ("escalate_days", "red")):
            limit = rule.value(name, view.today)
            if waited > limit:
                finding = found(
                    rule, f"{alert.alert_id}#{level}", f"告警超过{limit}个工作日未反馈。",
                    f"not answered in {limit} working days.", stated("alert_id", alert.alert_id, f"<= {limit} days"),
                    level=level,
                )  # fmt: skip
                yield _of(alert.whose, finding, f"alert:{alert.alert_id}")


def accumulated(rule: Rule, view: CityView) -> Iterator[Finding]:
    """Find three notices in a row on one matter in a month (yellow), and three yellows in thirty days (red)."""
    standing = [alert for alert in view.alerts if alert.is_standing and alert.rule_id not in _OWN]
    for level, higher, days, key in (
        ("notice", "yellow", "notice_days", _by_matter),
        ("yellow", "red", "yellow_days", _by_department),
    ):
        groups: dict[str, list[Issued]] = defaultdict(list)
        for alert in standing:
            if alert.level == level:
                groups[key(alert)].append(alert)
        window = timedelta(days=rule.value(days, view.today))
        for about, alerts in groups.items():
            yield from _heaped(rule, view, about, alerts, window, higher)


def _by_matter(alert: Issued) -> str:
    return f"{alert.whose.department_id}/{alert.about}"


def _by_department(alert: Issued) -> str:
    return alert.whose.department_id


def _heaped(
    rule: Rule, view: CityView, about: str, alerts: Iterable[Issued], window: timedelta, level: str
) -> Iterator[Finding]:
    row = sorted(alerts, key=lambda each: (each.raised_at, each.alert_id))
    count = rule.value("count", view.today)
    for place in _runs([each.raised_at for each in row], count, window):
        ids = [each.alert_id for each in row[place : place + count]]
        finding = found(
            rule, f"{about}:{ids[0]}#{level}", f"{window.days}日内累计{count}次，升级。",
            f"{count} within {window.days} days: one of a higher level.",
            *(stated("alert_id", each) for each in ids), level=level,
        )  # fmt: skip
        yield _of(row[place].whose, finding, f"department:{about}")


def _runs(moments: Sequence[datetime] | Sequence[date], count: int, window: timedelta) -> Iterator[int]:
    """Yield where `count` moments in order begin that lie within `window`; no moment counts twice."""
    place = 0
    while place + count <= len(moments):
        if moments[place + count - 1] - moments[place] <= window:
            yield place
            place += count
        else:
            place += 1


def _of(whose: Whose, finding: Finding, subject: str) -> Finding:
    return replace(finding, department_id=whose.department_id, region_code=whose.region_code, subject=subject)


R29: Final = Rule(
    rule_id="R29", version=1, zh="裁量偏离", en="discretion deviates", phase="post", class_="integrity", level="notice",
    type_code="5", basis="行政处罚法 art. 34", reads=("penalty.decided", "discretion.amount"), find=deviating,
    scope="city",
    parameters=(Parameter(name="mad", value=3, unit="MAD", source="hub"),
                Parameter(name="peers", value=20, unit="case", source="hub"),
                Parameter(name="window_days", value=365, unit="calendar_day", source="hub")),
)  # fmt: skip
R44_RATE: Final = Rule(
    rule_id="R44", version=1, zh="补录", en="late entry", phase="post", class_="integrity", level="yellow",
    type_code="8", basis=f"{_OPINIONS}: 动态、同步监督", reads=("recorded_at",), find=entered_late_often, scope="city",
    parameters=(Parameter(name="share_percent", value=5, unit="per cent of a month's cases", source="hub"),),
)  # fmt: skip
R46: Final = Rule(
    rule_id="R46", version=1, zh="连接中断", en="connection cut off", phase="in", class_="efficiency", level="yellow",
    type_code="8", basis=f"{_OPINIONS}: 实时监控", reads=("hub:heartbeat",), find=cut_off, scope="city",
    parameters=(Parameter(name="heartbeat_minutes", value=30, unit="minute", source="hub"),
                Parameter(name="backlog_hours", value=24, unit="hour", source="Xuzhou: cycle at most 24 h")),
)  # fmt: skip
R47: Final = Rule(
    rule_id="R47", version=1, zh="零办件", en="no cases", phase="post", class_="efficiency", level="yellow",
    type_code="8", basis=f"{_OPINIONS}: 全程电子化运行", reads=("hub:counts",), find=without_cases, scope="city",
    parameters=(Parameter(name="yellow_months", value=3, unit="month", source="hub"),),
)  # fmt: skip
R48: Final = Rule(
    rule_id="R48", version=1, zh="对账不平", en="reconciliation differs", phase="post", class_="integrity",
    level="yellow", type_code="8", basis=f"{_OPINIONS}: 信息统一管理", reads=("hub:manifests",), find=unbalanced,
    scope="city",
)  # fmt: skip
R49: Final = Rule(
    rule_id="R49", version=1, zh="线下运行", en="off the system", phase="post", class_="integrity", level="yellow",
    type_code="7", basis=f"{_OPINIONS}: 全程电子化运行", reads=("refers_to",),
    find=off_system, scope="city",
)  # fmt: skip
R64: Final = Rule(
    rule_id="R64", version=1, zh="重复投诉", en="complained of again", phase="post", class_="efficiency",
    level="yellow", type_code="9", basis=f"{_OPINIONS}: 投诉受理", reads=("complaint.registered",),
    find=complained_again, scope="city",
    parameters=(Parameter(name="count", value=3, unit="complaint", source="hub"),
                Parameter(name="window_days", value=30, unit="calendar_day", source="hub")),
)  # fmt: skip
R71: Final = Rule(
    rule_id="R71", version=1, zh="告警未反馈", en="alert not answered", phase="post", class_="efficiency", level="red",
    type_code="8", basis="a Jiangsu city: reply online within 5 working days", reads=("hub:alerts",), find=unanswered,
    scope="city",
    parameters=(Parameter(name="order_days", value=5, unit="working_day", source="a Jiangsu city"),
                Parameter(name="escalate_days", value=10, unit="working_day", source="hub")),
)  # fmt: skip
R72: Final = Rule(
    rule_id="R72", version=1, zh="累计升级", en="heaped up", phase="post", class_="efficiency", level="red",
    type_code="8", basis="a city's scoring rule: three 预警 in a row", reads=("hub:alerts",), find=accumulated,
    scope="city", mode="manual",
    parameters=(Parameter(name="count", value=3, unit="alert", source="a city's scoring rule"),
                Parameter(name="notice_days", value=31, unit="calendar_day", source="a city's scoring rule"),
                Parameter(name="yellow_days", value=30, unit="calendar_day", source="hub")),
)  # fmt: skip

ACROSS: Final = (R29, R46, R47, R48, R49, R64, R71, R72)
