"""Rules on the power catalogue itself, before any case: R03 to R07."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Final

from hub.supervision.matter import longest_path
from hub.supervision.rules.rule import Finding, Parameter, Rule, stated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from hub.supervision.calendar import WorkCalendar
    from hub.supervision.matter import Matter, Tier

_OPINIONS: Final = "实施意见 2008: 职权目录和流程图, 分档设限"
_PENALTY: Final = "02"
_NEEDED: Final = (
    ("legal_basis", "legal basis"),
    ("promised_limit", "promised limit"),
    ("statutory_limit", "statutory limit"),
    ("flow", "flow"),
    ("materials", "materials"),
)
_APPLICATIONS: Final = frozenset({"01", "05", "07", "08", "10", "20"})
"""Power types handled at somebody's application: their entries must say within which limits and by which papers."""

_STEP: Final = Decimal("0.01")
"""The next amount after one in yuan: tiers that are so far apart leave no gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatterView:
    """All that a rule may read of one catalogue entry on one day."""

    matter: Matter
    department: Mapping[str, Any]
    versions: Sequence[Matter]
    """Every version of the matter of this department."""
    calendar: WorkCalendar
    today: date

    @property
    def is_current(self) -> bool:
        """Tell whether this version is in force today."""
        return self.matter.status == "active" and self.matter.is_valid(self.today)


def incomplete(rule: Rule, view: MatterView) -> Iterator[Finding]:
    """Find entries in force without an element that they must have, or not published in time."""
    row = view.matter.document
    if not view.is_current:
        return
    lacking = [name for field, name in _NEEDED if not row.get(field) and _is_due(view, field)]
    if row.get("charged") and not all(item.get("basis") for item in row.get("fee_items", [{}])):
        lacking.append("fee basis")
    for name in lacking:
        yield _found(rule, view, name, f"目录要素缺失：{name}。", f"{name} is missing.", stated(name, "", "given"))
    days = rule.value("published_days", view.today)
    last, provisional = view.calendar.add_workdays(view.matter.valid_from, days)
    if "published_at" not in row and not provisional and view.today > last:
        yield _found(
            rule, view, "published_at", f"{last}前未公开。", f"not published by {last}.",
            stated("published_at", "", f"<= {last}"),
        )  # fmt: skip


def _is_due(view: MatterView, field: str) -> bool:
    """Tell whether an entry of its power type needs a field; on-the-spot matters have no limits."""
    if field == "legal_basis":
        return True
    if view.matter.power_type not in _APPLICATIONS:
        return field == "flow"
    return not (field.endswith("_limit") and view.matter.case_type == "1")


def longer_than_law(rule: Rule, view: MatterView) -> Iterator[Finding]:
    """Find promises longer than the statutory limit, in the same unit."""
    promised, statutory = view.matter.limits.get("promised"), view.matter.limits.get("statutory")
    if view.is_current and promised and statutory and promised.unit == statutory.unit and promised.n > statutory.n:
        yield _found(
            rule, view, "limit", f"承诺{promised.n}长于法定{statutory.n}。",
            f"promised {promised.n}, statutory {statutory.n}.",
            stated("promised_limit", str(promised.n), f"<= {statutory.n}"),
        )  # fmt: skip


def stages_too_long(rule: Rule, view: MatterView) -> Iterator[Finding]:
    """Find flows whose longest path of stage limits is longer than the promise, where units agree."""
    promised = view.matter.limits.get("promised")
    if not view.is_current or promised is None:
        return
    path = longest_path(view.matter.stages, view.matter.transitions)
    limits = [stage.limit for stage in path if stage.limit is not None]
    total = sum(limit.n for limit in limits)
    if total > promised.n and all(limit.unit == promised.unit for limit in limits):
        yield _found(
            rule, view, "flow", f"环节合计{total}超过承诺{promised.n}。",
            f"stages add up to {total}, promised {promised.n}.", stated("flow", str(total), f"<= {promised.n}"),
        )  # fmt: skip


def badly_tiered(rule: Rule, view: MatterView) -> Iterator[Finding]:
    """Find penalty matters without tiers, and tiers of one violation that overlap, leave a gap, or are upside down."""
    if not view.is_current or view.matter.power_type != _PENALTY:
        return
    if not view.matter.tiers:
        yield _found(
            rule,
            view,
            "table",
            "未分档设限。",
            "there are no tiers.",
            stated("discretion_table", "", "tiers with limits"),
        )
    by_violation = sorted(view.matter.tiers, key=lambda tier: (tier.violation_code, tier.least, tier.most))
    for violation, tiers in groupby(by_violation, key=lambda tier: tier.violation_code):
        for name, value, expected in _tier_problems([*tiers]):
            yield _found(
                rule, view, f"{violation}:{name}", f"{violation}的{name}档有误。",
                f"{violation}: tier {name} is wrong.", stated("discretion_table", value, expected),
            )  # fmt: skip


def _tier_problems(tiers: Sequence[Tier]) -> Iterator[tuple[str, str, str]]:
    for tier in tiers:
        if tier.least > tier.most:
            yield tier.tier, f"{tier.least} to {tier.most}", "least <= most"
    for below, above in pairwise(tiers):
        if above.least < below.most:
            yield above.tier, f"from {above.least}", f"not below {below.most}: overlap"
        elif above.least > below.most + _STEP:
            yield above.tier, f"from {above.least}", f"from {below.most}: gap"


def undeclared(rule: Rule, view: MatterView) -> Iterator[Finding]:
    """Find entries whose legal basis ended, or whose body was reorganised, without a new version in time.

    And entries whose review has been pending for too long.
    """
    if not view.is_current:
        return
    changed = [*_changes(view)]
    days = timedelta(days=rule.value("declared_days", view.today))
    for what, day in changed:
        if view.today > day + days and not any(each.valid_from >= day for each in view.versions):
            yield _found(
                rule, view, what, f"{day}变更后未申报。", f"changed on {day}, and no new version was declared.",
                stated(what, day.isoformat(), f"a new version by {day + days}"),
            )  # fmt: skip
    asked = view.matter.document.get("review_requested_at")
    if asked and "reviewed_by" not in view.matter.document:
        last, _ = view.calendar.add_workdays(date.fromisoformat(asked), rule.value("review_days", view.today))
        if view.today > last:
            yield _found(
                rule, view, "review", f"法制审核逾期未复（应于{last}前）。", f"the review was due by {last}.",
                stated("review_requested_at", asked, f"reviewed by {last}"),
            )  # fmt: skip


def _changes(view: MatterView) -> Iterator[tuple[str, date]]:
    for basis in view.matter.document.get("legal_basis", ()):
        if "to" in basis:
            yield f"legal_basis {basis['title']}", date.fromisoformat(basis["to"])
    if "reorganised_at" in view.department:
        yield "reorganised_at", date.fromisoformat(view.department["reorganised_at"])


def _found(rule: Rule, view: MatterView, what: str, zh: str, en: str, *items: Mapping[str, str]) -> Finding:
    matter = view.matter
    about = (stated("matter_code", matter.matter_code), stated("version", matter.version))
    return Finding(
        rule_id=rule.rule_id,
        occurrence=f"{matter.version}:{what}",
        level=rule.level,
        clock_id=None,
        zh=f"{rule.zh}：{matter.name}：{zh}",
        en=f"{rule.en}: {matter.name}: {en}",
        evidence=(*about, *items),
        department_id=matter.department_id,
        region_code=str(view.department.get("region_code", "")),
        subject=f"matter:{matter.department_id}/{matter.matter_code}",
    )


R03: Final = Rule(
    rule_id="R03", version=1, zh="目录要素不全或未公开", en="catalogue entry incomplete or not published", phase="pre",
    class_="enforcement", level="yellow", type_code="6", basis=_OPINIONS, reads=("catalogue:matters",),
    find=incomplete, scope="matter",
    parameters=(Parameter(name="published_days", value=5, unit="working_day", source="实施意见 2008"),),
)  # fmt: skip
R04: Final = Rule(
    rule_id="R04", version=1, zh="承诺长于法定", en="promise longer than the law allows", phase="pre",
    class_="efficiency", level="yellow", type_code="6", basis=_OPINIONS, reads=("catalogue:matters",),
    find=longer_than_law, scope="matter",
)  # fmt: skip
R05: Final = Rule(
    rule_id="R05", version=1, zh="环节合计超承诺", en="stages longer than the promise", phase="pre",
    class_="efficiency", level="yellow", type_code="6", basis=_OPINIONS, reads=("catalogue:flow",),
    find=stages_too_long, scope="matter",
)  # fmt: skip
R06: Final = Rule(
    rule_id="R06", version=1, zh="裁量未分档或有缺口", en="discretion without tiers or with gaps", phase="pre",
    class_="integrity", level="yellow", type_code="5", basis="行政处罚法 art. 34; 实施意见 2008: 分档设限",
    reads=("catalogue:discretion",), find=badly_tiered, scope="matter",
)  # fmt: skip
R07: Final = Rule(
    rule_id="R07", version=1, zh="权力变更未申报", en="change of power not declared", phase="pre",
    class_="enforcement", level="yellow", type_code="6", basis=_OPINIONS, reads=("catalogue:matters",),
    find=undeclared, scope="matter",
    parameters=(
        Parameter(name="declared_days", value=20, unit="calendar_day", source="a Jiangsu city's catalogue rules"),
        Parameter(name="review_days", value=10, unit="working_day", source="a Jiangsu city's catalogue rules"),
    ),
)  # fmt: skip

CATALOGUE: Final = (R03, R04, R05, R06, R07)
