"""Registry: who answers for a department."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.checks.common import wrong
from conformance.finding import Finding, passed

if TYPE_CHECKING:
    from conformance.lab import Lab

ROLES: Final = {
    "first_responsible": "第一责任人",
    "leader_in_charge": "分管领导",
    "responsible_office": "责任部门",
    "liaison": "专门工作人员",
}
PLACEHOLDERS: Final = frozenset({"", "无", "/", "-", "待定", "暂无", "tbd", "n/a"})


def persons_are_named(lab: Lab) -> Finding:
    """GOV-01: every department of the connection names its four roles, and somebody can be reached."""
    own = [each["department"] for each in lab.catalogues if each["department"]["department_id"] in lab.departments]
    for about in own:
        for role, words in ROLES.items():
            if str(about.get(role, "")).strip().lower() in PLACEHOLDERS:
                return wrong(
                    "department",
                    f"未登记{words}",
                    f"no {role} is registered",
                    expected=words,
                    got=about.get(role, "nothing"),
                    pointer=f"department.yaml department.{role}",
                    fix=("在 department.yaml 中登记", "register it in department.yaml"),
                )
    contacts = lab.declared.document["contacts"]
    lab.keep("ATT", "registered.json", {"contacts": contacts, "departments": list(lab.departments)})
    unlisted = sorted(set(lab.departments) - {each["department_id"] for each in own})
    if unlisted:
        return wrong(
            "department",
            "部门未登记",
            "a department that the connection speaks for is in no catalogue",
            expected="listed, with its responsible persons",
            got=unlisted,
            pointer="department.yaml department.department_id",
            fix=("在 department.yaml 中登记", "register it in department.yaml"),
        )
    if not contacts:
        return wrong(
            "department",
            "没有联系人",
            "nobody can be reached",
            expected="a contact",
            got="none",
            pointer="/contacts",
            fix=("在申报中填写联系人", "name a contact in the declaration (conformance/NAME.yml)"),
        )
    if any(sum(char.isdigit() for char in each["phone"]) < 7 for each in contacts):  # noqa: PLR2004 - a local number
        return wrong(
            "department",
            "联系电话不可用",
            "a telephone number cannot be one",
            expected="a number",
            got=contacts[0]["phone"],
            pointer="/contacts",
            fix=("填写可拨通的号码", "write a number that can be dialled, in the declaration"),
        )
    return passed("责任人已登记、可联系", "responsible persons are registered and reachable")
