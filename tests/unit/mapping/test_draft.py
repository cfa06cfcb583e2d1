"""A first draft knows the standard tables by heart, lints as it stands, and maps the sample that it was made from."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from hub.cli.main import app
from hub.errors import Refused
from hub.mapping import TOKEN_KEY, lint, load
from hub.mapping.drafting.draft import is_writable, written
from hub.mapping.drafting.matching import proposals
from hub.mapping.drafting.origin import of_files
from hub.mapping.drafting.profile import Column, profiled

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA = Path(__file__).parents[4] / "shared" / "data"
KEY = {TOKEN_KEY: "the key of tests, no secret"}
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the real samples (../shared/data) are not here")

COMMON = "row_guid cd_batch cd_operation cd_time data_source project_no"
ACCEPT = (
    f"{COMMON} apply_date accept_date promise_date accept_doc_no apply_type applyer_name applyer_page_type "
    "applyer_page_code applyer_type contact_name contact_type contact_code contact_mobile legal address zip_code "
    "catalog_code local_catalog_code task_code local_task_code task_handle_item task_name task_version org_code "
    "org_name handle_user_name project_name project_type"
)
RESULT = (
    f"{COMMON} result_date result_type result_explain result_cetr_name result_cetr_no is_delivery_results satisfaction"
)
SPECIAL = (
    f"{COMMON} special_type special_name special_reason special_time end_time special_explain result "
    "applyer_user_name handle_user"
)
APPLY = (
    "no org_id internal_no item_id dept_yw_reg_no item_name area_no apply_type apply_name apply_person card_no "
    "mobile person_type sb_way department apply_date create_date update_date sync_date sync_sign sync_error_desc"
)
STAGES = (
    "no org_id internal_no item_id no_ord tache_name department user_staff_code user_name status promise "
    "promise_type promise_start_sign isrisk note process_date event_code event_name start_time event_time "
    "event_time_type start_note end_time end_note create_date update_date sync_date sync_sign sync_error_desc"
)
FAMILIES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "up_pro_accept": (
        ACCEPT,
        {
            "case/source_case_no": "project_no",
            "case/matter_code": "task_code",
            "case/base_code": "catalog_code",
            "case/business_item_code": "task_handle_item",
            "case/matter_version": "task_version",
            "case/matter_name": "task_name",
            "case/title": "project_name",
            "case/case_type": "project_type",
            "case/handling_office": "org_name",
            "person/name": "applyer_name",
            "person/id": "applyer_page_code",
            "person/phone": "contact_mobile",
            "person/kind": "applyer_type",
            "person/id_type": "applyer_page_type",
            "received": "apply_date",
            "accepted": "accept_date",
            "promised": "promise_date",
            "version": "cd_time",
            "row": "row_guid",
        },
    ),
    "up_pro_process": (
        f"{COMMON} event_name process_name event_start_time event_end_time handle_user_name handle_explain remark",
        {
            "case/source_case_no": "project_no",
            "stage": "process_name",
            "stage_begins": "event_start_time",
            "stage_at": "event_end_time",
            "opinion": "handle_explain",
            "version": "cd_time",
            "row": "row_guid",
        },
    ),
    "up_pro_result": (
        RESULT,
        {
            "case/source_case_no": "project_no",
            "closed": "result_date",
            "result": "result_type",
            "certificate_no": "result_cetr_no",
            "version": "cd_time",
            "row": "row_guid",
        },
    ),
    "up_pro_special_procedure": (
        SPECIAL,
        {
            "case/source_case_no": "project_no",
            "special_begins": "special_time",
            "special_ends": "end_time",
            "special_name": "special_name",
            "special_reason": "special_reason",
            "version": "cd_time",
            "row": "row_guid",
        },
    ),
    "inf_apply": (
        APPLY,
        {
            "case/source_case_no": "internal_no",
            "case/matter_code": "item_id",
            "case/business_item_code": "dept_yw_reg_no",
            "case/matter_name": "item_name",
            "case/region_code": "area_no",
            "case/case_type": "apply_type",
            "case/title": "apply_name",
            "case/channel": "sb_way",
            "case/handling_office": "department",
            "person/name": "apply_person",
            "person/id": "card_no",
            "person/phone": "mobile",
            "person/kind": "person_type",
            "received": "apply_date",
            "recorded": "create_date",
            "version": "update_date",
            "row": "no",
        },
    ),
    "inf_apply_process": (
        STAGES,
        {
            "case/source_case_no": "internal_no",
            "case/matter_code": "item_id",
            "case/handling_office": "department",
            "stage": "tache_name",
            "stage_at": "process_date",
            "operator": "user_staff_code",
            "opinion": "note",
            "special_begins": "start_time",
            "special_ends": "end_time",
            "special_name": "event_name",
            "special_reason": "start_note",
            "recorded": "create_date",
            "version": "update_date",
            "row": "no",
        },
    ),
}
"""Columns of the exchange tables, and which of them each target is."""


def test_the_standard_tables_are_known_without_a_hint() -> None:
    right = wrong = 0
    for name, (columns, truth) in FAMILIES.items():
        found = proposals([Column(each) for each in columns.split()])
        hits = {target for target, column in truth.items() if target in found and found[target].column == column}
        right += len(hits)
        wrong += len(truth) - len(hits)
        print(name, sorted(set(truth) - hits), {t: found[t].column for t in truth if t in found and t not in hits})  # noqa: T201
    assert right / (right + wrong) >= 0.85


@pytest.mark.parametrize(
    ("column", "target"),
    [
        ("AJBH", "case/source_case_no"),
        ("slsj", "accepted"),
        ("BJSJ", "closed"),
        ("SQR", "person/name"),
        ("受理时间", "accepted"),
        ("Created Date", "received"),
        ("acceptDate", "accepted"),
        ("XBJZSJ", "promised"),
        ("承诺时间", "promised"),
    ],
)
def test_names_are_known_in_chinese_english_and_by_initials(column: str, target: str) -> None:
    (found,) = proposals([Column(column)]).values()
    assert found.target == target
    assert found.confidence >= 0.8
    assert found.reason


def test_a_column_named_like_a_time_that_holds_none_is_not_taken_for_one() -> None:
    (column,) = profiled([{"accept_date": "张三"}, {"accept_date": "李四"}])
    assert "accepted" not in proposals([column])


def draft_of(rows: list[dict[str, str]], folder: Path) -> Path:
    path = folder / "draft.yaml"
    path.write_text(written(profiled(rows), name="sample", origin=of_files("csv")), encoding="utf-8")
    return path


@needs_data
@pytest.mark.parametrize(("name", "least"), [("eventlogs/receipt.csv.gz", 3), ("civic/nyc311_sample_999.csv", 1)])
def test_a_draft_from_a_real_sample_lints_and_maps_all_of_it(tmp_path: Path, name: str, least: int) -> None:
    path = DATA / name
    opened: Any = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    draft = draft_of(rows, tmp_path)
    assert [str(fault) for fault in lint(draft)] == []
    mapping, seen = load(draft, environment=KEY), set()
    for row in rows:
        events = mapping.map_record(row)
        assert events
        seen |= {event.data["type"] for event in events}
    assert len(seen) >= least


NAMES = st.one_of(
    st.sampled_from(sorted({word for columns, _ in FAMILIES.values() for word in columns.split()})),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12),
)


VALUES = st.sampled_from(["", "1", "2026-03-02", "张三", 'a"b\\', "03/02/2026", "x: y"])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    rows=st.lists(
        st.dictionaries(
            NAMES, st.sampled_from(["", "1", "2026-03-02", "张三", 'a"b\\', "03/02/2026", "x: y"]), min_size=1
        ),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_the_sample_a_draft_lints_and_raises_nothing_but_refusals(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]
) -> None:
    assume(any(is_writable(name) for row in rows for name in row))
    draft = draft_of(rows, tmp_path_factory.mktemp("draft"))
    assert [str(fault) for fault in lint(draft)] == []
    mapping = load(draft, environment=KEY)
    for row in rows:
        try:
            mapping.map_record(row)
        except Refused:
            continue


def test_the_command_drafts_to_a_file_and_never_over_one(tmp_path: Path) -> None:
    sample, out = tmp_path / "cases.csv", tmp_path / "cases.yaml"
    sample.write_text("办件编号,受理时间,申请人\nA1,2026-03-02 09:00:00,欧阳震华\n", encoding="utf-8")
    words = ["mapping", "new", "--from", str(sample), "--out", str(out)]
    drafted = CliRunner().invoke(app, words)
    assert drafted.exit_code == 0, drafted.output
    assert lint(out) == []
    assert "欧阳" not in drafted.output + out.read_text(encoding="utf-8")
    assert CliRunner().invoke(app, words).exit_code != 0
    listed = orjson.loads(CliRunner().invoke(app, [*words[:4], "--json"]).stdout)
    assert {each["target"]: each["column"] for each in listed}["accepted"] == "受理时间"


def test_a_file_without_its_header_row_is_not_drafted_from_and_no_number_becomes_a_code(tmp_path: Path) -> None:
    sample = tmp_path / "cases.csv"
    sample.write_text("欧阳震华,321281199003071234,13812345678\n李四,1,2\n", encoding="utf-8")
    refused = CliRunner().invoke(app, ["mapping", "new", "--from", str(sample)])
    assert "mapping.no-header" in str(refused.exception)
    assert not [clear for clear in ("欧阳", "3212", "1381") if clear in refused.output + str(refused.exception)]
    text = written(profiled([{"办结结果": "张三13812345678", "no": "1"}] * 4), name="x", origin=of_files("csv"))
    assert "138" not in text


def test_the_command_reads_a_table_and_a_declaration(tmp_path: Path) -> None:
    ddl = tmp_path / "table.sql"
    ddl.write_text("create table inf_apply (internal_no varchar(50), accept_date timestamp);", encoding="utf-8")
    printed = CliRunner().invoke(app, ["mapping", "new", "--from", str(ddl)])
    assert "source_case_no: internal_no" in printed.stdout
    import sqlite3  # noqa: PLC0415 - for this test alone

    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("create table inf_apply (internal_no text, accept_date text)")
        database.execute("insert into inf_apply values ('A1', '2026-03-02 09:00')")
    database.close()
    url = f"sqlite:///{tmp_path}/a.db"
    printed = CliRunner().invoke(app, ["mapping", "new", "--from", url, "--table", "inf_apply"])
    assert "type: case.accepted" in printed.stdout, printed.output
    assert CliRunner().invoke(app, ["mapping", "new", "--from", url, "--table", "none"]).exit_code != 0


def drafted(path: Path, *more: str) -> str:
    found = CliRunner().invoke(app, ["mapping", "new", "--from", str(path), *more])
    assert found.exit_code == 0, found.output + str(found.exception)
    return found.stdout


def lints(text: str, tmp_path: Path) -> Path:
    path = tmp_path / "drafted.yaml"
    path.write_text(text, encoding="utf-8")
    assert [str(fault) for fault in lint(path)] == []
    return path


@pytest.mark.parametrize(("family", "columns"), [("jiangsu-inf-apply", APPLY), ("up-pro-accept", ACCEPT)])
def test_a_table_of_a_shipped_family_extends_its_base_and_is_polled(tmp_path: Path, family: str, columns: str) -> None:
    ddl = tmp_path / "all.sql"
    ddl.write_text(f"create table t_case ({', '.join(f'{name} varchar(50)' for name in columns.split())}, bz text)")
    text = drafted(ddl)
    mapping = load(lints(text, tmp_path), environment=KEY)
    assert f"extends: bases/{family}" in text
    assert "# not used: 'bz'" in text
    assert (mapping.declaration.kind, mapping.declaration.connect["table"]) == ("database", "t_case")
    assert mapping.declaration.connect["cursor"]["column"] in {"update_date", "cd_time"}
    assert ("sync_sign" in str(mapping.declaration.connect.get("acknowledge"))) == (family == "jiangsu-inf-apply")


def test_files_with_the_columns_of_a_family_take_its_fields_and_not_its_way_of_reading(tmp_path: Path) -> None:
    sample = tmp_path / "apply.csv"
    sample.write_text(f"{APPLY.replace(' ', ',')}\n{','.join('x' for _ in APPLY.split())}\n", encoding="utf-8")
    mapping = load(lints(drafted(sample), tmp_path), environment=KEY)
    assert mapping.declaration.kind == "files"
    assert set(mapping.declaration.connect) == {"format"}


def test_a_table_that_is_nobodys_family_is_polled_by_its_key_and_its_time_of_change(tmp_path: Path) -> None:
    import sqlite3  # noqa: PLC0415 - for this test alone

    with sqlite3.connect(tmp_path / "a.db") as database:
        database.execute("create table bj (id integer primary key, ajbh text, slsj text, gxsj text, tb_flag text)")
        database.execute("insert into bj values (7, 'A1', '2026-03-02 09:00', '2026-03-02 10:00', '0')")
    database.close()
    found = CliRunner().invoke(app, ["mapping", "new", "--from", f"sqlite:///{tmp_path}/a.db", "--table", "bj"])
    mapping = load(lints(found.stdout, tmp_path), environment=KEY)
    assert mapping.declaration.connect == {
        "url": "${SOURCE_DB_URL}", "table": "bj", "key": "id", "cursor": {"column": "gxsj", "settle": "2m"},
        "acknowledge": {"sign": "tb_flag"},
    }  # fmt: skip
    (event,) = mapping.map_record({"ajbh": "A1", "slsj": "2026-03-02 09:00", "gxsj": "2026-03-02 10:00"})
    assert (event.data["on_change"], event.data["source_version"]) == ("revise", 1772416800000000)


def test_the_encoding_and_the_delimiter_of_a_sample_are_found_and_declared(tmp_path: Path) -> None:
    sample = tmp_path / "gb.csv"
    sample.write_bytes("办件编号;受理时间/SLSJ;申请人\nA1;2026-03-02 09:00;李喆\n".encode("gb18030"))
    text = drafted(sample)
    assert "encoding: gb18030" in text
    assert 'delimiter: ";"' in text
    mapping = load(lints(text, tmp_path), environment=KEY)
    (event,) = mapping.map_record({"办件编号": "A1", "受理时间/SLSJ": "2026-03-02 09:00", "申请人": "李喆"})
    assert event.data["case"]["applicant"]["name_masked"] == "李*"
    sample.write_bytes(b"\xff\xff\xff;a\n")
    refused = CliRunner().invoke(app, ["mapping", "new", "--from", str(sample)])
    assert "neither UTF-8 nor GB 18030" in str(refused.exception)


def test_nested_columns_of_xml_get_aliases_and_what_repeats_is_left_to_people(tmp_path: Path) -> None:
    sample = tmp_path / "cases.xml"
    steps = "".join(f"<SP><HJMC>{name}</HJMC></SP>" for name in "xy")
    one = "<YW><BJBH>A{0}</BJBH><SL><SLSJ>2026-03-0{0} 09:00</SLSJ></SL>" + steps + "</YW>"
    sample.write_text(f"<ALL>{one.format(1)}{one.format(2)}</ALL>", encoding="utf-8")
    text = drafted(sample, "--record", "YW")
    assert "HJMC" not in text
    mapping = load(lints(text, tmp_path), environment=KEY)
    (event,) = mapping.map_record({"BJBH": "A1", "SL": {"SLSJ": "2026-03-01 09:00"}})
    assert (event.data["type"], event.data["case"]["case_no"]) == ("case.accepted", "A1")


@needs_data
def test_every_service_that_declares_something_is_drafted_from(tmp_path: Path) -> None:
    count = 0
    for path in sorted((DATA / "soap").rglob("*.wsdl")):
        found = CliRunner().invoke(app, ["mapping", "new", "--from", str(path)])
        if found.exit_code == 0:
            count += 1
            lints(found.stdout, tmp_path)
        else:
            assert "mapping.no-sample" in str(found.exception), path
    assert count >= 70


def test_a_header_that_is_a_row_like_the_others_is_told_by_its_values(tmp_path: Path) -> None:
    sample = tmp_path / "cases.csv"
    sample.write_text("张三,男,许可\n李四,女,许可\n王五,男,确认\n", encoding="utf-8")
    refused = CliRunner().invoke(app, ["mapping", "new", "--from", str(sample)])
    assert "mapping.no-header" in str(refused.exception)
    assert not [clear for clear in ("张三", "李四") if clear in refused.output + str(refused.exception)]


def test_every_line_that_is_a_guess_says_how_sure_it_is(tmp_path: Path) -> None:
    for name, (columns, _) in FAMILIES.items():
        text = written([Column(each) for each in columns.split()[:12]], name=name, origin=of_files("csv"))
        lints(text, tmp_path)
        body = text.partition("case:\n")[2].partition("# not used")[0].splitlines()
        unsaid = [
            line for line in body if "# " not in line and not line.strip().startswith(("when:", "events:", "on_change"))
        ]
        assert unsaid == []
