"""What the gateway is asked, by schemathesis, which nobody here wrote: every answer is one of those described."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.desks import a_client, a_desk, a_key, bearer

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

CHECKS: Final = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ENDLESS: Final = "stream"
"""Streams end only with their reader: those are read by tests of their own."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A gateway with cases of every class, asked with a key that opens all of it."""
    hub = a_desk(tmp_path_factory.mktemp("desk"))
    with a_client(hub) as opened:
        opened.headers.update(bearer(a_key(hub, "admin")))
        yield opened
    hub.close()


def test_whatever_is_asked_is_answered_as_described(client: httpx.Client) -> None:
    """A few questions to every operation that reads, well formed and not."""
    schema = schemathesis.openapi.from_dict(client.get("/v1/openapi.json").json())
    found = [each.ok() for each in schema.include(method="GET").get_all_operations()]
    asked = [each for each in found if ENDLESS not in each.path]
    real = {
        "case_id": client.get("/v1/cases").json()["items"][0]["case_id"],
        "alert_id": client.get("/v1/alerts").json()["items"][0]["alert_id"],
        "name": "alert.v1",
    }
    answered = {each.path: ask(client, each, real) for each in asked}
    assert len(answered) == len(asked) > 20
    assert {code for codes in answered.values() for code in codes} == {200, 400, 404}
    assert answered["/v1/cases/{case_id}"] == answered["/v1/alerts/{alert_id}"] == {200, 404}


def ask(client: httpx.Client, operation: Any, real: dict[str, str]) -> set[int]:
    """Ask one operation some questions, every other one of what is there; return the codes that were answered."""
    codes, numbers = set[int](), count()

    @settings(
        max_examples=8, deadline=None, database=None, phases=[Phase.generate], derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def fuzz(case: Any) -> None:
        case.query.pop("wait", None)
        if next(numbers) % 2:
            case.path_parameters.update({name: real[name] for name in case.path_parameters if name in real})
        response = case.call(base_url=str(client.base_url).rstrip("/"), headers=dict(client.headers))
        codes.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    given(case=operation.as_strategy())(fuzz)()
    return codes
