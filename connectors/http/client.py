"""Asks a department's HTTP service: within a rate, a time and a size, again where only time helps, never elsewhere."""

from __future__ import annotations

import random
import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from connectors.http.auth import NoTokenError, TokenAwayError, auth_of
from connectors.http.deadline import Deadline, hold
from hub.clock import SystemClock
from hub.errors import Fault, HubError, Misconfigured, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connectors.options import Options

BODY_BYTES: Final = 64 << 20
"""Largest answer that is read: a page of records, not a country's archive."""

STREAM_BYTES: Final = 1 << 16
"""Bytes handed on at a time of what is read as it comes."""

TIMEOUT_S: Final = 30.0
"""Seconds a whole answer may take, however slowly it drips."""

ATTEMPTS: Final = 4
"""Attempts of one request before the read ends; the next turn tries again."""

LONGEST_WAIT_S: Final = 60.0
"""Longest pause between two attempts of one request; a service that wants more is asked at the next turn."""

RATE_PER_S: Final = 10.0
"""Requests a second where the mapping declares none: other programs use the service too."""

_ASK: Final = "ask whoever runs the service; nothing is sent there"
_TOO_MANY: Final = 429
_GONE: Final = frozenset({404, 410})
_REFUSED: Final = frozenset({401, 403, 407})
_CERTIFICATE: Final = "connect.verify"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer: its body whole, and the place it came from, for people."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    place: str

    @property
    def charset(self) -> str:
        """Return the charset that the header names; empty where it names none."""
        for part in self.headers.get("content-type", "").split(";")[1:]:
            name, _, value = part.strip().partition("=")
            if name.lower() == "charset":
                return value.strip("\"' ")
        return ""

    @property
    def media_type(self) -> str:
        """Return the media type, lower case, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def date(self) -> datetime | None:
        """Return the service's own clock, aware UTC; None where it does not show it."""
        try:
            found = parsedate_to_datetime(self.headers["date"])
        except (KeyError, ValueError, TypeError):
            return None
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """How a service is reached."""

    url: str
    place: str
    auth: httpx.Auth | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = TIMEOUT_S
    rate_per_s: float = RATE_PER_S
    body_bytes: int = BODY_BYTES
    verify: ssl.SSLContext | bool = True


def http_options(connect: Options, *, place: str, url: str | None = None) -> HttpOptions:
    """Read what a mapping says of a service: `url`, `auth`, `headers`, `timeout`, `rate`, `verify`, `certificate`.

    A `url` given is one that stands elsewhere in the mapping.
    """
    headers = connect.section("headers")
    url = connect.text("url") if url is None else url
    if url and not is_address(url):
        connect.fault("url", "is no address of a web service", "write e.g. https://host/path")
        url = ""
    return HttpOptions(
        url=url,
        place=place,
        auth=auth_of(connect),
        headers={name: headers.text(name) for name in headers.names()},
        timeout_s=connect.seconds("timeout", TIMEOUT_S),
        rate_per_s=_rate(connect),
        verify=_tls(connect),
    )


def is_address(url: str) -> bool:
    """Tell whether a text is an address of a web service."""
    try:
        return httpx.URL(url).scheme in ("http", "https")
    except httpx.InvalidURL:
        return False


def _rate(connect: Options) -> float:
    section = connect.section("rate")
    count, per_s = section.count("requests", int(RATE_PER_S)), section.seconds("per", 1.0)
    section.no_more()
    return count / max(per_s, 0.001)


def _tls(connect: Options) -> ssl.SSLContext | bool:
    """Return how the service's certificate is checked: by the system's authorities or those of a file; never not."""
    authorities, certificate = connect.text("verify", ""), connect.section("certificate")
    file, key = certificate.text("file", ""), certificate.text("key", "")
    password = certificate.text("password", "")
    certificate.no_more()
    if not authorities and not file:
        return True
    try:
        context = ssl.create_default_context(cafile=authorities or None)
        if file:
            context.load_cert_chain(file, key or None, password or None)
    except (OSError, ssl.SSLError) as unreadable:
        connect.fault("verify", f"the certificates cannot be read: {unreadable}", "write the path of a PEM file")
        return True
    return context


class HttpClient:
    """One service's client. Belongs to one thread; nothing is connected before the first request."""

    def __init__(
        self,
        options: HttpOptions,
        *,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
        number_of: Callable[[str, int], str] = lambda host, _: host,
    ) -> None:
        """Ask the service that `options` name, pausing by `sleep` and `now` (seconds, monotonic).

        `number_of` returns the address to connect to for a host and port, or raises where there must be none.
        """
        self._options, self._sleep, self._now = options, sleep, now
        self._next, self._deadline = 0.0, Deadline()
        self._client = httpx.Client(
            auth=options.auth,
            headers={"User-Agent": "sunlight-hub", **options.headers},
            timeout=options.timeout_s,
            transport=hold(httpx.HTTPTransport(verify=options.verify, trust_env=False), self._deadline, number_of),
            follow_redirects=False,
            trust_env=False,
        )

    def ask(self, method: str, url: str, *, also: frozenset[int] = frozenset(), **request: Any) -> Reply:  # noqa: ANN401 - what httpx takes
        """Return an answer that means success, is 304, or whose status is one of `also`.

        Raise Unavailable or Misconfigured with the reason for any other.
        """
        attempts = Retrying(
            retry=retry_if_exception_type(_Again),
            wait=self._wait,
            stop=stop_after_attempt(ATTEMPTS),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return attempts(self._once, method, url, also, **request)
        except _Again as away:
            raise away.away from away.__cause__

    def tried(self, method: str, url: str, *, also: frozenset[int] = frozenset(), **request: Any) -> Reply:  # noqa: ANN401 - see ask
        """Ask once, without patience."""
        try:
            return self._once(method, url, also, **request)
        except _Again as away:
            raise away.away from away.__cause__

    def streamed(self, url: str) -> Iterator[bytes]:
        """Ask for something large once; yield its bytes as they come, the whole of it or raise.

        FileNotFoundError: there is nothing of that address. `timeout` bounds each pause, not the whole.
        """
        self._pace()
        try:
            self._deadline.begin(self._options.timeout_s)
            with self._client.stream("GET", url) as answer:
                self._deadline.lift()
                if answer.status_code in _GONE:
                    raise FileNotFoundError(url)
                if not answer.is_success:
                    self._checked(answer, frozenset())
                yield from answer.iter_raw(STREAM_BYTES)
        except _Again as away:
            raise away.away from away.__cause__
        except httpx.HTTPError as problem:
            found = self._away(problem)
            raise (found.away if isinstance(found, _Again) else found) from problem

    def joined(self, url: str) -> str:
        """Return an address that the service named, whole; Misconfigured for one elsewhere: its login stays here."""
        own = httpx.URL(self._options.url)
        try:
            whole = own.join(url)
        except (httpx.InvalidURL, ValueError) as wrong:
            raise self._misconfigured("connect.paging", f"the service names no address: {wrong}", _ASK) from wrong
        if (own.scheme, own.host, own.port) != (whole.scheme, whole.host, whole.port):
            raise self._misconfigured("connect.paging", f"the service sends us on to {whole.host}", _ASK)
        return str(whole)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _once(self, method: str, url: str, also: frozenset[int], **request: Any) -> Reply:  # noqa: ANN401 - see ask
        self._pace()
        try:
            self._deadline.begin(self._options.timeout_s)
            with self._client.stream(method, url, **request) as answer:
                self._deadline.lift()
                return self._checked(answer, also)
        except TokenAwayError as away:
            raise _Again(
                Unavailable(str(away), place=self._options.place, hint="the login service is away"), 0
            ) from away
        except NoTokenError as refused:
            raise self._misconfigured("connect.auth", str(refused), "check client id, secret and scope") from refused
        except httpx.HTTPError as problem:
            raise self._away(problem) from problem

    def _checked(self, answer: httpx.Response, also: frozenset[int]) -> Reply:
        status = answer.status_code
        if answer.is_success or status == httpx.codes.NOT_MODIFIED or status in also:
            place = str(answer.request.url.copy_with(query=None, userinfo=None))
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Reply(status=status, headers=headers, body=self._body(answer), place=place)
        problem = f"the service answers {status} {answer.reason_phrase}"
        if status == _TOO_MANY or answer.is_server_error:
            away = Unavailable(problem, place=self._options.place, hint="try again later")
            raise _Again(away, _retry_after_s(answer))
        if status in _REFUSED:
            raise self._misconfigured("connect.auth", problem, "check the login and what it may do")
        hint = "the service has moved: write its new address" if answer.is_redirect else "check address and parameters"
        raise self._misconfigured("connect.url", problem, hint)

    def _body(self, answer: httpx.Response) -> bytes:
        """Read an answer whole, within its size and its time."""
        parts, size, ends = [], 0, self._now() + self._options.timeout_s
        for part in answer.iter_bytes():
            parts.append(part)
            size += len(part)
            if size > self._options.body_bytes:
                limit = f"the answer has over {self._options.body_bytes:,} bytes"
                raise self._misconfigured("connect.paging", limit, "declare paging, or smaller pages")
            if self._now() > ends:
                away = Unavailable("the answer drips too slowly", place=self._options.place, hint="raise timeout")
                raise _Again(away, 0)
        return b"".join(parts)

    def _away(self, problem: httpx.HTTPError) -> HubError:
        """Tell a certificate that does not fit from a service that is away."""
        certificate = _of_kind(problem, ssl.SSLCertVerificationError)
        if certificate is not None:
            said = getattr(certificate, "verify_message", "") or str(certificate)
            hint = "name the authority's file under verify, or the host by the name in its certificate"
            return self._misconfigured(_CERTIFICATE, f"its certificate is not accepted: {said}", hint)
        if isinstance(problem, (httpx.UnsupportedProtocol, httpx.InvalidURL)):
            return self._misconfigured("connect.url", str(problem), "write e.g. https://host/path")
        said = str(problem) or type(problem).__name__
        return _Again(Unavailable(said, place=self._options.place, hint="check that the service runs"), 0)

    def _misconfigured(self, path: str, problem: str, hint: str) -> Misconfigured:
        return Misconfigured(
            Fault(code="source.http", problem=problem, file=self._options.place, target_path=path, hint=hint)
        )

    def _pace(self) -> None:
        """Keep to the declared rate."""
        pause = self._next - self._now()
        if pause > 0:
            self._sleep(pause)
        self._next = max(self._now(), self._next) + 1 / self._options.rate_per_s

    def _wait(self, state: RetryCallState) -> float:
        """Wait as long as the service asks for; else longer each time, at random below it."""
        away = state.outcome.exception() if state.outcome else None
        asked = away.wait_s if isinstance(away, _Again) else 0
        drawn = random.uniform(0, 2.0**state.attempt_number)  # noqa: S311 - jitter, no secret
        return min(max(asked, drawn), LONGEST_WAIT_S)


class _Again(HubError):
    """Only time helps, and it may not need much: `away` is raised when patience ends."""

    def __init__(self, away: Unavailable, wait_s: float) -> None:
        super().__init__(str(away))
        self.away, self.wait_s = away, wait_s


def _of_kind(problem: BaseException | None, kind: type[BaseException]) -> BaseException | None:
    seen: set[int] = set()
    while problem is not None and id(problem) not in seen:
        if isinstance(problem, kind):
            return problem
        seen.add(id(problem))
        problem = problem.__cause__ or problem.__context__
    return None


def _retry_after_s(answer: httpx.Response) -> float:
    """Read Retry-After (RFC 9110 §10.2.3), seconds or a date; 0 where there is none."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isdigit() and len(text) <= 6:  # noqa: PLR2004 - a week in seconds
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - SystemClock().now()).total_seconds())
    except (ValueError, TypeError):
        return 0.0
