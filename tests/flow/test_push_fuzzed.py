"""What departments send over HTTP, by schemathesis, which nobody here wrote: every answer is one of those described."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.flow.test_push import MAPPING, NAME, NOW, Press
from tests.support.desks import a_client, bearer
from tests.support.hubs import hub_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
CANONICAL = MAPPING[: MAPPING.index("case:")].replace("{format: json, rows: data}", "{format: canonical}")
PATHS = [
    "/v1/records/{connection}",
    "/v1/events",
    "/v1/receipts/{receipt_id}",
    "/v1/records/{connection}/attachments/{sha256}",
]


@pytest.fixture(params=[MAPPING, CANONICAL], ids=["records", "events"])
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    press = Press(hub_at(tmp_path, now=NOW), tmp_path, request.param)
    with a_client(press.hub, parts=press.parts) as client:
        client.headers.update(bearer(press.token))
        yield client
    press.close()


@pytest.mark.parametrize("path", PATHS)
def test_whatever_comes_is_answered_as_described(hub: Any, path: str) -> None:
    document = hub.get("/v1/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    (found,) = [each.ok() for each in schema.include(path=path).get_all_operations()]
    seen: set[int] = set()

    @settings(
        max_examples=60, deadline=None, database=None, phases=[Phase.generate], derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def fuzz(case: Any) -> None:
        if "connection" in case.path_parameters and len(seen) % 2:
            case.path_parameters["connection"] = NAME
        response = case.call(base_url=str(hub.base_url).rstrip("/"), headers=dict(hub.headers))
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    given(case=found.as_strategy())(fuzz)()
    assert seen
