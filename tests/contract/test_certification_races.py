"""Of two who act on one connection's certificate at once one is refused, and nothing of what it did is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from typing import TYPE_CHECKING, Any, Final

import pytest
import sqlalchemy as sa

from hub.model.certified import CertificateChange, CertificateRow, Looks, Moved, ObservationRow
from hub.store.certification import Certification
from hub.store.certified import certificate_changes, certificates, criteria, observations
from hub.store.engine import open_engine, writing
from tests.support.certifying import STARTED, a_certificate
from tests.support.stores import DATABASES, empty_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LATER: Final = STARTED + timedelta(days=30)
HELD: Final = a_certificate()
CONNECTION: Final = HELD.connection_id


class Trial(Certification):
    """A store that can begin anew, with one certificate or none."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url
        self._again = open_engine(url)

    def fresh(self, *held: CertificateRow) -> None:
        with writing(self._again) as connection:
            for table in (certificates, certificate_changes, observations, criteria):
                connection.execute(sa.delete(table))
        for row in held:
            assert self.issue(row, ())

    def all(self) -> tuple[Any, ...]:
        """Return everything that is kept."""
        return self.certificates(), self.untold(), self.observations(CONNECTION), self.criteria(CONNECTION)

    def close(self) -> None:
        super().close()
        self._again.dispose()


@pytest.fixture(params=DATABASES)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Trial]:
    with empty_place(request, tmp_path) as place:
        keeping = Trial(place.prepare().url)
        yield keeping
        keeping.close()


def told(name: str) -> CertificateChange:
    return CertificateChange(
        change_id=name, certificate_id=HELD.certificate_id, connection_id=CONNECTION, at=LATER, what=name, body=b"{}"
    )


def seen(by: str) -> Looks:
    row = ObservationRow(connection_id=CONNECTION, criterion="K4", day=date(2026, 4, 1), n=0, seen="pass", by=by,
                         measure={}, observed_at=LATER)  # fmt: skip
    return Looks(seen=[row], cached={(CONNECTION, "K4"): (by, "{}")})


def issued(name: str, number: str, *, instead: CertificateRow | None) -> Callable[[Certification], bool]:
    """Issue a certificate, in place of one that was read before."""
    new = a_certificate(certificate_id=number, issued_at=LATER)
    ended = Moved(was=instead, now=replace(instead, state="superseded", since=LATER)) if instead else None
    return lambda kept: kept.issue(new, [told(name)], ended=ended)


def moved(name: str, state: str, looks: Looks | None = None) -> Callable[[Certification], bool]:
    """Move the certificate that was read before."""
    move = Moved(was=HELD, now=replace(HELD, state=state, since=LATER))
    return lambda kept: kept.move(move, told(name), *((looks,) if looks else ()))


ACTS: Final[dict[str, Callable[[Certification], bool]]] = {
    "renewed": issued("renewed", "HCC-2026-000002", instead=HELD),
    "renewed by another": issued("renewed by another", "HCC-2026-000003", instead=HELD),
    "issued, none being seen": issued("issued, none being seen", "HCC-2026-000004", instead=None),
    "suspended": moved("suspended", "suspended"),
    "moved by a rule": moved("moved by a rule", "in_grace"),
    "reinstated": moved("reinstated", "active", seen("张三")),
    "revoked": moved("revoked", "revoked"),
}
BLIND: Final = "issued, none being seen"


@pytest.mark.parametrize("first", [name for name in ACTS if name != BLIND])
def test_whoever_is_second_is_refused_and_leaves_nothing(kept: Trial, first: str) -> None:
    """Both have read the same certificate; every order of every two acts."""
    for second in ACTS:
        if second in (first, BLIND if first == "revoked" else ""):
            continue
        kept.fresh(HELD)
        assert ACTS[first](kept)
        after = kept.all()
        assert not ACTS[second](kept), f"{second} after {first}"
        assert kept.all() == after


def test_of_two_first_certificates_one_is_in_force(kept: Trial) -> None:
    """Neither saw the other: with the same number, and with two."""
    for numbers in (("HCC-2026-000001", "HCC-2026-000001"), *permutations(("HCC-2026-000001", "HCC-2026-000002"))):
        kept.fresh()
        one, two = (issued(f"{n}", number, instead=None) for n, number in enumerate(numbers))
        assert (one(kept), two(kept)) == (True, False)
        assert [row.certificate_id for row in kept.certificates()] == [numbers[0]]
        assert [each.change_id for each in kept.untold()] == ["0"]


def test_what_a_person_vouched_for_is_not_lost_to_a_look_that_did_not_see_it(kept: Trial) -> None:
    kept.fresh(HELD)
    assert moved("reinstated", "active", seen("张三"))(kept)
    assert not kept.observe(seen(""), [told("notice")]), "numbered before the person spoke"
    assert [each.by for each in kept.observations(CONNECTION)] == ["张三"]
    assert [each.change_id for each in kept.untold()] == ["reinstated"]
    kept.fresh(HELD)
    assert kept.observe(seen(""))
    assert not ACTS["reinstated"](kept), "nor does a word stand that was given of another look"
    assert kept.certificate(HELD.certificate_id) == HELD


def test_a_certificate_that_came_back_to_its_state_is_not_the_one_that_was_read(kept: Trial) -> None:
    kept.fresh(HELD)
    away, back = replace(HELD, state="suspended", since=LATER), replace(HELD, since=LATER + timedelta(hours=1))
    assert kept.move(Moved(was=HELD, now=away), told("suspended"))
    assert kept.move(Moved(was=away, now=back), told("reinstated"))
    assert not ACTS["moved by a rule"](kept)


class CutError(Exception):
    """The process ended here."""


@pytest.mark.parametrize("name", ["renewed", "reinstated"])
def test_an_act_that_is_cut_off_at_any_statement_has_not_happened(kept: Trial, name: str) -> None:
    """Before each statement in turn, and before the commit."""
    for point in range(1, 50):
        kept.fresh(HELD)
        before, left = kept.all(), [point]

        def cut(*_: Any, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise CutError

        dying = Certification(kept.url)
        sa.event.listen(dying._engine, "before_cursor_execute", cut)
        sa.event.listen(dying._engine, "commit", cut)
        try:
            assert ACTS[name](dying)
        except CutError:
            assert kept.all() == before, f"cut at {point}"
        else:
            assert point > 3, "it has several statements"
            assert kept.all() != before
            return
        finally:
            dying.close()
    pytest.fail("it never ended")
