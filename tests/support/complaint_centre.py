"""A complaint centre's or a department's service for tests: it stores what it is sent, and goes wrong as it is told."""

from __future__ import annotations

import threading
from typing import Any, Final

import orjson
from lxml import etree

from connectors.soap_envelope import ENVELOPES
from tests.support.web import Answer, Asked, Service

FAULTS: Final = ("500 before", "500 after", "cut before", "cut after", "slow after", "503")
"""What may go wrong with one request, before or after its document is stored; "" is nothing."""

_CUT: Final = {"Content-Length": "100", "Connection": "close"}


class Taker:
    """Takes documents by REST or SOAP. `effects` are those that it stored, each time it did, in order.

    It knows keys (`by_key`), the number within the document (`by_number`), or nothing: then it stores twice what comes
    twice, unless it is asked before.
    """

    def __init__(self, *, soap: bool = False, number: str = "ID", knows: str = "") -> None:
        self.soap, self.number, self.knows = soap, number, knows
        self.effects: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.script: list[str] = []
        self.is_down = False
        self._released = threading.Event()
        self.service = Service(self._answer)

    @property
    def url(self) -> str:
        return self.service.url

    def close(self) -> None:
        self._released.set()
        self.service.close()

    def _answer(self, asked: Asked) -> Answer:
        if self.is_down:
            return Answer(headers=_CUT)
        if asked.method == "GET":
            return Answer(status=200 if asked.path.rpartition("/")[2] in self._stored() else 404)
        if self.soap and b"queryStatus" in asked.body:
            found = _content(asked.body).findtext("no") in self._stored()
            return self._enveloped(f"<answer><found>{int(found)}</found></answer>")
        return self._taken(asked)

    def _taken(self, asked: Asked) -> Answer:
        fault = self.script.pop(0) if self.script else ""
        if fault in ("", "500 after", "cut after", "slow after"):
            self._store(asked)
        if fault.startswith("cut"):
            return Answer(headers=_CUT)
        if fault == "slow after":
            self._released.wait(5)
        if fault.startswith("50"):
            return Answer(status=int(fault[:3]), body=b"oops")
        return self._enveloped("<ok>1</ok>") if self.soap else Answer(status=200, body=b"{}")

    def _store(self, asked: Asked) -> None:
        document = self._read(asked.body)
        key = asked.headers.get("idempotency-key", "") if self.knows != "number" else str(document[self.number])
        if self.knows and key in self.keys:
            return
        self.keys.append(key)
        self.effects.append(document)

    def _stored(self) -> set[str]:
        return {*self.keys, *(str(each.get(self.number)) for each in self.effects)}

    def _read(self, body: bytes) -> dict[str, Any]:
        if not self.soap:
            found: dict[str, Any] = orjson.loads(body)
            return found
        return {etree.QName(each).localname: each.text for each in _content(body)}

    def _enveloped(self, content: str) -> Answer:
        text = f'<s:Envelope xmlns:s="{ENVELOPES["1.1"]}"><s:Body>{content}</s:Body></s:Envelope>'
        return Answer(body=text.encode(), headers={"Content-Type": "text/xml; charset=utf-8"})


def _content(body: bytes) -> etree._Element:
    envelope = etree.fromstring(body)
    return next(iter(envelope[-1]))


def connect_to(taker: Taker) -> dict[str, Any]:
    """Return how the hub is told to reach it; one that knows neither key nor number is asked first."""
    connect: dict[str, Any] = {"url": f"{taker.url}/status", "rate": {"requests": 100_000}, "timeout": "400ms"}
    if taker.soap:
        connect["root"] = "saveStatus"
    if not taker.knows and taker.soap:
        connect["exists"] = {"root": "queryStatus", "field": "no", "by": taker.number, "at": "found", "is": ["1"]}
    elif not taker.knows:
        connect["exists"] = {"url": f"{taker.url}/status/{{key}}"}
    return connect
