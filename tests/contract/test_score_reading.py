"""What months are scored and measured from, and that they are frozen for good, on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import sqlalchemy as sa

from hub.clock import ManualClock
from hub.errors import HubError, Misconfigured
from hub.model.chain import Chain
from hub.model.conduct import Conduct
from hub.model.scores import Entered
from hub.model.values import Connection, ManifestRow
from hub.score_telling import compared, explained
from hub.scorebook import Altered, Scorebook, Sources
from hub.store.score_tables import score_freezes
from hub.supervision.calendar import WorkCalendar
from hub.supervision.scoring.values import Obligation
from hub.supervision.truth.measures import MEASURES
from tests.support.figures import some_facts
from tests.support.scoring import OURS, SET, THEIRS
from tests.support.stores import (
    DATABASES,
    StorePlace,
    a_case,
    a_clock,
    a_report,
    an_alert,
    an_arrival,
    empty_place,
    held,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hub.model.values import Message
    from hub.store.sql import SqlStore
    from hub.supervision.scoring.values import Inputs

CALENDAR = WorkCalendar()
MARCH = datetime(2026, 3, 9, 4, tzinfo=UTC)
APRIL = datetime(2026, 4, 9, 4, tzinfo=UTC)
HOMES = {OURS: "321281", THEIRS: "321283"}


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StorePlace]:
    with empty_place(request, tmp_path) as place:
        yield place.prepare()


@pytest.fixture
def store(place: StorePlace) -> SqlStore:
    store = place.open()
    store.register([Connection(connection_id="conn", departments=frozenset({OURS}), allowed_delay_s=0, user="u")])
    return store


def conduct(case_id: str = "case", **fields: Any) -> Conduct:
    base = dict.fromkeys(
        ("is_backfill", "is_incomplete", "placeholders", "is_late", "backdated", "vanished", "at_limit"), 0
    )
    said = {"department_id": OURS, "used_minutes": 100, "handler": "h1", "serial_of": "2026-", "serial": 1}
    return Conduct(case_id=case_id, **{**base, **said, **fields})


def keep(store: SqlStore, **changes: Any) -> None:
    with store.unit(0, epoch=held(store)) as unit:
        written(unit, **changes)


def gathered(store: SqlStore, period: str = "2026-03") -> dict[str, Inputs]:
    found = store.score_reader.month(period, CALENDAR, HOMES, {"R46": "connector"})
    return {each.department_id: each for each in found}


class Book:
    """A scorebook whose acts the test ledgers itself."""

    def __init__(self, store: SqlStore, now: datetime) -> None:
        self.store, self.sent, self.clock = store, list[Any](), ManualClock(now)
        sources = Sources(reading=store.score_reader, book=store.score_book, sets=[SET], homes=lambda: HOMES,
                          calendar=CALENDAR, clock=self.clock, publish=self.publish)  # fmt: skip
        self.scores = Scorebook(sources)

    def publish(self, message: Message) -> None:
        self.sent.append(message)

    def ledger(self) -> None:
        with self.store.unit(0, epoch=held(self.store)) as unit:
            chain = Chain(unit.head, APRIL)
            for each in self.sent:
                chain.append(kind="act", subject=each.message_id, outcome="score.frozen", body=each.body)
            written(unit, chain)
        self.sent.clear()

    def take(self) -> None:
        """Let what was entered count, as supervision does in the transaction that ledgers it."""
        acts = [(each.message_id, orjson.loads(each.body)["data"]) for each in self.sent]
        keep(self.store, score_marks=[Entered.said(name, data, APRIL) for name, data in acts])
        self.sent.clear()

    def score(self, period: str, department: str = OURS) -> Decimal:
        return self.scores.sheet(period).accounts[department].statement.score


@pytest.fixture
def book(store: SqlStore) -> Book:
    return Book(store, APRIL)


def test_cases_that_ended_in_the_month_are_counted_by_department_region_and_matter(store: SqlStore) -> None:
    facts = [
        some_facts("a"),
        some_facts("b", on_time=False, late=True, early=False, rating=4, supplement=True),
        some_facts("c", closed_on=date(2026, 4, 1)),
        some_facts("d", state="withdrawn"),
        some_facts("e", matter_code="n", rating=None),
    ]
    cases = [a_case(each.case_id) for each in facts]
    keep(store, cases=cases, facts=facts, conduct=[conduct("b", is_incomplete=1)])
    m, n = gathered(store)[OURS].cells
    assert (m.region_code, m.matter_code, n.matter_code) == ("321281", "m", "n")
    expected = {"closed": 2, "promised": 2, "on_time": 1, "overdue": 1, "early": 1, "used_days": 10, "rated": 2,
                "rated_bad": 1, "rated_good": 1, "supplemented": 1, "incomplete": 1, "promised_days": 20}  # fmt: skip
    assert {name: m.counts[name] for name in expected} == expected


def test_how_a_case_was_reported_is_its_reporters_to_answer_for_and_not_whoever_it_counts_to(store: SqlStore) -> None:
    """A complaint counts to the department that handles it; its centre reported it."""
    said = conduct("a", department_id=THEIRS, is_incomplete=1, is_late=1)
    keep(store, cases=[a_case("a")], facts=[some_facts("a")], conduct=[said])
    ours, theirs = gathered(store)[OURS], gathered(store)[THEIRS]
    assert (ours.cells[0].counts["closed"], ours.cells[0].counts["incomplete"]) == (1, 0)
    assert (ours.quality.get("late", 0), theirs.quality["late"], theirs.quality["incomplete"]) == (0, 1, 1)


def test_clocks_of_closed_cases_are_counted_once_judged(store: SqlStore) -> None:
    clocks = [
        a_clock("1", "a", kind="delivery", state="met"),
        a_clock("2", "a", kind="delivery", occurrence="2", state="breached"),
        a_clock("3", "a", kind="publication", state="running"),
        a_clock("4", "other", kind="delivery", state="met"),
    ]
    keep(store, cases=[a_case("a")], facts=[some_facts("a")], clocks=clocks)
    counts = gathered(store)[OURS].cells[0].counts
    assert (counts["delivery.met"], counts["delivery.judged"]) == (1, 2)
    assert "publication.judged" not in counts


def test_alerts_raised_in_the_month_are_cards_unless_never_issued(store: SqlStore) -> None:
    alerts = [
        an_alert("raised", "a", raised_at=MARCH, changed_at=APRIL, state="answered"),
        an_alert("revoked", "a", raised_at=MARCH, changed_at=MARCH, state="revoked"),
        an_alert("pending", "a", raised_at=MARCH, changed_at=MARCH, state="pending"),
        an_alert("shadow", "a", raised_at=MARCH, changed_at=MARCH, state="shadow"),
        an_alert("later", "a", raised_at=APRIL, changed_at=APRIL),
        an_alert("line", "connection:conn", rule_id="R46", raised_at=MARCH, changed_at=MARCH),
    ]
    keep(store, cases=[a_case("a", disclosure="restricted")], alerts=alerts)
    cards = {card.alert_id: card for card in gathered(store)[OURS].cards}
    assert set(cards) == {"raised", "revoked", "line"}
    assert (cards["raised"].case_no, cards["raised"].matter_code, cards["raised"].disclosure) == (
        "2026-0001",
        "m",
        "restricted",
    )
    assert {name: card.counts for name, card in cards.items()} == {"raised": True, "revoked": False, "line": False}
    assert (cards["line"].charged_to, cards["raised"].raised_on) == ("connector", "2026-03-09")


def test_a_department_of_which_nothing_is_heard_is_there(store: SqlStore) -> None:
    assert gathered(store)[THEIRS].region_code == "321283"


def test_data_quality_is_counted_of_live_cases_and_of_what_the_connection_delivered(store: SqlStore) -> None:
    keep(
        store,
        cases=[a_case("a"), a_case("b")],
        facts=[some_facts("a"), some_facts("b")],
        conduct=[conduct("a", is_late=1), conduct("b", is_backfill=1, is_late=1)],
        reports=[a_report("read", ended_at=MARCH), a_report("old", ended_at=APRIL)],
        arrivals=[an_arrival("1", outcome="new"), an_arrival("2", ordinal=2, outcome="conflicting")],
    )
    said = dict(gathered(store)[OURS].quality)
    assert said == {"cases": 1, "late": 1, "incomplete": 0, "records": 10, "quarantined": 1, "events": 2,
                    "conflicting": 1}  # fmt: skip


def test_days_that_the_department_spoke_of_count_and_those_that_still_differ(store: SqlStore) -> None:
    at = datetime(2026, 4, 3, 1, tzinfo=UTC)
    said = [
        ManifestRow(connection_id="conn", day=date.fromisoformat(day), cases=1, sha256="", said_at=at, since=at)
        for day in ("2026-02-28", "2026-03-01", "2026-03-30", "2026-03-31", "2026-04-01")
    ]
    differing = {"2026-03-01": {}, "2026-03-30": {"state": "revoked"}, "2026-04-01": {},
                 "2026-03-31": {"document": attributed("hub")}}  # fmt: skip
    alerts = [
        an_alert(day, "connection:conn", rule_id="R48", raised_at=at, changed_at=at, **fields)
        for day, fields in differing.items()
    ]
    keep(store, manifests=said, alerts=alerts)
    assert {name: gathered(store)[OURS].quality[name] for name in ("days", "differing")} == {"days": 3, "differing": 1}


def attributed(*to: str) -> dict[str, Any]:
    return {"history": [{"move": "attribute", "to_whom": each} for each in to]}


@pytest.mark.parametrize(
    ("to", "score", "judged"),
    [((), 95, 1), (("connector",), 100, 0), (("hub",), 100, 0), (("hub", "department"), 95, 1)],
)
def test_an_alert_that_a_person_attributes_to_connector_or_hub_costs_nothing(
    book: Book, to: tuple[str, ...], score: int, judged: int
) -> None:
    alert = an_alert("x", "a", raised_at=MARCH, changed_at=MARCH, document=attributed(*to))
    answer = a_clock("1", "x", kind="alert_feedback", state="breached")
    keep(book.store, cases=[a_case("a")], facts=[some_facts("a")], alerts=[alert], clocks=[answer])
    assert book.score("2026-03") == score
    inputs = gathered(book.store)[OURS]
    assert (inputs.count("alert_feedback.judged"), inputs.count("cards")) == (judged, judged)


def test_what_is_attributed_after_the_freeze_is_given_back_later(book: Book) -> None:
    keep(book.store, cases=[a_case("a")], facts=[some_facts("a")],
         alerts=[an_alert("x", "a", raised_at=MARCH, changed_at=MARCH)])  # fmt: skip
    book.scores.freeze("2026-03", "王五")
    keep(book.store, alerts=[an_alert("x", "a", raised_at=MARCH, changed_at=APRIL, document=attributed("hub"))])
    assert book.scores.sheet("2026-04", book=OURS).accounts[OURS].adjustment == 5


def test_what_was_owed_is_frozen_and_reaching_it_later_gives_nothing_back(book: Book) -> None:
    keep(book.store, cases=[a_case("a")], facts=[some_facts("a")])
    owing = Obligation(due_on="2026-03-31", required="C3", reached="C2")
    late = Scorebook(replace(book.scores._from, obligations=lambda: {OURS: owing}))
    late.freeze("2026-03", "王五")
    now = Scorebook(replace(book.scores._from, obligations=lambda: {OURS: replace(owing, reached="C3")}))
    march, april = (now.sheet(month, book=OURS).accounts[OURS] for month in ("2026-03", "2026-04"))
    assert (march.statement.is_obliged, march.statement.score < 60) == (True, True)
    assert (april.statement.is_obliged, april.adjustment) == (False, 0)


def test_a_frozen_month_recomputes_to_the_identical_figure_whatever_happens_later(book: Book) -> None:
    keep(book.store, cases=[a_case("a")], facts=[some_facts("a")],
         alerts=[an_alert("x", "a", raised_at=MARCH, changed_at=MARCH)])  # fmt: skip
    before = explained(book.scores, OURS, "2026-03", lambda _: None)
    frozen = book.scores.freeze("2026-03", "王五")
    found_later = an_alert("y", "a", level="red", rule_id="R15", raised_at=MARCH, changed_at=APRIL)
    keep(book.store, alerts=[an_alert("x", "a", raised_at=MARCH, changed_at=APRIL, state="revoked"), found_later])
    after = explained(book.scores, OURS, "2026-03", lambda _: None)
    assert after["score"] == before["score"] == "95.00"
    assert after["lines"] == before["lines"]
    assert after["frozen"]["digest"] == frozen.digest
    again = Scorebook(replace(book.scores._from, sets=[]))
    assert again.sheet("2026-03").accounts[OURS].statement.score == 95


def test_what_changes_after_the_freeze_is_booked_once_in_a_later_month(book: Book) -> None:
    keep(book.store, cases=[a_case("a")], facts=[some_facts("a")],
         alerts=[an_alert("x", "a", raised_at=MARCH, changed_at=MARCH)])  # fmt: skip
    book.scores.freeze("2026-03", "王五")
    keep(book.store, alerts=[an_alert("x", "a", raised_at=MARCH, changed_at=APRIL, state="revoked")])
    assert not book.scores.sheet("2026-04").accounts[OURS].adjustments
    live = book.scores.sheet("2026-04", book=OURS).accounts[OURS]
    assert [(each.period, each.points, each.line.about["alert_id"]) for each in live.adjustments] == [
        ("2026-03", 5, "x")
    ]
    book.clock.move_to(datetime(2026, 5, 11, 4, tzinfo=UTC))
    book.scores.freeze("2026-04", "王五")
    keep(book.store, alerts=[an_alert("y", "a", raised_at=MARCH, changed_at=APRIL, level="red", rule_id="R43")])
    april, may = (book.scores.sheet(month, book=OURS).accounts[OURS] for month in ("2026-04", "2026-05"))
    assert (april.statement.score, april.adjustment, april.carried) == (100, 5, 105)
    assert may.adjustment == -18  # red in two heads, of which one is worth 8
    assert book.score("2026-03") == 95


def test_a_month_is_frozen_once_and_told_to_the_ledger_until_that_has_it(book: Book) -> None:
    first = book.scores.freeze("2026-03", "王五")
    keep(book.store, facts=[some_facts("a")], cases=[a_case("a")])
    assert book.scores.freeze("2026-03", "李四") == first
    assert [each.message_id for each in book.sent] == [first.act_id] * 2
    book.ledger()
    book.scores.freeze("2026-03", "李四")
    assert not book.sent
    assert explained(book.scores, OURS, "2026-03", lambda _: None)["frozen"]["is_ledgered"]


def test_frozen_inputs_that_were_altered_are_not_scored(book: Book, place: StorePlace) -> None:
    book.scores.freeze("2026-03", "王五")
    with place.tampering() as connection:
        connection.execute(sa.update(score_freezes).values(digest="0" * 64))
    with pytest.raises(Altered, match="not what was frozen"):
        book.scores.sheet("2026-03")


def test_frozen_inputs_that_were_exchanged_with_their_digest_are_found_by_the_ledger(book: Book) -> None:
    frozen = book.scores.freeze("2026-03", "王五")
    document = orjson.loads(book.sent[0].body)
    document["data"]["digest"] = "1" * 64
    book.sent[0] = replace(book.sent[0], body=orjson.dumps(document))
    book.ledger()
    with pytest.raises(HubError, match="another digest"):
        explained(book.scores, OURS, "2026-03", lambda _: None)
    assert frozen.digest != "1" * 64


@pytest.mark.parametrize("period", ["2026-04", "2026-05", "2026", "2026-3"])
def test_only_a_month_that_is_over_is_frozen(book: Book, period: str) -> None:
    with pytest.raises(Misconfigured):
        book.scores.freeze(period, "王五")


@pytest.mark.parametrize(("day", "is_frozen"), [(8, True), (9, True), (10, False), (0, False)])
def test_last_month_is_frozen_by_itself_from_its_day_on(book: Book, day: int, is_frozen: bool) -> None:  # noqa: FBT001
    keep(book.store, cases=[a_case("a")], facts=[some_facts("a")])
    assert (book.scores.freeze_due(day) is not None) == is_frozen
    book.ledger()
    assert book.scores.freeze_due(day) is None


def test_a_month_frozen_by_a_process_that_died_before_it_told_the_ledger_is_told_of_however_late(book: Book) -> None:
    keep(book.store, cases=[a_case("a")], facts=[some_facts("a")])
    frozen = book.scores.freeze("2026-03", "hub")
    book.sent.clear()
    book.clock.move_to(APRIL + timedelta(days=60))
    book.scores.freeze_due(0)
    assert [each.message_id for each in book.sent] == [frozen.act_id]
    book.ledger()
    book.scores.freeze_due(0)
    assert not book.sent


def test_a_month_without_anything_is_not_frozen_by_itself(book: Book) -> None:
    assert book.scores.freeze_due(9) is None


def test_an_entry_counts_until_the_month_is_frozen(book: Book) -> None:
    said = {"department_id": OURS, "amount": Decimal(10), "ground": "监察〔2026〕3号", "by": "王五"}
    book.scores.enter(period="2026-03", indicator_id="upheld_liability", **said)
    book.take()
    assert book.score("2026-03") == 90
    with pytest.raises(Misconfigured, match="nobody enters"):
        book.scores.enter(period="2026-03", indicator_id="early_closing", **said)
    book.scores.freeze("2026-03", "王五")
    with pytest.raises(Misconfigured, match="is frozen"):
        book.scores.enter(period="2026-03", indicator_id="upheld_liability", **said)


def test_a_half_year_is_the_mean_of_its_months_with_what_they_book(book: Book) -> None:
    keep(book.store, cases=[a_case("a")], facts=[some_facts("a")],
         alerts=[an_alert("x", "a", raised_at=MARCH, changed_at=MARCH)])  # fmt: skip
    told = explained(book.scores, OURS, "2026-H1", lambda _: None)  # January to April have begun
    assert told["score"] == "98.75"
    assert sum(Decimal(line["points"]) for line in told["lines"]) == Decimal(told["score"])


def test_departments_roll_up_to_county_and_city_and_a_matter_can_be_asked_for(book: Book) -> None:
    keep(book.store, cases=[a_case("a")], facts=[some_facts("a")],
         alerts=[an_alert("x", "a", raised_at=MARCH, changed_at=MARCH)])  # fmt: skip
    assert not compared(book.scores, "2026-03")["regions"]  # a department of one case says nothing of its county
    scores = Scorebook(replace(book.scores._from, sets=[replace(SET, min_sample=0)]))
    told = compared(scores, "2026-03")
    assert {row["region_code"]: row["score"] for row in told["regions"]} == {
        "321200": "97.50",
        "321281": "95.00",
        "321283": "100.00",
    }
    other = compared(book.scores, "2026-03", matter="n", department=OURS)
    assert [row["score"] for row in other["departments"]] == ["100.00"]
    with pytest.raises(Misconfigured, match="no department"):
        compared(book.scores, "2026-03", department="x")


def test_how_months_were_reported_is_summed_without_opening_cases(store: SqlStore) -> None:
    facts, told, cases = [], [], []
    for n in range(10):
        name = f"c{n}"
        facts.append(some_facts(name, opened_on=date(2026, 3, 2 + n), late_entry=n < 3))
        took = {"used_minutes": 60 if n < 7 else n, "at_limit": n % 2, "backdated": 2 * (n == 1)}
        number = n + 1 if n < 5 else n + 3
        told.append(conduct(name, serial=number, handler=f"h{n % 2}", placeholders=n // 9, **took))
        cases.append(a_case(name))
    facts.append(some_facts("filled", opened_on=date(2026, 2, 2), closed_on=date(2026, 2, 3)))
    told.append(conduct("filled", serial=6))
    cases.append(a_case("filled"))
    keep(store, cases=cases, facts=facts, conduct=told)
    (reported,) = store.truth_reader.month("2026-03", CALENDAR, date(2026, 4, 9))
    shares = {each.measure_id: each.of(reported) for each in MEASURES}
    assert {name: (share.part, share.whole) for name, share in shares.items()} == {
        "backdated": (1, 10),
        "entered_late": (3, 10),
        "vanished": (0, 10),
        "missing_numbers": (1, 12),
        "same_durations": (7, 10),
        "at_limit": (5, 10),
        "placeholders": (1, 10),
        "one_handler": (5, 10),
        "silence": (0, 0),
        "late": (0, 10),
        "contradicted": (0, 0),
    }
    assert len(reported.workdays) == 22
    assert shares["missing_numbers"].value == Fraction(1, 12)
