"""Says what went wrong without a word of the inner side: to programs as RFC 9457 documents, to people as a page."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from gateway.problems import RETRY_S, Problem, json_response
from hub.errors import HubError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

LOG: Final = logging.getLogger(__name__)

MACHINES: Final = ("/public/v1/", "/open311/", "/healthz", "/readyz")
"""Where a program asks."""

AWAY: Final = Problem(
    503, "unavailable", "暂时无法提供服务。 The service is away for the moment.",
    hint="请稍后再试。 Try again in a few minutes.",
)  # fmt: skip
FAILED: Final = Problem(
    500,
    "internal",
    "服务出错。 The service failed.",
    hint="请稍后再试。 Try again later.",
)
NOT_HERE: Final = Problem(
    404, "not-found", "没有您要找的内容。 There is nothing here.", hint="请核对地址。 Check the address."
)


def install(app: FastAPI, page: Callable[[Request, Problem], Response]) -> None:
    """Make `app` answer every failure in this way; `page` renders one for a person."""

    def answer(request: Request, problem: Problem) -> Response:
        response = _document(request, problem) if request.url.path.startswith(MACHINES) else page(request, problem)
        if problem.status in (429, 503):
            response.headers["Retry-After"] = str(RETRY_S if problem.status == AWAY.status else 60)
        return response

    app.add_exception_handler(Problem, lambda request, raised: answer(request, _own(raised)))
    app.add_exception_handler(HubError, lambda request, raised: answer(request, _away(raised)))
    app.add_exception_handler(HTTPException, lambda request, raised: answer(request, _of_http(raised)))
    app.add_exception_handler(RequestValidationError, lambda request, raised: answer(request, _of_values(raised)))
    app.add_exception_handler(Exception, lambda request, raised: answer(request, _own(raised)))


def _document(request: Request, problem: Problem) -> Response:
    document = problem.document(request.url.path)
    return json_response(document, status=problem.status, media_type="application/problem+json")


def _own(raised: Exception) -> Problem:
    if isinstance(raised, Problem):
        return raised
    LOG.error("public request failed", exc_info=raised)
    return FAILED


def _away(raised: Exception) -> Problem:
    """Tell the log what is wrong inside, and the caller only that it is."""
    LOG.warning("public request not served", extra={"problem": str(raised)})
    return AWAY


def _of_http(raised: Exception) -> Problem:
    status = raised.status_code if isinstance(raised, HTTPException) else FAILED.status
    if status == NOT_HERE.status:
        return NOT_HERE
    return Problem(status, f"http-{status}", "请求方式有误。 This cannot be asked so.", hint="/public/v1/openapi.json")


def _of_values(raised: Exception) -> Problem:
    errors = raised.errors() if isinstance(raised, RequestValidationError) else []
    said = "; ".join(f"{'.'.join(map(str, error['loc'][1:])) or 'body'}: {error['msg']}" for error in errors)
    return Problem(400, "bad-parameter", said or "a parameter is wrong", hint="see /public/v1/openapi.json")
