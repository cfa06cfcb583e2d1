"""A department that sends: an outbox of rows that is emptied only by a receipt, whatever it is answered meanwhile."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ATTEMPTS: Final = 8
"""Deliveries tried in one go: after that it waits for its next run."""

Answer = "Callable[[bytes, Mapping[str, str]], tuple[int, Mapping[str, str], bytes]]"


class Sender:
    """Sends rows as JSON: a unit is one body under one key. Units that were not taken wait, in order."""

    def __init__(self, *, drops_when_busy: bool = False) -> None:
        """Begin empty; `drops_when_busy` is a fault: what is not taken at once is forgotten."""
        self.outbox: list[list[Mapping[str, Any]]] = []
        self.rejected: list[str] = []
        self._salt: dict[str, int] = {}
        self._drops = drops_when_busy

    def put(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Queue rows as one unit."""
        if rows:
            self.outbox.append(list(rows))

    def deliver(self, answered: Callable[[bytes, Mapping[str, str]], tuple[int, Mapping[str, str], bytes]]) -> int:
        """Send what is queued, until nothing is or somebody asks for patience; return the deliveries tried."""
        tried = 0
        while self.outbox and tried < ATTEMPTS:
            unit = self.outbox[0]
            body = json.dumps({"data": unit}, ensure_ascii=False).encode()
            tried += 1
            status, _, told = answered(body, {"Content-Type": "application/json", "Idempotency-Key": self._key(body)})
            if not self._settled(status, unit, body, told):
                return tried
        return tried

    def _key(self, body: bytes) -> str:
        digest = hashlib.sha256(body).hexdigest()
        return f"{digest[:32]}-{self._salt.get(digest, 0)}"

    def _settled(self, status: int, unit: list[Mapping[str, Any]], body: bytes, told: bytes) -> bool:
        """Do as the answer says; tell whether to go on at once."""
        if status in {429, 503} and not self._drops:
            return False
        if status == 409:  # noqa: PLR2004 - the gateway's word for a key that is taken
            digest = hashlib.sha256(body).hexdigest()
            self._salt[digest] = self._salt.get(digest, 0) + 1
            return True
        self.outbox.pop(0)
        if status == 413 and len(unit) > 1:  # noqa: PLR2004 - the gateway's word for a body that is too large
            middle = len(unit) // 2
            self.outbox[:0] = [unit[:middle], unit[middle:]]
        elif status not in {200, 202, 429, 503}:
            self.rejected.append(told.decode(errors="replace")[:200])
        return True
