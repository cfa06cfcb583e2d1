"""The columns of a power list: what each is called, which field it fills, how it is read and written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hub.powerlist import cells

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


DEPARTMENT: Final = "实施主体"
DEPARTMENT_ID: Final = "实施主体编码"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. `path` is the field of the matter that it fills, with a dot for one inside another."""

    name: str
    path: str
    read: Callable[[Any], Any]
    write: Callable[[Any], str]
    also: tuple[str, ...] = ()
    """What other lists call it."""
    example: str = ""
    note: str = ""


def _text(value: object) -> str:
    return str(value)


def _plain(name: str, path: str, *also: str, example: str = "", note: str = "") -> Column:
    return Column(name=name, path=path, read=cells.text, write=_text, also=also, example=example, note=note)


def _day(name: str, path: str, *also: str, example: str = "") -> Column:
    return Column(name=name, path=path, read=cells.day, write=_text, also=also, example=example, note="年月日 a day")


def _limit(name: str, path: str, *also: str, example: str) -> Column:
    note = "20工作日 / 90自然日 / 即办；或数字 or a number, 单位在 its unit in <名称>单位"
    return Column(name=name, path=path, read=cells.limit, write=cells.limit_text, also=also, example=example, note=note)


def _coded(name: str, path: str, pair: tuple[Any, Any], *also: str, example: str = "") -> Column:
    return Column(name=name, path=path, read=pair[0], write=pair[1], also=also, example=example)


def _words(name: str, path: str, *also: str, example: str = "") -> Column:
    return Column(name=name, path=path, read=cells.words, write="、".join, also=also, example=example)


def _list(name: str, path: str, pair: tuple[Any, Any], *also: str, example: str, note: str = "") -> Column:
    one, said = pair

    def read(cell: Any) -> list[Any]:  # noqa: ANN401 - whatever a cell holds
        return [one(item) for item in cells.items(cell)]

    def write(value: Any) -> str:  # noqa: ANN401 - whatever the field holds
        return cells.lines([said(each) for each in value])

    shown = f"每行一项 one a line. {note}".strip()
    return Column(name=name, path=path, read=read, write=write, also=also, example=example, note=shown)


_STATUS: Final = {"active": "有效", "suspended": "暂停", "cancelled": "取消", "merged": "合并"}
_CLASSES: Final = {"public": "公开", "intranet": "内网公开", "restricted": "限制公开", "secret": "涉密"}
_SPECIAL: Final = {
    "hearing": "听证", "tender": "招标", "auction": "拍卖", "inspection": "检验", "testing": "检测",
    "quarantine": "检疫", "appraisal": "鉴定", "expert_review": "专家评审", "other": "其他",
}  # fmt: skip
_special = cells.named(_SPECIAL)

_MATERIAL = cells.record(
    {"required": "必要", "copies": "份数", "deferrable": "容缺"}, head=("name",),
    kinds={"required": "truth", "copies": "integer", "deferrable": "truth"},
)  # fmt: skip
_FEE = cells.record(
    {"standard": "标准", "min": "下限", "max": "上限", "basis": "依据"}, head=("code", "name"), kinds={}
)
_STAGE = cells.record(
    {"post": "岗位", "office": "处室", "limit": "时限", "mandatory": "必经", "separate_from": "不相容"},
    head=("code", "name"), kinds={"limit": "limit", "mandatory": "truth", "separate_from": "words"},
)  # fmt: skip
_RISK = cells.record(
    {"flag": "风险点", "type": "类型", "description": "描述", "control": "内控"},
    head=("code",),
    kinds={"flag": "truth"},
)
_TIER = cells.record(
    {"tier_name": "档名", "circumstance": "情形", "min": "下限", "max": "上限", "unit": "单位", "basis": "依据",
     "factors": "要素"},
    head=("violation_code", "tier"), kinds={"factors": "words"},
)  # fmt: skip

COLUMNS: Final[tuple[Column, ...]] = (
    _plain("事项名称", "name", "职权名称", "权力名称", "权力事项名称", "项目名称", "权责事项名称",
           example="建筑工程施工许可证核发"),
    _plain("实施编码", "matter_code", "事项编码", "权力编码", "职权编码", "项目编码",
           example="11321200014000028L4320117001000",
           note="整列设为文本 format the column as text"),
    _plain("基本编码", "base_code"),
    _plain("编码方案", "code_scheme"),
    _plain("版本", "version", "版本号", "事项版本", example="1",
           note="不填则沿用或新增 left out: the one in force, or a new one from 生效日期 on"),
    _coded("权力类型", "power_type", cells.code("power_types"), "职权类别", "职权类型", "事项类型", "权力类别",
           "权责类别", example="01 行政许可"),
    _coded("办件类型", "case_type", cells.code("case_types"), example="2 承诺件"),
    _coded("状态", "status", cells.named(_STATUS), "事项状态", example="有效"),
    _day("生效日期", "valid_from", "启用日期", "生效时间", example="2026-07-01"),
    _day("失效日期", "valid_to", "废止日期"),
    _list("设定依据", "legal_basis", (cells.law, cells.law_text), "法律依据", "实施依据", "职权依据", "法定依据",
          example="《中华人民共和国建筑法》第7条\n《建筑工程施工许可管理办法》第2条|自=2014-10-25"),
    _limit("法定办结时限", "statutory_limit", "法定时限", "法定期限", example="20工作日"),
    _limit("承诺办结时限", "promised_limit", "承诺时限", "承诺期限", example="10工作日"),
    _limit("受理时限", "acceptance_limit", example="5工作日"),
    _limit("送达时限", "delivery_limit", example="10工作日"),
    _plain("行使层级", "level", "层级"),
    _plain("主体性质", "body_nature"),
    _words("受委托机关", "delegates", "受委托主体"),
    _words("行使区域", "regions"),
    _plain("受理条件", "conditions", "办理条件", "申请条件"),
    _list("材料", "materials", _MATERIAL, "申请材料", "申报材料", "材料清单",
          example="施工许可证申请表|份数=2\n土地使用证明|容缺=是", note="名称|必要=是|份数=2|容缺=否"),
    Column(name="是否收费", path="charged", read=cells.truth, write=cells.yes, also=("收费",), example="否"),
    _list("收费项目", "fee_items", _FEE, "收费标准", "收费标准及依据", example="",
          note="编码 名称|标准=…|下限=100|上限=200|依据=…"),
    Column(name="特别程序", path="special_procedures_allowed",
           read=lambda cell: [_special[0](word) for word in cells.words(cell)],
           write=lambda value: "、".join(map(_special[1], value)), example="专家评审、检测"),
    _words("联办部门", "joint_departments", "并联部门"),
    _list("环节", "flow.stages", _STAGE, "办理环节", "办理流程", "流程",
          example="accept 受理|岗位=窗口|时限=1工作日|必经=是\nreview 审查|岗位=科员|时限=5工作日|必经=是\n"
                  "decide 决定|岗位=处长|时限=2工作日|必经=是|不相容=review",
          note="编码 名称|岗位=…|处室=…|时限=2工作日|必经=是|不相容=编码,编码"),
    _list("环节风险", "flow.risks", _RISK, example="", note="环节编码|风险点=是|类型=…|描述=…|内控=…"),
    _list("流转", "flow.transitions", (cells.transition, lambda each: f"{each['from']}>{each['to']}"),
          example="accept>review\nreview>decide", note="编码>编码"),
    _list("裁量基准", "discretion_table", _TIER, "裁量", "裁量标准", "自由裁量基准", example="",
          note="违法行为编码 档次|档名=轻微|情形=…|下限=0|上限=1000|单位=元|依据=…|要素=初次违法,主动改正"),
    _coded("公开范围", "disclosure.class", cells.named(_CLASSES), "公开方式", "公开属性", example="公开"),
    _plain("不公开代码", "disclosure.exception_code"),
    _plain("公开依据", "disclosure.basis"),
    _day("公开日期", "published_at", "公布日期", example="2026-07-03"),
    _plain("公开网址", "published_url"),
    _plain("法制审核人", "reviewed_by"),
    _day("送审日期", "review_requested_at"),
    _plain("变更原因", "change_reason"),
)  # fmt: skip
"""Every field of a matter has its column, so that a list that was exported reads back as what it was."""

UNITS: Final = {f"{column.name}单位": column for column in COLUMNS if column.read is cells.limit} | {
    f"{also}单位": column for column in COLUMNS if column.read is cells.limit for also in column.also
}
"""Columns that only say the unit of the number beside them."""

BY_NAME: Final[Mapping[str, Column]] = {name: column for column in COLUMNS for name in (column.name, *column.also)}
DEPARTMENTS: Final = {
    **dict.fromkeys((DEPARTMENT, "实施机关", "责任主体", "行使主体", "实施部门", "责任部门"), DEPARTMENT),
    **dict.fromkeys((DEPARTMENT_ID, "统一社会信用代码", "部门编码"), DEPARTMENT_ID),
}
