"""A document is at its receiver once, whatever goes wrong with a request, also where the receiver cannot tell."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from connectors.http import client
from connectors.sinks import open_sink
from hub.errors import Misconfigured, Unavailable
from tests.support.complaint_centre import FAULTS, Taker, connect_to
from tests.support.shelves import Declared

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["rest, knows keys", "rest, is asked", "soap, knows numbers", "soap, is asked"])
def taker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Taker]:
    monkeypatch.setattr(client, "ATTEMPTS", 2)
    monkeypatch.setattr(client.random, "uniform", lambda *_: 0.0)
    kind, _, how = request.param.partition(", ")
    made = Taker(soap=kind == "soap", knows={"knows keys": "key", "knows numbers": "number"}.get(how, ""))
    yield made
    made.close()


def sent(taker: Taker, *numbers: int, more: dict[str, Any] | None = None) -> str:
    """Send documents by a sink of their own, as a process does that was just started."""
    sink = open_sink(Declared(kind="soap" if taker.soap else "rest", connect={**connect_to(taker), **(more or {})}), {})
    try:
        return [sink.send({"ID": str(number), "STATE": "x"}, key=str(number)) for number in numbers][-1]
    finally:
        sink.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_document_is_there_once_whatever_goes_wrong(taker: Taker, fault: str) -> None:
    taker.script = [fault, fault]
    for _ in range(10):
        with suppress(Unavailable):
            sent(taker, 1, 2)
            break
    assert taker.script == []
    assert [each["ID"] for each in taker.effects] == ["1", "2"]


def test_a_receiver_that_cannot_be_asked_is_not_sent_to(taker: Taker) -> None:
    taker.is_down = True
    with pytest.raises(Unavailable):
        sent(taker, 1)
    taker.is_down = False
    assert taker.effects == []


@pytest.mark.parametrize("taker", ["rest, is asked"], indirect=True)
def test_a_question_may_name_a_place_of_the_document_and_none_that_it_lacks(taker: Taker) -> None:
    by_number = {"exists": {"url": f"{taker.url}/status/{{ID}}"}}
    assert sent(taker, 1, more=by_number) != "it is there already"
    assert sent(taker, 1, more=by_number) == "it is there already"
    with pytest.raises(Misconfigured, match="no value at 'NO'"):
        sent(taker, 1, more={"exists": {"url": f"{taker.url}/status/{{NO}}"}})
    with pytest.raises(Misconfigured, match="no address"):
        sent(taker, 1, more={"exists": {"url": "status/{key}"}})
    with pytest.raises(Misconfigured, match="names no word"):
        sent(taker, 1, more={"exists": {"url": f"{taker.url}/{{key}}", "at": "found"}})


@pytest.mark.parametrize("taker", ["rest, knows keys"], indirect=True)
def test_an_answer_of_200_that_says_it_went_wrong_is_no_receipt(taker: Taker) -> None:
    with pytest.raises(Unavailable, match="answers nothing"):
        sent(taker, 1, more={"success": {"at": "code", "is": ["0"]}})
