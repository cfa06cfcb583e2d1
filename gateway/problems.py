"""Tells what went wrong: to programs as RFC 9457 problem documents, to people as a page, to both what to do."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import orjson
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from hub.errors import HubError, Misconfigured, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fastapi import FastAPI
    from starlette.requests import Request

LOG: Final = logging.getLogger(__name__)

MACHINE_PATHS: Final = ("/v1/", "/metrics", "/healthz", "/readyz")
"""Where a program asks: it gets a document, a person gets a page."""

RETRY_S: Final = 5
"""Seconds after which a caller may try again what a server's absence prevented."""

TITLES: Final[Mapping[int, str]] = {
    400: "请求有误 bad request",
    401: "需要密钥 a key is needed",
    403: "无此权限 not allowed",
    404: "未找到 not found",
    409: "冲突 conflict",
    413: "内容过大 too large",
    415: "格式不符 unsupported media type",
    422: "无法处理 unprocessable",
    429: "请求过多 too many requests",
    405: "方法不支持 method not allowed",
    500: "内部错误 internal error",
    503: "暂不可用 unavailable",
}


class Problem(Exception):
    """Ends a request early. `code` is stable API; `hint` says what to do."""

    def __init__(self, status: int, code: str, detail: str, *, hint: str = "") -> None:
        """Say what (`detail`) and what to do (`hint`)."""
        super().__init__(detail)
        self.status, self.code, self.detail, self.hint = status, code, detail, hint

    def document(self, instance: str) -> dict[str, Any]:
        """Return the members of RFC 9457, and the hint."""
        return {
            "type": f"urn:sunlight:problem:{self.code}",
            "title": TITLES.get(self.status, "problem"),
            "status": self.status,
            "detail": self.detail,
            "hint": self.hint,
            "instance": instance,
        }


def json_response(value: Any, *, status: int = 200, media_type: str = "application/json") -> Response:  # noqa: ANN401
    """Answer with JSON: whatever orjson can write."""
    return Response(orjson.dumps(value), status_code=status, media_type=media_type)


def install(app: FastAPI, page: Callable[[Request, Problem], Response]) -> None:
    """Make `app` answer every failure in this way; `page` renders one for a person."""

    def answer(request: Request, problem: Problem) -> Response:
        return _document(request, problem) if is_program(request) else _for_person(request, problem, page)

    app.add_exception_handler(Problem, lambda request, raised: answer(request, _own(raised)))
    app.add_exception_handler(HubError, lambda request, raised: answer(request, _of_hub(raised)))
    app.add_exception_handler(HTTPException, lambda request, raised: answer(request, _of_http(raised)))
    app.add_exception_handler(RequestValidationError, lambda request, raised: answer(request, _of_values(raised)))
    app.add_exception_handler(Exception, lambda request, raised: answer(request, _unexpected(raised)))


def problem_of(raised: Exception) -> Problem:
    """Return the problem that an exception is, as every answer tells it."""
    for kind, told in ((HubError, _of_hub), (HTTPException, _of_http)):
        if isinstance(raised, kind):
            return told(raised)
    return _own(raised)


def is_program(request: Request) -> bool:
    """Tell whether the path is one that programs use."""
    return request.url.path.startswith(MACHINE_PATHS)


def _document(request: Request, problem: Problem) -> Response:
    document = problem.document(request.url.path)
    response = json_response(document, status=problem.status, media_type="application/problem+json")
    _advise(response, problem)
    return response


def _for_person(request: Request, problem: Problem, page: Callable[[Request, Problem], Response]) -> Response:
    wants_login = problem.status == 401 and not request.url.path.startswith("/live/")  # noqa: PLR2004 - HTTP's number
    if wants_login and request.method == "GET":
        return RedirectResponse("/login?next=" + quote(request.url.path), status_code=303)
    response = page(request, problem)
    _advise(response, problem)
    return response


def _advise(response: Response, problem: Problem) -> None:
    if problem.status == 401:  # noqa: PLR2004 - HTTP's number
        response.headers["WWW-Authenticate"] = 'Bearer realm="sunlight"'
    if problem.status in (429, 503):
        response.headers["Retry-After"] = str(RETRY_S)


def _own(raised: Exception) -> Problem:
    return raised if isinstance(raised, Problem) else _unexpected(raised)


def _of_hub(raised: Exception) -> Problem:
    if isinstance(raised, Unavailable):
        return Problem(503, "unavailable", str(raised), hint="only time helps: try again in a few seconds")
    if isinstance(raised, Misconfigured):
        return Problem(503, "misconfigured", str(raised), hint="the operator must act: see `sunlight check`")
    return _unexpected(raised)


def _of_http(raised: Exception) -> Problem:
    status = raised.status_code if isinstance(raised, HTTPException) else 500
    detail = str(raised.detail) if isinstance(raised, HTTPException) else ""
    hint = "see /docs or /v1/openapi.json for what there is" if status == 404 else ""  # noqa: PLR2004 - HTTP's number
    return Problem(status, f"http-{status}", detail, hint=hint)


def _of_values(raised: Exception) -> Problem:
    errors = raised.errors() if isinstance(raised, RequestValidationError) else []
    said = "; ".join(f"{'.'.join(map(str, error['loc'][1:]))}: {error['msg']}" for error in errors)
    return Problem(400, "bad-parameter", said or "a parameter is wrong", hint="see /v1/openapi.json")


def _unexpected(raised: Exception) -> Problem:
    LOG.error("request failed", exc_info=raised)
    return Problem(500, "internal", "the gateway failed", hint="tell the operator; the log has the cause")
