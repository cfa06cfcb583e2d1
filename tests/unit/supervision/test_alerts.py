from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hub.model import ids
from hub.model.shapes import shape
from hub.supervision.alerts import reconcile
from hub.supervision.rules import RULES
from tests.support.casework import CASE, a_fact, at, judged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.model.values import AlertRow
    from hub.supervision.caselog import Fact

ACCEPTED = a_fact("case.accepted", "2026-03-02T09:00:00+08:00")
NEAR = "2026-03-13T00:00:00"
LATE = "2026-03-18T00:00:00"


def moves(
    facts: Sequence[Fact], horizon: str | None, existing: Sequence[AlertRow] = (), *, now: str | None = None
) -> Sequence[AlertRow]:
    judgement = judged(*facts, horizon=horizon)
    return reconcile(judgement, existing, now=at(now or horizon or "2026-03-31T00:00:00"))


def told(alerts: Sequence[AlertRow]) -> list[tuple[str, str, str]]:
    return [(alert.rule_id, alert.state, alert.document.get("reason", "")) for alert in alerts]


def document(alert: AlertRow) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": alert.alert_id,
        "source": "/hub",
        "type": f"sunlight.alert.{alert.state}.v1",
        "subject": alert.subject,
        "time": alert.document["changed_at"],
        "datacontenttype": "application/json",
        "dataschema": "urn:sunlight:schema:alert:1",
        "data": alert.document,
    }


def conflicting() -> list[Fact]:
    return [ACCEPTED, a_fact("case.accepted", "2026-03-04", raw="other", position=2)]


def test_a_new_finding_is_raised_once_and_then_stands_unchanged() -> None:
    (alert,) = raised = moves([ACCEPTED], LATE)
    assert told(raised) == [("R14", "raised", "")]
    assert alert.alert_id == ids.alert_id("R14", CASE, "1+0")
    assert (alert.raised_at, alert.department_id, alert.region_code) == (at(LATE), "11321200014000028L", "321281")
    assert moves([ACCEPTED], "2026-03-19T00:00:00", raised) == []


def test_a_red_alert_that_needs_a_person_waits_to_be_confirmed() -> None:
    (alert,) = (each for each in moves(conflicting(), "2026-03-05T00:00:00") if each.rule_id == "R45")
    assert (alert.state, alert.level, alert.document["mode"]) == ("pending", "red", "manual")
    confirmed = replace(alert, state="raised")
    assert moves(conflicting(), "2026-03-05T00:00:00", [confirmed]) == []


def test_the_statutory_overrun_is_issued_without_confirmation() -> None:
    assert ("R15", "raised", "") in told(moves([ACCEPTED], "2026-04-10T00:00:00"))


@pytest.mark.parametrize("horizon", [NEAR, LATE, "2026-04-10T00:00:00"])
def test_every_move_has_a_document_of_the_declared_shape(horizon: str) -> None:
    alerts = [*moves([ACCEPTED], horizon), *moves(conflicting(), horizon)]
    gone = moves([ACCEPTED, a_fact("case.decided", "2026-03-03")], "2026-12-31T00:00:00", alerts)
    assert alerts
    for alert in [*alerts, *gone]:
        assert shape("alert.v1").problems(document(alert)) == []
        assert alert.document["state"] == alert.state


def test_no_document_holds_the_applicant_or_the_title() -> None:
    fact = a_fact("case.accepted", "2026-03-02", case={"title": "t", "applicant": {"name_masked": "王*"}})
    (alert,) = moves([fact], LATE)
    assert set(alert.document["case"]) == {
        "case_id",
        "case_no",
        "department_id",
        "region_code",
        "matter_code",
        "disclosure",
    }


def test_a_notice_is_cleared_when_the_case_is_decided_in_time() -> None:
    raised = moves([ACCEPTED], NEAR)
    assert told(raised) == [("R13", "raised", "")]
    decided = a_fact("case.decided", "2026-03-13T10:00:00+08:00")
    assert told(moves([ACCEPTED, decided], "2026-03-14T00:00:00", raised)) == [("R13", "cleared", "case_progressed")]


def test_a_notice_is_cleared_when_its_limit_passes_and_the_overrun_is_raised() -> None:
    raised = moves([ACCEPTED], NEAR)
    assert told(moves([ACCEPTED], LATE, raised)) == [("R14", "raised", ""), ("R13", "cleared", "case_progressed")]


def test_a_notice_given_on_missing_data_is_revoked() -> None:
    raised = moves([ACCEPTED], NEAR)
    decided = a_fact("case.decided", "2026-03-05")
    assert told(moves([ACCEPTED, decided], "2026-03-14T00:00:00", raised)) == [("R13", "revoked", "data_error")]


@pytest.mark.parametrize("excuse", ["case.decided", "case.closed", "case.withdrawn"])
def test_an_overrun_excused_by_late_evidence_is_revoked(excuse: str) -> None:
    raised = moves([ACCEPTED], LATE)
    (revoked,) = moves([ACCEPTED, a_fact(excuse, "2026-03-05")], LATE, raised, now="2026-03-19T00:00:00")
    assert told([revoked]) == [("R14", "revoked", "data_error")]
    assert (revoked.raised_at, revoked.changed_at) == (at(LATE), at("2026-03-19T00:00:00"))
    assert moves([ACCEPTED, a_fact(excuse, "2026-03-05")], LATE, [revoked]) == []


def test_an_overrun_excused_by_a_late_reported_pause_is_revoked() -> None:
    raised = moves([ACCEPTED], LATE)
    pause = a_fact("special.started", "2026-03-05", occurrence="1", special={"kind": "hearing"})
    assert told(moves([ACCEPTED, pause], LATE, raised)) == [("R14", "revoked", "data_error")]


def test_a_rewriting_that_a_correction_explains_is_revoked() -> None:
    raised = moves(conflicting(), "2026-03-05T00:00:00")
    named = a_fact("case.corrected", "2026-03-05", occurrence="1", correction_of=ACCEPTED.event_id)
    assert told(moves([*conflicting(), named], "2026-03-05T00:00:01", raised)) == [("R45", "revoked", "data_error")]


def test_an_alert_whose_evidence_comes_back_is_raised_again_under_its_id() -> None:
    (first,) = moves([ACCEPTED], LATE)
    (revoked,) = moves([ACCEPTED, a_fact("case.decided", "2026-03-05")], LATE, [first])
    (again,) = moves([ACCEPTED], "2026-03-20T00:00:00", [revoked])
    assert (again.alert_id, again.state) == (first.alert_id, "raised")


def test_a_case_without_a_horizon_changes_no_alert() -> None:
    raised = moves([ACCEPTED], LATE)
    assert moves([ACCEPTED, a_fact("case.decided", "2026-03-20")], None) == []
    assert moves([ACCEPTED], None, raised) == []


@pytest.mark.parametrize("horizon", [NEAR, LATE])
def test_a_horizon_set_back_by_an_import_takes_nothing_back(horizon: str) -> None:
    raised = moves([ACCEPTED], horizon)
    assert moves([ACCEPTED], "2026-03-03T00:00:00", raised) == []


def test_alerts_of_rules_not_judged_here_are_left_alone() -> None:
    raised = moves([ACCEPTED], LATE)
    judgement = judged(ACCEPTED, a_fact("case.decided", "2026-03-05"), horizon=LATE)
    assert reconcile(judgement, raised, now=at(LATE), rules={"R10": RULES["R10"]}) == []
