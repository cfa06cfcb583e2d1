"""Asks a REST service how many cases began on which day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from connectors.codecs.common import is_deep, refused
from connectors.http.paging import value_at
from connectors.manifests import Said, manifests_in

if TYPE_CHECKING:
    from connectors.http.client import HttpClient
    from connectors.manifests import Asking
    from hub.model.values import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysOptions:
    """Where a service says it: at `url`, in the list at the path `rows`."""

    url: str
    rows: tuple[str, ...]
    asking: Asking


class RestStatement:
    """A connectors.manifests.Statement over one answer in JSON."""

    def __init__(self, client: HttpClient, options: DaysOptions, place: str) -> None:
        """Ask with `client`, as `options` say."""
        self._client, self._options, self._place = client, options, f"days of {place}"
        self.asking = options.asking

    def said(self) -> Said:
        """See Statement."""
        body = self._client.ask("GET", self._options.url).body
        if is_deep(body):
            return Said(refused=[self._refused(body, "the answer is too deep")])
        try:
            document: Any = orjson.loads(body)
        except orjson.JSONDecodeError:
            return Said(refused=[self._refused(body, "the answer is no JSON")])
        return manifests_in(value_at(document, self._options.rows), body, self._place)

    def _refused(self, body: bytes, problem: str) -> Record:
        return refused(body, self._place, "day-manifest", problem, hint="see docs/mapping.md, manifest")
