"""Facts and figures for tests of statistics; a test states only what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from hub.model.facts import CaseFacts


def some_facts(case_id: str = "case", **fields: Any) -> CaseFacts:
    """Return what is counted of a licence handled in five of ten working days, with every field set."""
    base = CaseFacts(
        case_id=case_id,
        connection_id="conn",
        department_id="11321200014000028L",
        region_code="321281",
        matter_code="m",
        power_type="01",
        family="application",
        channel="online",
        case_type="2",
        disclosure="public",
        state="closed",
        result="granted",
        opened_on=date(2026, 3, 2),
        accepted_on=date(2026, 3, 3),
        decided_on=date(2026, 3, 10),
        closed_on=date(2026, 3, 11),
        delivered_on=None,
        finished_on=date(2026, 3, 10),
        used_workdays=5,
        paused_workdays=0,
        promised_workdays=10,
        promised_n=10,
        promised_unit="working_day",
        statutory_n=20,
        statutory_unit="working_day",
        on_time=True,
        early=True,
        late=False,
        late_by_law=False,
        open_late=False,
        is_provisional=False,
        supplement=False,
        special=False,
        extension=False,
        late_entry=False,
        online=True,
        reworked=False,
        rating=1,
    )
    return replace(base, **fields)
