"""The page for complaint centres shows mappings that are sound."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import orjson
import pytest
from typer.testing import CliRunner

from hub import mapping
from hub.catalogue import load_catalogue
from hub.cli.main import app
from hub.complaint_desk import NUMBERING
from hub.complaint_post.centres import centres_in
from hub.model import ids
from hub.resources import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGE: Final = (ROOT / "docs" / "complaint-centres.md").read_text(encoding="utf-8")
WHOLE: Final = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
PARTS: Final = re.findall(r"```yaml fragment\n(.*?)```", PAGE, re.DOTALL)


def test_the_department_of_the_page_runs_the_centre_of_the_page(tmp_path: Path) -> None:
    path = tmp_path / "department.yaml"
    path.write_text(WHOLE[0], encoding="utf-8")
    assert list(centres_in([load_catalogue(path)])) == ["city.hotline"]


@pytest.mark.parametrize("text", WHOLE[1:])
def test_a_mapping_of_the_page_is_sound(tmp_path: Path, text: str) -> None:
    is_out = "direction: out" in text
    path = tmp_path / ("page.out.yaml" if is_out else "page.yaml")
    path.write_text(text, encoding="utf-8")
    assert [fault for fault in mapping.lint_all(path) if fault.severity == "error"] == []


def test_what_the_page_lets_a_hotline_send_is_its_dispatch(tmp_path: Path) -> None:
    path = tmp_path / "page.yaml"
    path.write_text(next(text for text in WHOLE if "connection: city.complaints\n" in text), encoding="utf-8")
    ((sent,),) = (orjson.loads(text)["data"] for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
    loaded = mapping.load(path, environment={"SUNLIGHT_TOKEN_KEY": "k" * 64})
    (event,) = loaded.map_record(sent)
    assert (event.data["type"], event.data["handling"]["limit"]) == (
        "complaint.dispatched", {"n": 5, "unit": "working_day"},
    )  # fmt: skip
    about = event.data["case"]["complaint"]
    assert (about["centre_id"], about["kind"], about["track"]) == ("city.hotline", "complaint", "hotline")
    assert event.data["case"]["case_id"] == ids.case_id(NUMBERING, "RX2026-000001"), "people can move it at the desk"


def test_a_list_is_read_as_the_page_says(tmp_path: Path) -> None:
    path = tmp_path / "page.out.yaml"
    (mapped,) = [text for text in WHOLE if "complaint-status" in text]
    (part,) = PARTS
    joined = mapped.replace("codes:\n", part.replace("reconcile:", "reconcile:", 1).split("reconcile:")[0])
    path.write_text(joined + "reconcile:" + part.split("reconcile:")[1], encoding="utf-8")
    assert [fault for fault in mapping.lint_all(path) if fault.severity == "error"] == []
    listed = mapping.load_outbound(path, environment={}).declaration.reconcile
    assert listed is not None
    assert (listed.every_s, listed.days, listed.words) == (86_400, 30, {
        "10": "dispatched", "20": "signed_for", "21": "returned", "30": "in_progress", "40": "replied", "50": "closed",
    })  # fmt: skip


def test_what_is_wrong_with_how_a_list_is_read_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "page.out.yaml"
    (mapped,) = [text for text in WHOLE if "complaint-status" in text]
    said = mapped + "reconcile:\n  kind: rest\n  no: no\n  state: s\n  connect:\n    url: http://a/\n    rowz: data\n"
    path.write_text(said, encoding="utf-8")
    found = CliRunner().invoke(app, ["check", "--json", str(path)], env={"HOTLINE_STATUS_URL": "http://a/"})
    faults = [each for each in orjson.loads(found.stdout)["faults"] if "rowz" in each]
    assert [each.split(":")[1] for each in faults] == [str(len(said.splitlines()))]


def test_a_list_with_codes_that_are_not_there_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "page.out.yaml"
    (mapped,) = [text for text in WHOLE if "complaint-status" in text]
    text = "reconcile: {kind: rest, connect: {url: a}, no: no, state: s, codes: lost}\n"
    path.write_text(mapped + text, encoding="utf-8")
    assert [f"{each.code} {each.target_path}" for each in mapping.lint(path)] == ["map.unknown-codes reconcile/codes"]
