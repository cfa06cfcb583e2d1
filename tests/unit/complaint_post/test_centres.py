"""The register of complaint centres is read from departments' files, and mappings may name no other centre."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest
import yaml
from typer.testing import CliRunner

from hub.catalogue import load_catalogue
from hub.cli.main import app
from hub.complaint_post.centres import centre_faults, centres_in
from hub.resources import MAPPINGS
from hub.supervision.amendment import amended, differences
from tests.support.complaint_letters import BEGAN
from tests.support.hubs import hub_at

if TYPE_CHECKING:
    from pathlib import Path

DEPARTMENT = """
department:
  department_id: "11321200014005005D"
  name: 投诉中心
  region_code: "321200"
  centres:
    - {centre_id: city.hotline, name: 热线, region_code: "321200", channels: [hotline], connection: city.complaints}
    - {centre_id: city.online, name: 网上, region_code: "321200", channels: [online_centre], relay: city.online.status}
"""


def test_a_centre_is_found_in_the_document_of_whoever_runs_it(tmp_path: Path) -> None:
    path = tmp_path / "department.yaml"
    path.write_text(DEPARTMENT, encoding="utf-8")
    found = centres_in([load_catalogue(path)])
    assert {name: (each.connection, each.relay) for name, each in found.items()} == {
        "city.hotline": ("city.complaints", ""), "city.online": ("", "city.online.status"),
    }  # fmt: skip


def test_a_change_of_a_department_keeps_its_centres() -> None:
    document = yaml.safe_load(DEPARTMENT)
    moved = {**document, "department": {**document["department"], "name": "新名"}}
    assert amended(document, differences(document, moved))["department"]["centres"] == document["department"]["centres"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("centre: city.hotline\n", ""),
        ("centre: [city.hotline, city.lost]\n", "map.unknown-centre centre city.lost"),
        ("case: {complaint: {centre_id: \"'city.hotline'\"}}\n", ""),
        (
            "case: {complaint: {centre_id: \"'city.hotlin'\"}}\n",
            "map.unknown-centre case/complaint/centre_id city.hotlin",
        ),
        ("case: {complaint: {centre_id: source_field}}\n", ""),
        (
            "case: {complaint: {centre_id: \"'city.lost' if kind else None\"}}\n",
            "map.unknown-centre case/complaint/centre_id city.lost",
        ),
    ],
)
def test_a_mapping_names_no_centre_that_nobody_runs(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "centre").mkdir()
    (tmp_path / "centre" / "department.yaml").write_text(DEPARTMENT, encoding="utf-8")
    path = tmp_path / "centre" / "some.yaml"
    path.write_text(text, encoding="utf-8")
    found = [f"{each.code} {each.target_path} {each.problem.split()[-1][1:-1]}" for each in centre_faults(path)]
    assert found == ([fault] if fault else [])


def test_the_centres_of_the_city_are_listed(tmp_path: Path) -> None:
    hub = hub_at(tmp_path, now=BEGAN)
    hub.store.load_catalogue([load_catalogue(MAPPINGS / "city-complaints" / "department.yaml")])
    hub.close()
    environment = {"SUNLIGHT_DATA_DIR": str(tmp_path)}
    shown = CliRunner().invoke(app, ["centre", "list", "--json"], env=environment)
    assert [each["centre_id"] for each in orjson.loads(shown.stdout)] == ["city.hotline", "city.online"]
    assert "city.hotline" in CliRunner().invoke(app, ["centre", "list"], env=environment).output
