"""Rules on who may act: R01 item not in the catalogue, R02 wrong authority, R25 self-approval, R26 no such post."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.supervision.rules.rule import Finding, Rule, View, evidence, found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.supervision.caselog import Fact
    from hub.supervision.matter import Matter

_OPINIONS: Final = "实施意见 2008: 职权目录"


def not_listed(rule: Rule, view: View) -> Iterator[Finding]:
    """Find cases of a matter that no catalogue entry holds on the day they begin.

    Of a department that has handed in no catalogue nothing can be said; an entry that ended is no entry.
    """
    about = view.case.attributes
    code, day = about.get("matter_code", ""), view.calendar.day_of(view.case.opened_at)
    if not code or not _has_catalogue(view) or _is_complaint(view):
        return
    if not any(matter.status == "active" for matter in view.catalogue.versions(code, day)):
        first = view.case.told[0]
        yield found(
            rule, "case", f"事项{code}在{day}不在职权目录中。", f"matter {code} is in no catalogue on {day}.",
            evidence(first, "matter_code", code, expected="an active entry of the catalogue"),
        )  # fmt: skip


def not_theirs(rule: Rule, view: View) -> Iterator[Finding]:
    """Find cases handled by a department that neither implements the matter nor acts for the one that does."""
    about = view.case.attributes
    department, region = about["department_id"], about["region_code"]
    day = view.calendar.day_of(view.case.opened_at)
    listed = [m for m in view.catalogue.versions(about.get("matter_code", ""), day) if m.status == "active"]
    if listed and not _is_complaint(view) and not any(_may(matter, department, region) for matter in listed):
        owners = ", ".join(sorted({matter.department_id for matter in listed}))
        yield found(
            rule, "case", f"{department}在{region}无权实施该事项。", f"{department} may not handle it in {region}.",
            evidence(view.case.told[0], "department_id", department, expected=owners),
        )  # fmt: skip


def _may(matter: Matter, department: str, region: str) -> bool:
    owns = department == matter.department_id or department in matter.delegates
    return owns and (not matter.regions or any(_lies_in(region, whole) for whole in matter.regions))


def _lies_in(region: str, whole: str) -> bool:
    """Tell whether a region is `whole` or a county of it (GB/T 2260: a city's code ends with 00)."""
    return region[:6] == whole[:6] or (whole[4:6] == "00" and region[:4] == whole[:4])


def _is_complaint(view: View) -> bool:
    return view.case.family == "complaint"


def _has_catalogue(view: View) -> bool:
    return view.catalogue.department(view.case.attributes["department_id"]) is not None


def self_approved(rule: Rule, view: View) -> Iterator[Finding]:
    """Find one person on two stages that the catalogue keeps apart."""
    matter = view.matter(view.case.opened_at)
    if matter is None:
        return
    acted: dict[str, list[Fact]] = {}
    for fact in view.case.timeline:
        staff, code = _staff(fact), _code(fact)
        if staff and code:
            acted.setdefault(staff, []).append(fact)
    apart = {(stage.code, other) for stage in matter.stages for other in stage.separate_from}
    apart |= {(b, a) for a, b in apart}
    for staff, facts in acted.items():
        pair = next(((a, b) for a in facts for b in facts if (_code(a), _code(b)) in apart), None)
        if pair is not None:
            one, other = pair
            yield found(
                rule, staff, f"同一人员办理了{_code(one)}与{_code(other)}。",
                f"one person acted on {_code(one)} and on {_code(other)}.",
                evidence(one, "operator.staff_code", staff), evidence(other, "operator.staff_code", staff),
            )  # fmt: skip


def without_post(rule: Rule, view: View) -> Iterator[Finding]:
    """Find operators whom the department's staff register does not let act on the stage or post, on that day."""
    for fact in view.case.timeline:
        staff = _staff(fact)
        if staff and view.catalogue.has_staff(fact.department_id):
            problem = _problem(view, fact, staff)
            if problem:
                yield found(
                    rule, fact.event_id, f"{staff}无权办理{_code(fact)}。", f"{staff} may not act on {_code(fact)}.",
                    evidence(fact, "operator.staff_code", staff, expected=problem),
                )  # fmt: skip


def _problem(view: View, fact: Fact, staff: str) -> str:
    rows = view.catalogue.staff(fact.department_id, staff, view.calendar.day_of(fact.occurred_at))
    if not rows:
        return "somebody in the staff register on that day"
    code, post = _code(fact), str(fact.detail.get("operator", {}).get("post", ""))
    stages = {stage for row in rows for stage in row.get("stages", ())}
    posts = {each for row in rows for each in row.get("posts", ())}
    if stages and fact.type.startswith("stage.") and code not in stages:
        return f"stages {', '.join(sorted(stages))}"
    return f"posts {', '.join(sorted(posts))}" if posts and post and post not in posts else ""


def _staff(fact: Fact) -> str:
    return str(fact.detail.get("operator", {}).get("staff_code", ""))


def _code(fact: Fact) -> str:
    return str(fact.detail.get("stage_code") or fact.type)


R01: Final = Rule(
    rule_id="R01", version=1, zh="目录外办件", en="item not in the catalogue", phase="pre", class_="enforcement",
    level="red", type_code="6", basis=_OPINIONS, reads=("case.matter_code", "catalogue:matters"), find=not_listed,
    mode="manual",
)  # fmt: skip
R02: Final = Rule(
    rule_id="R02", version=1, zh="主体越权", en="wrong authority", phase="pre", class_="enforcement", level="red",
    type_code="6", basis="行政许可法 arts. 22-24", reads=("case.matter_code", "catalogue:matters"), find=not_theirs,
    mode="manual",
)  # fmt: skip
R25: Final = Rule(
    rule_id="R25", version=1, zh="岗位不相容", en="self-approval", phase="in", class_="integrity", level="yellow",
    type_code="7", basis="实施意见 2008: 岗位制约", reads=("operator.staff_code", "stage_code", "catalogue:flow"),
    find=self_approved,
)  # fmt: skip
R26: Final = Rule(
    rule_id="R26", version=1, zh="人员越权", en="no authority for the post", phase="in", class_="integrity",
    level="red", type_code="6", basis="实施意见 2008: 责任到人", reads=("operator.staff_code", "catalogue:staff"),
    find=without_post, mode="manual",
)  # fmt: skip

AUTHORITY: Final = (R01, R02, R25, R26)
