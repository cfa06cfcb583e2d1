"""The desk of a department without a system: every row is answered, what is sound is taken, once."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from connectors.push import push_format
from gateway import receiving
from gateway.entry import COLUMNS
from gateway.reading import Pushed
from hub.cli.gatewaying import parts_of
from tests.flow.test_push import NAME, NOW, Press
from tests.support.desks import a_client, bearer
from tests.support.hubs import hub_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

DEPARTMENT = "11321200014000028L"
MATTER = "11321200014000028L3320131001000"
CANONICAL = f"""
connection: {NAME}
version: 1
department: "{DEPARTMENT}"
kind: push
connect: {{format: canonical}}
"""
CATALOGUE = {
    "department": {
        "department_id": DEPARTMENT, "name": "新闻出版局", "region_code": "321200", "valid_from": "2019-03-01",
    },
    "matters": [
        {"matter_code": MATTER, "name": "印刷经营许可", "status": "active", "version": "1", "power_type": "01",
         "valid_from": "2019-03-01", "case_type": "2", "promised_limit": {"n": 5, "unit": "working_day"},
         "statutory_limit": {"n": 20, "unit": "working_day"}},
    ],
}  # fmt: skip
HEADS = [column.heading for column in COLUMNS]


class Desk:
    """A department whose clerks write down its cases."""

    def __init__(self, press: Press, client: httpx.Client) -> None:
        self.press, self.client = press, client

    def enter(self, **row: str) -> httpx.Response:
        return self.client.post(f"/desk/{NAME}", data=row)

    def upload(self, content: bytes, name: str = "a.xlsx") -> httpx.Response:
        return self.client.post(f"/desk/{NAME}", files={"file": (name, content)})

    def cases(self) -> list[dict[str, Any]]:
        self.press.drain()
        return self.press.queries.cases()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    press = Press(hub_at(tmp_path, now=NOW), tmp_path, CANONICAL)
    press.hub.store.load_catalogue([CATALOGUE])
    declared = press.mapping.declaration
    pushed = Pushed(format=push_format(declared), desk=press.desk, departments=declared.departments)
    with a_client(press.hub, parts=parts_of(press.hub, press.queries, pushing={NAME: pushed})) as client:
        client.headers.update(bearer(press.token))
        yield Desk(press, client)
    press.close()


def sheet(*rows: list[Any], heads: list[str] = HEADS) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        page = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for number, row in enumerate([heads, *rows]):
            for index, cell in enumerate(row):
                if hasattr(cell, "year"):
                    page.write_datetime(number, index, cell, day)
                else:
                    page.write(number, index, cell)
    return stream.getvalue()


def test_the_form_offers_the_departments_own_matters_and_takes_an_event(desk: Desk) -> None:
    page = desk.client.get(f"/desk/{NAME}").text
    assert f"印刷经营许可 [{MATTER}]" in page
    assert "受理 accepted [case.accepted]" in page
    answer = desk.enter(
        case_no="甲-1", matter=f"印刷经营许可 [{MATTER}]", event="收件登记", at="2026-03-02 09:30", title="囧"
    )
    assert answer.status_code == 200
    assert "采用 1 行" in answer.text
    (case,) = desk.cases()
    assert (case["case_no"], case["title"], case["department_id"]) == ("甲-1", "囧", DEPARTMENT)


def test_what_is_wrong_with_a_row_is_told_cell_by_cell_and_the_form_keeps_what_was_written(desk: Desk) -> None:
    answer = desk.enter(case_no="<b>1</b>", event="审批", at="soon", matter="x", promised="2026-13-01")
    assert answer.status_code == 422
    for said in ("案件编号", "事项", "事件", "发生时间", "承诺办结时间", "“soon”不是时间", "“审批”不在清单中"):
        assert said in answer.text
    assert 'value="&lt;b&gt;1&lt;/b&gt;"' in answer.text
    assert desk.cases() == []


def test_the_template_comes_back_filled_in_and_each_row_is_answered(desk: Desk) -> None:
    template = desk.client.get(f"/desk/{NAME}/template.xlsx")
    assert "spreadsheetml" in template.headers["content-type"]
    (heads,) = CalamineWorkbook.from_filelike(io.BytesIO(template.content)).get_sheet_by_index(0).to_python()
    assert heads == HEADS
    rows = [
        ["1", MATTER, "一", "case.received", NOW.replace(tzinfo=None), "", "", ""],
        ["1", MATTER, "一", "受理 accepted [case.accepted]", "2026-03-03 10:00", "", "2026-03-20", ""],
        ["2", "", "二", "case.received", "2026-03-02", "", "", ""],
        [3, "印刷经营许可", "三", "case.received", "2026/3/2 8:05", "", "", ""],
        ["4", MATTER, "四", "stage.completed", "2026-03-02 08:00", "", "", ""],
        ["5", MATTER, "五", "stage.completed", "2026-03-02 08:00", "审查", "", "同意"],
    ]
    answer = desk.upload(sheet(*rows))
    assert answer.status_code == 200
    assert "收到 6 行，采用 4 行" in answer.text
    assert "2 行有问题" in answer.text
    assert ["<td>4</td>" in answer.text, "<td>6</td>" in answer.text] == [True, True]
    assert {case["case_no"] for case in desk.cases()} == {"1", "3", "5"}


def test_the_same_spreadsheet_sent_again_is_the_same_and_a_corrected_row_is_a_correction(desk: Desk) -> None:
    row = ["1", MATTER, "一", "case.received", "2026-03-02 09:00", "", "", ""]
    first, second = desk.upload(sheet(row)), desk.upload(sheet(row))
    assert first.text.count("采用 1 行") == second.text.count("采用 1 行") == 1
    desk.press.drain()
    again = desk.upload(sheet(row))
    assert again.status_code == 200
    desk.press.parts.wall_now()
    assert len(desk.cases()) == 1
    outcomes = desk.press.queries.accounting()[NAME]["outcomes"]
    assert outcomes["new"] == 1
    assert outcomes["conflicting"] == 0


@pytest.mark.parametrize(
    ("content", "name", "status"),
    [
        (b"no workbook", "a.xlsx", 422),
        (b"x", "a.pdf", 415),
        (sheet(), "a.xlsx", 422),
        (b"a,a\n1,2\n", "a.csv", 422),
        ("案件编号,事件,发生时间\n".encode("gb18030"), "a.csv", 422),
    ],
)
def test_what_is_no_spreadsheet_of_ours_is_told(desk: Desk, content: bytes, name: str, status: int) -> None:
    answer = desk.upload(content, name)
    assert answer.status_code == status
    assert desk.cases() == []


def test_a_csv_with_the_chinese_names_alone_is_read(desk: Desk) -> None:
    text = "\ufeff案件编号,事项,事件,发生时间,没人要\n1,印刷经营许可,收件登记,2026-03-02,x\n"
    assert "采用 1 行" in desk.upload(text.encode(), "a.csv").text
    assert len(desk.cases()) == 1


def test_nobody_enters_for_another_connection_or_without_a_key(desk: Desk) -> None:
    desk.client.headers.update(bearer(desk.press.key("taizhou.other.cases")))
    assert desk.client.get(f"/desk/{NAME}").status_code == 403
    assert desk.enter(case_no="1").status_code == 403
    del desk.client.headers["authorization"]
    assert desk.client.get(f"/desk/{NAME}", follow_redirects=False).status_code == 303


def test_a_connection_whose_system_sends_has_no_desk(tmp_path: Path) -> None:
    press = Press(hub_at(tmp_path, now=NOW), tmp_path)
    with a_client(press.hub, parts=press.parts) as client:
        client.headers.update(bearer(press.token))
        assert client.get(f"/desk/{NAME}").status_code == 404
    press.close()


def test_an_upload_that_does_not_say_how_long_it_is_is_cut_where_it_is_too_long(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "BODY_BYTES", 100_000)
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    body = (part for part in (head, *([b"1," * 10_000] * 20), b"\r\n--x--\r\n"))
    answer = desk.client.post(
        f"/desk/{NAME}", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 413
    assert desk.cases() == []
