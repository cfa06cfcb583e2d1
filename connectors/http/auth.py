"""Ways to log in at a department's HTTP service: bearer, basic, API key, HMAC signature, OAuth2 client credentials."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid
from email.utils import formatdate
from typing import TYPE_CHECKING, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from connectors.options import Options

EARLY_S: Final = 30.0
"""Seconds before its end at which a token is asked for anew, so that none ends under way."""

TOKEN_S: Final = 300.0
"""How long a token is held to be good whose server does not say."""

_UNAUTHORISED: Final = 401
_TOO_MANY: Final = 429


class ApiKey(httpx.Auth):
    """Sends a key in a header, or in the query where the service wants it there."""

    def __init__(self, name: str, value: str, place: str) -> None:
        """Send `value` as `name`, in `place`: `header` or `query`."""
        self._name, self._value, self._place = name, value, place

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """See httpx."""
        if self._place == "query":
            request.url = request.url.copy_merge_params({self._name: self._value})
        else:
            request.headers[self._name] = self._value
        yield request


class Bearer(httpx.Auth):
    """Sends a fixed bearer token (RFC 6750)."""

    def __init__(self, token: str) -> None:
        """Send `token`."""
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """See httpx."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


class Hmac(httpx.Auth):
    """Signs method, path with query, date, nonce and the body's digest with a shared key (HMAC-SHA-256).

    The signed text is those five joined by line feeds, as docs/connect.md says; the headers carry key id, date, nonce,
    digest and signature.
    """

    requires_request_body = True

    def __init__(self, key_id: str, key: str, now: Callable[[], float] = time.time) -> None:
        """Sign with `key`, which the service knows as `key_id`."""
        self._key_id, self._key, self._now = key_id, key.encode(), now

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """See httpx."""
        date, nonce = formatdate(self._now(), usegmt=True), uuid.uuid4().hex
        digest = base64.b64encode(hashlib.sha256(request.content).digest()).decode()
        signed = signed_text(request.method, request.url.raw_path.decode(), date, nonce, digest)
        signature = hmac.new(self._key, signed.encode(), hashlib.sha256).hexdigest()
        said = {
            "Date": date,
            "X-Nonce": nonce,
            "Digest": f"SHA-256={digest}",
            "Authorization": f'HMAC-SHA256 keyId="{self._key_id}", signature="{signature}"',
        }
        request.headers.update(said)
        yield request


def signed_text(method: str, path: str, date: str, nonce: str, digest: str) -> str:
    """Return what is signed."""
    return f"{method}\n{path}\n{date}\n{nonce}\n{digest}"


class ClientCredentials(httpx.Auth):
    """Gets a token for the client's own credentials (RFC 6749 §4.4), keeps it, and gets another when it is refused."""

    requires_response_body = True

    def __init__(
        self, url: str, client: tuple[str, str], scope: str, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Ask at `url` as `client` (id and secret) for `scope`."""
        self._url, self._client, self._scope, self._now = url, client, scope, now
        self._token, self._until = "", 0.0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """See httpx."""
        if self._now() >= self._until:
            self._take((yield self._asking()))
        request.headers["Authorization"] = f"Bearer {self._token}"
        answer = yield request
        if answer.status_code == _UNAUTHORISED:
            self._take((yield self._asking()))
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    def _asking(self) -> httpx.Request:
        form = {"grant_type": "client_credentials", **({"scope": self._scope} if self._scope else {})}
        credentials = base64.b64encode(":".join(self._client).encode()).decode()
        return httpx.Request("POST", self._url, data=form, headers={"Authorization": f"Basic {credentials}"})

    def _take(self, answer: httpx.Response) -> None:
        if answer.is_server_error or answer.status_code == _TOO_MANY:
            problem = f"the token service answers {answer.status_code}"
            raise TokenAwayError(problem)
        try:
            said = answer.json() if answer.is_success else {}
            self._token, lasts_s = str(said["access_token"]), float(said.get("expires_in", TOKEN_S))
        except (ValueError, KeyError, TypeError, AttributeError) as wrong:
            raise NoTokenError(f"the token service answered {answer.status_code} without a token") from wrong
        self._until = self._now() + max(0.0, lasts_s - EARLY_S)


class TokenAwayError(Exception):
    """The token service is away, or wants to be left alone for a while."""


class NoTokenError(Exception):
    """The token service gives no token."""


def auth_of(connect: Options) -> httpx.Auth | None:
    """Read `auth: {kind: …}`; None where the service wants no login."""
    section = connect.section("auth")
    kind = section.choice("kind", ("", *_KINDS), "")
    found = _KINDS[kind](section) if kind in _KINDS else None
    section.no_more()
    return found


def _bearer(section: Options) -> httpx.Auth:
    return Bearer(section.text("token"))


def _basic(section: Options) -> httpx.Auth:
    return httpx.BasicAuth(section.text("user"), section.text("password"))


def _api_key(section: Options) -> httpx.Auth:
    place = section.choice("in", ("header", "query"), "header")
    return ApiKey(section.text("name", "X-API-Key"), section.text("key"), place)


def _hmac(section: Options) -> httpx.Auth:
    return Hmac(section.text("key_id"), section.text("key"))


def _oauth2(section: Options) -> httpx.Auth:
    client = (section.text("client_id"), section.text("client_secret"))
    return ClientCredentials(section.text("token_url"), client, section.text("scope", ""))


_KINDS: Final[Mapping[str, Callable[[Options], httpx.Auth]]] = {
    "bearer": _bearer,
    "basic": _basic,
    "api-key": _api_key,
    "hmac": _hmac,
    "oauth2": _oauth2,
}
"""A further way to log in is a class and one line here."""
