"""Posts one body to one address, and says what came of it: an answer, or why there is none."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

import httpx

from hub.webhooks import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT_S: Final = 30.0
"""Seconds a receiver has to answer (Standard Webhooks 1.0 recommends 15 to 30)."""

SAID: Final = 200
"""Characters of an answer that are kept: what the receiver says for people."""

LONGEST_WAIT_S: Final = 86_400.0
"""Longest time a receiver may ask for with Retry-After."""


def post(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Post, following no redirect: what is signed for one address is told to no other."""
    try:
        with (
            httpx.Client(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False) as client,
            client.stream("POST", url, content=body, headers=dict(headers)) as answer,
        ):
            said = next(answer.iter_bytes(SAID), b"").decode("utf-8", "replace")
            return Answer(status=answer.status_code, said=_said(answer.status_code, said), wait_s=_wait(answer))
    except (httpx.HTTPError, httpx.InvalidURL) as away:
        return Answer(status=0, said=f"no answer: {type(away).__name__}")


def _said(status: int, text: str) -> str:
    return f"{status} {' '.join(text.split())}"[:SAID].strip()


def _wait(answer: httpx.Response) -> float:
    with suppress(KeyError, ValueError):
        return min(max(float(answer.headers["retry-after"]), 0.0), LONGEST_WAIT_S)
    return 0.0
