"""The simulated city's departments and their catalogues: sound entries that its cases use, and one bad one a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

HOUSING: Final = "11321200014002015Q"
PLANNING: Final = "11321200014002023K"
"""Acts for housing in its licences: its cases break no rule."""
GARDENS: Final = "11321200014002031E"
"""Acts for nobody."""
MARKET: Final = "1132120001400204X6"
URBAN: Final = "113212000140020586"
HOTLINE: Final = "113212000140020661"
RESOURCES: Final = "11321200014002074U"
ARCHIVES: Final = "11321200014002082N"
"""Falls silent in the fifth week."""
COUNTY: Final = "113212810141010138"
DISCIPLINE: Final = "11321200001402095N"
"""Takes reports 举报."""

LICENCE: Final = "SIM-LICENCE"
FOOD: Final = "SIM-FOOD"
LONG: Final = "SIM-LONG"
ENDED: Final = "SIM-ENDED"
SPOT: Final = "SIM-SPOT"
FINE: Final = "SIM-FINE"
SEIZURE: Final = "SIM-SEIZURE"
INSPECTION: Final = "SIM-INSPECTION"
DEAL: Final = "SIM-DEAL"
FILES: Final = "SIM-FILES"
NOWHERE: Final = "SIM-NOWHERE"
"""In no catalogue."""

ENDS_ON: Final = "2026-05-06"
"""Day from which the matter ENDED holds no more."""

VIOLATIONS: Final = 40
LIGHT, HEAVY = "轻", "重"
_FLOW: Final = {"stages": [{"code": "10", "name": "审查"}]}
_BASIS: Final = [{"title": "行政许可法", "article": "12"}]
_STAFF: Final = [
    {"staff_code": "A1", "stages": ["shencha"]},
    {"staff_code": "B1", "stages": ["shenpi"]},
    {"staff_code": "C1", "stages": ["shencha", "shenpi"]},
]


def working(n: int) -> dict[str, Any]:
    """Return a limit in working days."""
    return {"n": n, "unit": "working_day"}


def _matter(code: str, name: str, power_type: str, **more: Any) -> dict[str, Any]:
    sound = {
        "matter_code": code, "version": "1", "name": name, "power_type": power_type, "valid_from": "2020-01-01",
        "published_at": "2020-01-03", "legal_basis": _BASIS, "flow": _FLOW, "materials": [{"name": "申请表"}],
        "promised_limit": working(10), "statutory_limit": working(20), "disclosure": {"class": "public"},
    }  # fmt: skip
    return {name: value for name, value in (sound | more).items() if value is not None}


def _unlimited(code: str, name: str, power_type: str, **more: Any) -> dict[str, Any]:
    return _matter(code, name, power_type, promised_limit=None, statutory_limit=None, materials=None, **more)


_LICENCE_ENTRY: Final = {
    "case_type": "2",
    "delegates": [PLANNING],
    "materials": [{"name": "申请表"}, {"name": "图纸", "deferrable": True}, {"name": "身份证明"}],
    "charged": True,
    "fee_items": [{"code": "F1", "name": "工本费", "min": "5.00", "max": "10.00", "basis": "价目表"}],
    "special_procedures_allowed": ["testing", "hearing"],
    "flow": {
        "stages": [
            {"code": "shencha", "name": "审查", "limit": working(3), "mandatory": True, "separate_from": ["shenpi"]},
            {"code": "shenpi", "name": "审批", "limit": working(5)},
        ]
    },
}


def _tiers() -> list[dict[str, Any]]:
    return [
        {"violation_code": f"V{number:02}", "tier": tier, "min": least, "max": most}
        for number in range(VIOLATIONS)
        for tier, least, most in ((LIGHT, "100", "1000"), (HEAVY, "1000", "5000"))
    ]


_FAULTY: Final = (
    _matter("SIM-R03", "无要素事项", "01", legal_basis=None),
    _matter("SIM-R04", "承诺过长事项", "01", promised_limit=working(21)),
    _matter("SIM-R05", "环节过长事项", "01", flow={"stages": [{"code": "a", "name": "a", "limit": working(11)}]}),
    _unlimited("SIM-R06", "未分档处罚", "02"),
    _matter("SIM-R07", "旧法事项", "01", legal_basis=[{"title": "旧办法", "to": "2026-05-01"}]),
    _matter("SIM-N04", "承诺等于法定", "01", promised_limit=working(20)),
    _matter("SIM-N05", "环节等于承诺", "01", flow={"stages": [{"code": "a", "name": "a", "limit": working(10)}]}),
    _unlimited("SIM-N06", "无缺口处罚", "02", discretion_table=[
        {"violation_code": "V", "tier": LIGHT, "min": "1", "max": "10"},
        {"violation_code": "V", "tier": HEAVY, "min": "10.01", "max": "20"}]),
    _matter("SIM-N07", "新近废止依据", "01", legal_basis=[{"title": "旧办法", "to": "2026-06-15"}]),
)  # fmt: skip
"""One entry that breaks each rule on the catalogue, and one that narrowly does not (R03: every sound entry)."""

FAULTS: Final = {rule: f"matter:{RESOURCES}/SIM-{rule}" for rule in ("R03", "R04", "R05", "R06", "R07")}
"""What the rules on the catalogue must find."""

_COUNTY_REGION: Final = "321281"

_OFFICES: Final[tuple[tuple[str, str, str, tuple[dict[str, Any], ...]], ...]] = (
    ("housing", HOUSING, "模拟住房和城乡建设局", (
        _matter(LICENCE, "建筑工程施工许可", "01", **_LICENCE_ENTRY),
        _matter(LONG, "大型工程许可", "01", case_type="2", promised_limit=working(30), statutory_limit=working(45)),
        _matter(ENDED, "预售许可（旧）", "01", case_type="2", valid_to=ENDS_ON),
        _matter(SPOT, "租赁备案", "10", case_type="1", charged=False, promised_limit=None, statutory_limit=None))),
    ("planning", PLANNING, "模拟自然资源和规划局", ()),
    ("gardens", GARDENS, "模拟园林局", ()),
    ("market", MARKET, "模拟市场监督管理局", (_unlimited(FINE, "无照经营处罚", "02", discretion_table=_tiers()),)),
    ("urban", URBAN, "模拟城市管理局", (_unlimited(SEIZURE, "查封扣押", "03"), _unlimited(INSPECTION, "巡查", "06"))),
    ("hotline", HOTLINE, "模拟12345热线中心", ()),
    ("discipline", DISCIPLINE, "模拟纪检监察机关", ()),
    ("resources", RESOURCES, "模拟公共资源交易中心", (_unlimited(DEAL, "工程招投标", "09"), *_FAULTY)),
    ("archives", ARCHIVES, "模拟档案局", (_matter(FILES, "档案利用", "20", case_type="2"),)),
    ("county", COUNTY, "模拟兴化审批局", (
        _matter(FOOD, "食品经营许可", "01", case_type="2"),
        _matter(SPOT, "租赁备案", "10", case_type="1", charged=False, promised_limit=None, statutory_limit=None))),
)  # fmt: skip


BESIDE_HOUSING: Final = ("planning", "gardens")
"""Departments without a system of their own: housing's tells of them."""


def documents(systems: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
    """Return each department's document (schemas/catalogue.v1) by the name of its folder; of some systems or all."""
    every = {folder: _document(*office) for folder, *office in _OFFICES}  # type: ignore[arg-type]  # the rest of the row
    told_by = {**dict.fromkeys(BESIDE_HOUSING, "housing"), "discipline": "hotline"}
    return {name: each for name, each in every.items() if systems is None or told_by.get(name, name) in systems}


def _document(department: str, name: str, matters: Sequence[dict[str, Any]]) -> dict[str, Any]:
    about: dict[str, Any] = {
        "department_id": department,
        "name": name,
        "org_id_scheme": "uscc18",
        "region_code": _COUNTY_REGION if department == COUNTY else "321200",
        "first_responsible": "局长（职务）",
        "leader_in_charge": "副局长（职务）",
        "responsible_office": "行政审批处",
        "liaison": "信息中心主任（职务）",
    }
    if department == HOUSING:
        about["staff"] = _STAFF
    if department == DISCIPLINE:
        about["takes_reports"] = True
    return {"department": about, "matters": [*matters]}
