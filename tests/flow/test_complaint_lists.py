"""What goes out of complaints is held against what a centre has, and says at once what keeps it from going out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import yaml
from typer.testing import CliRunner

from connectors.http import client
from hub import mapping
from hub.cli.main import app
from hub.errors import Misconfigured, Unavailable
from tests.support.complaint_bodies import HOUSING, MAILBOX, NOW, Who, mapping_out
from tests.support.complaint_town import Town, a_town, at, begun
from tests.support.hubs import hub_at
from tests.support.web import Answer, Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.servers)])
def small(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """Open a town of one centre and one department, over each kind of store."""
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    store_url = request.getfixturevalue("postgres").fresh_database() if request.param == "postgres" else ""
    opened = a_town(tmp_path, (MAILBOX, HOUSING), f"sqlite:///{tmp_path}/town.db", store_url=store_url)
    yield opened
    opened.close()


class Listing:
    """A centre's own list of its complaints, which the hub reads."""

    def __init__(self, town: Town, who: Who) -> None:
        self.rows: list[dict[str, str]] = []
        self.service = Service(lambda _: Answer(body=orjson.dumps({"data": self.rows})))
        said = mapping_out(who, town.offices[who.name].connects_out) | {
            "codes": {"words": {"10": "dispatched", "20": "signed_for", "40": "replied"}},
            "reconcile": {
                "kind": "rest", "connect": {"url": self.service.url, "rows": "data", "key": "no"}, "no": "no",
                "state": "status", "codes": "words",
            },
        }  # fmt: skip
        folder = town.folder / "maps" / who.name
        folder.mkdir(parents=True)
        (folder / "department.yaml").write_text("department: {}", encoding="utf-8")
        path = folder / "status.out.yaml"
        path.write_text(yaml.safe_dump(said, allow_unicode=True), encoding="utf-8")
        made = town.hub.reconciler(mapping.load_outbound(path, environment={}))
        assert made is not None
        self.reconciler = made


@pytest.fixture
def listing(small: Town) -> Iterator[Listing]:
    made = Listing(small, MAILBOX)
    yield made
    made.reconciler.close()
    made.service.close()


def test_what_a_centre_lost_is_found_by_its_own_list_and_sent_again_under_its_key(
    small: Town, listing: Listing
) -> None:
    housing, taker = small.offices[HOUSING.name], small.offices[MAILBOX.name].taker
    assert taker is not None
    for no in ("T-1", "T-2"):
        begun(small, MAILBOX, no)
    small.take_in()
    for no in ("T-1", "T-2"):
        housing.say("signed", no, at(2, 12), dept=HOUSING.department)
    small.take_in()
    listing.reconciler.step()
    assert lists_of(small) is None, "what is still to be sent is no difference"
    small.send_out(MAILBOX.name)
    lost = taker.effects.pop()
    key = taker.keys.pop()
    listing.rows = [{"no": no, "status": "10" if no == lost["NO"] else "20"} for no in ("T-1", "T-2")]
    listing.reconciler.step()
    found = lists_of(small)
    assert [(row["complaint_no"], row["here"], row["there"]) for row in found["differences"]] == [
        (lost["NO"], "signed_for", "dispatched")
    ]
    small.send_out(MAILBOX.name)
    assert (taker.effects[-1], taker.keys[-1]) == (lost, key)
    assert len(taker.effects) == 2
    listing.rows = [{"no": no, "status": "20"} for no in ("T-1", "T-2")]
    listing.reconciler.step()
    assert lists_of(small) == found, "once a day"
    small.clock.move_to(small.clock.now() + timedelta(days=1))
    listing.reconciler.step()
    assert (lists_of(small)["count"], lists_of(small)["lasting"]) == (0, 0)


def lists_of(town: Town) -> Any:
    """Return what was remembered of the last comparison."""
    return town.hub.store.remembered("complaint-list:town.mailbox.told")


def test_a_difference_that_lasts_after_it_was_sent_again_raises_r48_until_it_is_gone(
    small: Town, listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(small, MAILBOX, "T-1")
    small.take_in()
    small.send_out(MAILBOX.name)

    def raised() -> list[str]:
        small.clock.move_to(small.clock.now() + timedelta(days=1))
        listing.reconciler.step()
        small.send_out(MAILBOX.name)
        small.take_in()
        return [row["state"] for row in small.hub.queries.alerts(rule="R48", limit=9)]

    listing.rows = [{"no": "T-1", "status": "40"}]
    assert [raised(), raised()] == [[], ["raised"]]
    monkeypatch.setenv("SUNLIGHT_MAPPINGS", str(small.folder / "maps"))
    listing.rows = [{"no": "T-1", "status": "10"}]
    environment = {
        "SUNLIGHT_DATA_DIR": str(small.hub.settings.data_dir),
        "SUNLIGHT_STORE_URL": small.hub.settings.store_url,
    }
    shown = CliRunner().invoke(app, ["complaint", "reconcile", "--json"], env=environment)
    assert (shown.exit_code, orjson.loads(shown.stdout)["town.mailbox.told"]["lasting"]) == (1, 1)
    assert raised() == ["revoked"]


def loaded(folder: Path, **more: Any) -> Any:
    path = folder / "status.out.yaml"
    path.write_text(yaml.safe_dump(mapping_out(MAILBOX, {"url": "http://127.0.0.1:1/"}) | more), encoding="utf-8")
    return mapping.load_outbound(path, environment={})


def test_complaints_are_not_sent_by_the_numbers_of_a_view_in_which_some_are_not(tmp_path: Path) -> None:
    hub = hub_at(tmp_path / "hub", now=NOW)
    with pytest.raises(Misconfigured, match="restricted"):
        hub.sender(loaded(tmp_path))
    hub.close()


def test_a_centre_that_nobody_runs_is_the_operators_and_holds_up_its_receiver_alone(small: Town) -> None:
    begun(small, MAILBOX, "T-1")
    small.take_in()
    lost = small.hub.sender(loaded(small.folder, centre="city.lost", connection="town.lost"))
    with pytest.raises(Unavailable, match=r"no complaint centre city\.lost"):
        lost.step()
    assert [(each.connection, each.state) for each in small.hub.troubles.all()] == [("town.lost", "misconfigured")]
    lost.close()
    small.send_out()
