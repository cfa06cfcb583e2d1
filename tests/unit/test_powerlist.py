"""The power list as a spreadsheet: cells read and written back, rows answered one by one, nothing changed silently."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

import pytest

from hub.errors import Misconfigured
from hub.powerlist import cells
from hub.powerlist.columns import COLUMNS
from hub.powerlist.reading import ListRead, read_list
from hub.powerlist.writing import HEADER, rows_of

DEPARTMENT: Final = "11321200014000028L"
OTHER: Final = "11321200014000036F"

WHOLE: Final[dict[str, Any]] = {
    "matter_code": "11321200014000028L4320117001000",
    "base_code": "000117001000",
    "code_scheme": "national",
    "version": "2",
    "valid_from": "2026-07-01",
    "valid_to": "2030-01-01",
    "status": "active",
    "name": "建筑工程施工许可证核发",
    "power_type": "01",
    "case_type": "2",
    "acceptance_limit": {"n": 5, "unit": "working_day"},
    "statutory_limit": {"n": 20, "unit": "working_day", "note": "不含专家评审"},
    "promised_limit": {"n": 240, "unit": "working_hour"},
    "delivery_limit": {"n": 15, "unit": "calendar_day"},
    "legal_basis": [
        {"title": "中华人民共和国建筑法", "article": "7"},
        {"title": "关于《办法》的决定", "article": "第二条第三款", "from": "2014-10-25", "to": "2031-01-01"},
        {"title": "城市规划条例"},
    ],
    "disclosure": {"class": "intranet", "exception_code": "E1", "basis": "条例第14条"},
    "level": "3",
    "body_nature": "1",
    "delegates": [OTHER],
    "regions": ["321281", "321283"],
    "conditions": "已取得用地；\n已取得规划许可",
    "materials": [
        {"name": "申请表；附身份证", "copies": 2},
        {"name": "土地证明", "required": False, "deferrable": True},
    ],
    "charged": True,
    "fee_items": [
        {"code": "F1", "name": "工本费", "standard": "每证", "min": "10", "max": "10.50", "basis": "苏价〔1〕"},
    ],
    "special_procedures_allowed": ["hearing", "expert_review"],
    "joint_departments": [OTHER],
    "flow": {
        "stages": [
            {"code": "a", "name": "受 理", "post": "窗口", "office": "处", "limit": {"n": 1, "unit": "working_day"},
             "mandatory": True, "separate_from": ["b"],
             "risk_point": {"flag": True, "type": "廉政", "description": "压件", "control": "抽查"}},
            {"code": "b", "name": "决定", "mandatory": False},
        ],
        "transitions": [{"from": "a", "to": "b"}],
    },
    "discretion_table": [
        {"violation_code": "V1", "tier": "1", "tier_name": "轻微", "circumstance": "初次", "min": "0", "max": "1000",
         "unit": "元", "basis": "基准", "factors": ["主动改正", "初次违法"]},
    ],
    "published_at": "2026-07-03",
    "published_url": "https://example.gov.cn/a?b=1",
    "reviewed_by": "王五",
    "review_requested_at": "2026-06-20",
    "change_reason": "法规修订",
}  # fmt: skip
"""One matter that fills every field there is."""


def a_document(*matters: dict[str, Any], department: str = DEPARTMENT, name: str = "住建局") -> dict[str, Any]:
    about = {"department_id": department, "name": name, "region_code": "321200"}
    return {"department": about, **({"matters": list(matters)} if matters else {})}


def read(*rows: dict[str, Any], held: tuple[dict[str, Any], ...] = (), **options: Any) -> ListRead:
    documents = {DEPARTMENT: a_document(*held), OTHER: a_document(department=OTHER, name="规划局")}
    header = list(dict.fromkeys(name for row in rows for name in row))
    return read_list(header, rows, documents, **({"department_id": DEPARTMENT} | options))


A_ROW: Final = {"事项名称": "施工许可", "实施编码": "M1", "权力类型": "行政许可", "生效日期": "2026-07-01"}
HELD: Final = {"matter_code": "M1", "version": "1", "name": "施工许可", "power_type": "01", "valid_from": "2026-07-01",
               "legal_basis": [{"title": "建筑法", "article": "7"}]}  # fmt: skip


def test_every_field_of_a_matter_is_said_in_a_column_and_read_back() -> None:
    document = a_document(WHOLE, HELD)
    rows = rows_of(document)
    assert {answer.outcome for answer in read_list(HEADER, rows, {DEPARTMENT: document}).answers} == {"same"}
    anew = read_list(HEADER, rows, {DEPARTMENT: a_document()}).answers
    assert [answer.problems for answer in anew] == [(), ()]
    assert [answer.matter for answer in anew] == [WHOLE, HELD]


def test_the_whole_matter_leaves_no_field_of_the_schema_out() -> None:
    from hub.model.shapes import load_schema  # noqa: PLC0415 - this test's own

    fields = set(load_schema("catalogue.v1")["$defs"]["matter"]["properties"])
    assert set(WHOLE) == fields
    assert {column.path.partition(".")[0] for column in COLUMNS} == fields


def test_what_no_cell_can_say_is_not_exported_wrongly() -> None:
    document = a_document({**HELD, "materials": [{"name": "甲|乙"}]})
    with pytest.raises(Misconfigured, match="no cell can say"):
        rows_of(document)


@pytest.mark.parametrize(
    ("said", "unit", "meant"),
    [
        ("20工作日", None, {"n": 20, "unit": "working_day"}),
        ("二十个工作日", None, {"n": 20, "unit": "working_day"}),
        ("九十个自然日", None, {"n": 90, "unit": "calendar_day"}),
        (15, "日历日", {"n": 15, "unit": "calendar_day"}),
        ("即办", None, {"n": 0, "unit": "working_day"}),
        ("8小时", None, {"n": 8, "unit": "hour"}),
    ],
)
def test_a_limit_is_read_as_lists_write_it(said: Any, unit: Any, meant: dict[str, Any]) -> None:
    assert cells.limit(said, unit) == meant


@pytest.mark.parametrize("said", ["20天", "20日", "20", 20, "很快", "20个", ""])
def test_a_limit_that_does_not_say_which_days_count_is_refused(said: Any) -> None:
    with pytest.raises(ValueError, match="工作日"):
        cells.limit(said)


@pytest.mark.parametrize("said", ["2026/7/1", "2026年7月1日", "2026-07-01T00:00:00", "2026.7.1"])
def test_a_day_is_read_as_lists_write_it(said: str) -> None:
    assert cells.day(said) == "2026-07-01"


def test_a_basis_is_read_as_lists_write_it() -> None:
    assert cells.law("《行政许可法》第三十二条") == {"title": "行政许可法", "article": "32"}


def test_other_names_of_columns_are_known() -> None:
    row = {"权力名称": "施工许可", "职权编码": "M1", "职权类别": "行政许可", "启用日期": "2026-07-01",
           "法定时限": 20, "法定时限单位": "工作日", "法律依据": "《建筑法》第7条；《规划法》",
           "申请材料": "申请表；身份证"}  # fmt: skip
    (answer,) = read(row).answers
    assert (answer.outcome, answer.problems) == ("added", ())
    assert answer.matter == {
        "name": "施工许可", "matter_code": "M1", "power_type": "01", "valid_from": "2026-07-01", "version": "1",
        "statutory_limit": {"n": 20, "unit": "working_day"},
        "legal_basis": [{"title": "建筑法", "article": "7"}, {"title": "规划法"}],
        "materials": [{"name": "申请表"}, {"name": "身份证"}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cells_", "column", "said"),
    [
        ({"法定办结时限": "20天"}, "法定办结时限", "write 20工作日"),
        ({"权力类型": "行政服务"}, "权力类型", "行政许可"),
        ({"生效日期": "下个月"}, "生效日期", "2026-07-01"),
        ({"生效日期": None}, "生效日期", "it is empty"),
        ({"是否收费": "看情况"}, "是否收费", "是 or 否"),
        ({"实施编码": 1132120001400002800}, "实施编码", "digits the spreadsheet has lost"),
        ({"实施编码": None}, "实施编码", "empty"),
        ({"环节": "受理"}, "环节", "begin with"),
        ({"材料": "表|分数=2"}, "材料", "份数=…"),
        ({"裁量基准": "V1 1|上限=很多|下限=0"}, "裁量基准", "does not match"),
        ({"实施主体": "环保局"}, "实施主体", "no department of the catalogue"),
        ({"实施主体": "规划局"}, "实施主体", "is imported for"),
        ({"失效日期": "2026-01-01"}, "失效日期", "not after"),
    ],
)
def test_a_bad_cell_is_named_with_what_to_do_and_its_row_changes_nothing(
    cells_: dict[str, Any], column: str, said: str
) -> None:
    found = read({**A_ROW, **cells_}, {**A_ROW, "实施编码": "M2", **dict.fromkeys(set(cells_) - set(A_ROW))})
    bad, good = found.answers
    assert (bad.row, bad.outcome, bad.matter) == (2, "refused", None)
    assert [problem.column for problem in bad.problems] == [column]
    assert said in bad.problems[0].problem
    assert (good.row, good.outcome) == (3, "added")
    assert list(found.wanted()) == [DEPARTMENT]


def test_a_row_that_says_what_is_in_force_is_the_same() -> None:
    (answer,) = read({**A_ROW, "生效日期": "2026-07-01"}, held=(HELD,)).answers
    assert answer.outcome == "same"
    assert read(A_ROW, held=(HELD,)).wanted() == {}


def test_columns_that_are_not_there_leave_their_fields_alone() -> None:
    (answer,) = read({**A_ROW, "版本": "1", "承诺办结时限": "5工作日"}, held=(HELD,)).answers
    assert answer.matter == HELD | {"promised_limit": {"n": 5, "unit": "working_day"}}
    (emptied,) = read({**A_ROW, "版本": "1", "设定依据": None}, held=(HELD,)).answers
    assert emptied.matter == {name: value for name, value in HELD.items() if name != "legal_basis"}


def test_a_row_that_differs_must_say_whether_it_corrects_or_begins_anew() -> None:
    changed = {**A_ROW, "承诺办结时限": "5工作日"}
    (unsaid,) = read(changed, held=(HELD,)).answers
    assert unsaid.outcome == "refused"
    assert "later 生效日期" in unsaid.problems[0].problem
    (later,) = read({**changed, "生效日期": "2027-01-01"}, held=(HELD,)).answers
    assert later.matter is not None
    assert (later.outcome, later.matter["version"], later.matter["valid_from"]) == ("added", "2", "2027-01-01")
    (corrected,) = read({**changed, "版本": "1"}, held=(HELD,)).answers
    assert corrected.outcome == "changed"


def test_the_same_version_twice_is_refused_the_second_time() -> None:
    first, second = read(A_ROW, {**A_ROW, "事项名称": "别名"}).answers
    assert (first.outcome, second.outcome) == ("added", "refused")
    assert "row 2" in second.problems[0].problem


def test_the_departments_own_stages_keep_their_risk_points() -> None:
    held = deepcopy(HELD) | {"flow": {"stages": [{"code": "a", "name": "受理", "risk_point": {"flag": True}}]}}
    (answer,) = read({**A_ROW, "版本": "1", "环节": "a 收件"}, held=(held,)).answers
    assert answer.matter is not None
    assert answer.matter["flow"]["stages"] == [{"code": "a", "name": "收件", "risk_point": {"flag": True}}]
    assert held["flow"]["stages"][0]["name"] == "受理"


def test_a_header_that_cannot_be_read_is_refused_whole() -> None:
    with pytest.raises(Misconfigured) as wrong:
        read_list(["职权名称", "事项名称", "备注"], [], {})
    assert [fault.code for fault in wrong.value.faults] == ["powerlist.header"] * 2
    assert read({**A_ROW, "备注": "x"}).ignored == ["备注"]
