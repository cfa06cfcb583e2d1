"""Coverage counts what is owed, not what signed up; what nobody knows is unknown, never covered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest

from conformance.coverage.board import STATES, Cell, World, board, cells
from conformance.coverage.gate import Standing, answer
from conformance.coverage.obligations import obligations
from hub.model.certified import CertificateRow, Reporting

NOW: Final = datetime(2026, 6, 1, 4, tzinfo=UTC)
TODAY: Final = NOW.date()
HOUSING, WATER, TAX = "11321200014000028L", "11321200014000036F", "11321200014000044A"
PERMITS: Final = "taizhou.housing.permits"


def a_department(name: str, *matters: str, **onboarding: Any) -> dict[str, Any]:
    """A department's document with its matters, valid since long."""
    listed = [{"matter_code": code, "valid_from": "2019-01-01", "status": "active"} for code in matters]
    document = {"department": {"department_id": name, "region_code": "321200"}, "matters": listed}
    return {**document, **({"onboarding": onboarding} if onboarding else {})}


def a_row(**changes: Any) -> CertificateRow:
    """A certificate of the housing department's permits, at C3, issued lately."""
    values = {
        "certificate_id": "HCC-2026-000001", "connection_id": PERMITS, "department_id": HOUSING,
        "region_code": "321200", "sha256": "0" * 64, "levels": ("C1", "C2", "C3"), "flows": ("case.events",),
        "fingerprint": "f" * 64, "issued_at": NOW - timedelta(days=10), "not_after": NOW + timedelta(days=300),
        "state": "active", "since": NOW, "reason": "", "criterion": "", "suspended": (), "conditions_due": None,
        "signed": b"",
    }  # fmt: skip
    return CertificateRow(**{**values, **changes})


def reported(matter: str, connection: str = PERMITS, *, cases: int = 10, days_ago: int = 1) -> Reporting:
    return Reporting(
        connection_id=connection,
        department_id=HOUSING,
        matter_code=matter,
        region_code="321200",
        cases=cases,
        last_on=TODAY - timedelta(days=days_ago),
    )


def stood(documents: list[dict[str, Any]], *rows: CertificateRow, reporting: tuple[Reporting, ...] = ()) -> list[Cell]:
    world = World(
        obligations=obligations(documents, TODAY),
        certificates={row.connection_id: row for row in rows},
        departments={row.connection_id: frozenset({row.department_id}) for row in rows},
        reporting=reporting,
    )
    return cells(world, NOW, lambda moment: moment.date())


def state(*rows: CertificateRow, reporting: tuple[Reporting, ...] = (), **onboarding: Any) -> str:
    """The state of the one matter of a department."""
    return stood([a_department(HOUSING, "M1", **onboarding)], *rows, reporting=reporting)[0].state


def test_each_state_of_the_matrix() -> None:
    lately = (reported("M1"),)
    found = {
        "not_started": state(),
        "C0": state(a_row(levels=("C0",)), reporting=lately),
        "C1": state(a_row(levels=("C1",)), reporting=lately),
        "C2": state(a_row(levels=("C1", "C2")), reporting=lately),
        "C3": state(a_row(), reporting=lately),
        "C4": state(a_row(levels=("C1", "C2", "C3", "C4")), reporting=lately),
        "in_grace": state(a_row(state="in_grace"), reporting=lately),
        "suspended": state(a_row(state="suspended", suspended=("C2", "C3")), reporting=lately),
        "expired": state(a_row(state="expired"), reporting=lately),
        "revoked": state(a_row(state="revoked"), reporting=lately),
        "exempt": state(exempt=[{"reason": "机构合并", "until": "2026-06-01"}]),
        "silent": state(a_row(issued_at=NOW - timedelta(days=91)), reporting=(reported("M1", days_ago=91),)),
        "unknown": stood([a_department(HOUSING)], a_row())[0].state,
    }
    assert found == {name: name for name in STATES}


def test_a_certificate_past_its_end_has_expired_whoever_has_noticed() -> None:
    assert state(a_row(not_after=NOW)) == "expired"
    assert state(a_row(not_after=NOW + timedelta(seconds=1))) == "C3"


def test_a_revoked_certificate_is_said_to_be_revoked_and_covers_nothing() -> None:
    found = stood([a_department(HOUSING, "M1")], a_row(state="revoked"), reporting=(reported("M1"),))
    assert [(each.state, each.level) for each in found] == [("revoked", "")]
    assert board(found, NOW)["coverage"] == dict.fromkeys(("C1", "C2", "C3", "C4"), 0.0)


def test_leave_ends_with_its_day_and_holds_for_its_matter_alone() -> None:
    assert state(exempt=[{"reason": "x", "until": "2026-05-31"}]) == "not_started"
    leave = [{"matter_code": "M2", "reason": "x", "until": "2026-12-31"}]
    found = stood([a_department(HOUSING, "M1", "M2", exempt=leave)])
    assert [each.state for each in found] == ["not_started", "exempt"]


def test_what_is_silent_began_to_be_so_after_it_was_certified() -> None:
    assert state(a_row(issued_at=NOW - timedelta(days=90))) == "C3"
    assert state(a_row(issued_at=NOW - timedelta(days=91))) == "silent"
    assert state(a_row(issued_at=NOW - timedelta(days=200)), reporting=(reported("M1", days_ago=90),)) == "C3"


def test_a_certificate_of_one_system_covers_nothing_that_another_reports() -> None:
    found = stood(
        [a_department(HOUSING, "M1", "M2")], a_row(), reporting=(reported("M1"), reported("M2", "housing.penalties"))
    )
    assert [each.state for each in found] == ["C3", "not_started"]


def test_a_certificate_covers_only_its_flows() -> None:
    found = stood([a_department(HOUSING, "M1", flows=["case.events", "complaint.orders"])], a_row())
    assert [(each.obligation.flow, each.state) for each in found] == [
        ("case.events", "C3"),
        ("complaint.orders", "not_started"),
    ]


def test_a_suspension_of_the_highest_level_leaves_the_lower_ones() -> None:
    found = stood(
        [a_department(HOUSING, "M1")], a_row(state="suspended", suspended=("C3",)), reporting=(reported("M1"),)
    )
    assert (found[0].state, found[0].level) == ("suspended", "C2")
    assert board(found, NOW)["coverage"] == {"C1": 1.0, "C2": 1.0, "C3": 0.0, "C4": 0.0}


def test_a_city_with_a_roster_and_no_catalogue_is_unknown_and_never_covered() -> None:
    told = board(stood([a_department(HOUSING), a_department(WATER)], a_row()), NOW)
    assert told["coverage"] is None
    assert told["coverage_by_volume"] is None
    assert told["obligations"] == 0
    assert told["coverage_of_known"] == dict.fromkeys(("C1", "C2", "C3", "C4"))
    assert told["departments_without_catalogue"] == sorted([HOUSING, WATER])
    assert board([], NOW)["coverage"] is None


def test_one_department_without_a_catalogue_leaves_the_whole_share_unknown() -> None:
    told = board(stood([a_department(HOUSING, "M1"), a_department(WATER)], a_row(), reporting=(reported("M1"),)), NOW)
    assert told["coverage"] is None
    assert told["coverage_of_known"]["C3"] == 1.0
    by_department = {each["department_id"]: each["coverage"] for each in told["by_department"]}
    assert by_department == {HOUSING: {"C1": 1.0, "C2": 1.0, "C3": 1.0, "C4": 0.0}, WATER: None}


def test_shares_are_of_what_is_owed_and_weigh_by_volume_beside_it() -> None:
    documents = [a_department(HOUSING, "M1", "M2"), a_department(WATER, "W1"), a_department(TAX, "X1",
                 exempt=[{"reason": "x", "until": "2027-01-01"}])]  # fmt: skip
    told = board(
        stood(documents, a_row(), reporting=(reported("M1", cases=90), reported("M2", "other", cases=10))), NOW
    )
    assert told["obligations"] == 4
    assert told["coverage"]["C3"] == pytest.approx(1 / 3, abs=1e-4)
    assert told["coverage_by_volume"]["C3"] == 0.9
    assert told["by_state"] == {"not_started": 2, "C3": 1, "exempt": 1}
    assert told["cases_by_state"] == {"not_started": 10, "C3": 90}


def test_what_is_silent_is_not_counted_as_covered() -> None:
    found = stood([a_department(HOUSING, "M1")], a_row(issued_at=NOW - timedelta(days=100)))
    assert board(found, NOW)["coverage"]["C1"] == 0.0


def test_planned_days_are_held_against_what_is() -> None:
    plan = {"C1": "2026-03-01", "C2": "2026-05-31", "C3": "2026-06-01"}
    found = stood([a_department(HOUSING, "M1", planned=plan)], a_row(levels=("C1",)), reporting=(reported("M1"),))
    assert found[0].late == ["C2"]
    assert board(found, NOW)["planned"] == {
        "C1": {"planned": 1, "late": 0},
        "C2": {"planned": 1, "late": 1},
        "C3": {"planned": 1, "late": 0},
    }


def test_a_matter_that_is_not_in_force_is_not_owed() -> None:
    document = a_department(HOUSING, "M1", "M2", "M3", "M4")
    document["matters"][1]["status"] = "suspended"
    document["matters"][2]["valid_from"] = "2026-06-02"
    document["matters"][3]["valid_to"] = "2026-05-31"
    assert [each.matter_code for each in obligations([document], TODAY)] == ["M1"]


# --- may it connect? ---

QUARTER: Final = NOW - timedelta(minutes=15)
FRESH: Final = Standing(
    connection=PERMITS, is_registered=True, certificate=a_row(), looked_at=NOW - timedelta(minutes=15)
)


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (FRESH, ("yes", "", 0)),
        (replace(FRESH, certificate=a_row(state="in_grace")), ("yes", "", 0)),
        (replace(FRESH, certificate=a_row(state="conditional")), ("yes", "", 0)),
        (replace(FRESH, certificate=a_row(state="suspended", suspended=("C3",))), ("yes", "", 0)),
        (replace(FRESH, is_registered=False), ("no", "unregistered", 1)),
        (replace(FRESH, certificate=a_row(state="revoked")), ("no", "revoked", 1)),
        (replace(FRESH, certificate=a_row(state="expired")), ("no", "expired", 1)),
        (replace(FRESH, certificate=a_row(not_after=NOW)), ("no", "expired", 1)),
        (replace(FRESH, certificate=a_row(state="suspended", suspended=("C2", "C3"))), ("no", "suspended", 1)),
        (replace(FRESH, certificate=a_row(levels=("C1",))), ("no", "level", 1)),
        (replace(FRESH, certificate=None), ("unknown", "never_run", 5)),
        (replace(FRESH, differing=("mapping.parts.codes",)), ("unknown", "owed_run", 5)),
        (replace(FRESH, looked_at=None), ("unknown", "status_stale", 5)),
        (replace(FRESH, looked_at=NOW - timedelta(minutes=15, seconds=1)), ("unknown", "status_stale", 5)),
        (replace(FRESH, looked_at=NOW + timedelta(minutes=16)), ("unknown", "status_stale", 5)),
    ],
)
def test_each_answer_of_can_i_connect(standing: Standing, said: tuple[str, str, int]) -> None:
    told = answer(standing, NOW)
    assert (told.answer, told.why, told.exit_code) == said
    assert told.zh
    assert told.en


def test_what_is_certainly_no_is_not_made_unknown_by_what_is_not_known() -> None:
    revoked = replace(FRESH, certificate=a_row(state="revoked"), differing=("x",), looked_at=None)
    assert answer(revoked, NOW).answer == "no"


def test_a_run_that_is_owed_names_what_differs() -> None:
    assert "mapping.parts.codes" in answer(replace(FRESH, differing=("mapping.parts.codes",)), NOW).en


def test_dates_in_documents_are_days() -> None:
    assert obligations([a_department(HOUSING, "M1", planned={"C1": "2026-03-01"})], TODAY)[0].planned == {
        "C1": date(2026, 3, 1)
    }
