"""Translates what pika raises and the broker answers into the hub's errors: who must act."""

from __future__ import annotations

import re
from typing import Final

from pika.adapters.utils.connection_workflow import AMQPConnectionWorkflowFailed, AMQPConnectorPhaseErrorBase
from pika.exceptions import (
    AMQPConnectionError,
    AuthenticationError,
    ChannelClosed,
    ConnectionClosed,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

from hub.errors import Fault, HubError, Misconfigured, Unavailable

ACCESS_REFUSED: Final = 403
"""The account lacks a right (AMQP 0-9-1, reply codes)."""

NOT_FOUND: Final = 404
"""There is no such queue or exchange (AMQP 0-9-1, reply codes)."""

RESOURCE_LOCKED: Final = 405
"""Another connection holds the exclusive queue (AMQP 0-9-1, reply codes)."""

PRECONDITION_FAILED: Final = 406
"""A queue exists with other arguments, or a message names a false user (AMQP 0-9-1, reply codes)."""

NOT_ALLOWED: Final = 530
"""The virtual host does not exist or is closed to the account (AMQP 0-9-1, reply codes)."""

HINTS: Final = {
    ACCESS_REFUSED: "check the account's name, password and permissions at the broker",
    PRECONDITION_FAILED: "make the declaration, or the user name on the message, agree with what the broker holds",
    NOT_ALLOWED: "check that the virtual host exists and that the account may use it",
}
"""Reply codes that time does not mend, with what the operator can do."""

SAID_BY_BROKER: Final = re.compile(r"ConnectionClosedByBroker: \((\d+)\)")
"""How pika writes down the reply code with which a broker closed a connection that was opening."""


class Undeclared(Unavailable):
    """A queue or exchange of the hub's is not at the broker any more: it is declared again before the next attempt."""


def code_of(reason: BaseException | str) -> int:
    """Return the broker's reply code, 0 if the broker said nothing."""
    return reason.reply_code if isinstance(reason, ChannelClosed | ConnectionClosed) else 0


def translated(reason: BaseException | str, place: str = "") -> HubError:
    """Return the hub's error for why a connection or channel was closed."""
    code = code_of(reason)
    text = reason.reply_text if isinstance(reason, ChannelClosed | ConnectionClosed) else _text(reason)
    if code in HINTS:
        return _misconfigured(text, place, HINTS[code], reason)
    kind = Undeclared if code == NOT_FOUND else Unavailable
    error = kind(text, place=place, hint="try again once the broker answers")
    error.__cause__ = reason if isinstance(reason, BaseException) else None
    return error


def translated_opening(reason: BaseException | str, place: str) -> HubError:
    """Return the hub's error for why a connection could not be opened."""
    if _was_refused(reason, AuthenticationError, ProbableAuthenticationError):
        return _misconfigured("the broker refuses the login", place, HINTS[ACCESS_REFUSED], reason)
    if _was_refused(reason, ProbableAccessDeniedError):
        return _misconfigured("the broker refuses the virtual host", place, HINTS[NOT_ALLOWED], reason)
    return translated(_innermost(reason), place)


def _was_refused(reason: BaseException | str, *kinds: type[BaseException]) -> bool:
    """Tell whether the broker itself said no.

    pika calls a connection that ends while it opens a probable refusal, also where the broker stops or the network
    fails just then; what really happened is in the text alone.
    """
    if not isinstance(reason, kinds):
        return False
    said = SAID_BY_BROKER.search(str(reason))
    return isinstance(reason, AuthenticationError) or (said is not None and int(said[1]) in HINTS)


def _innermost(reason: BaseException | str) -> BaseException | str:
    """Return what went wrong inside pika's nested reports of a failed attempt to connect."""
    if isinstance(reason, AMQPConnectionWorkflowFailed) and reason.exceptions:
        return _innermost(reason.exceptions[-1])
    if isinstance(reason, AMQPConnectorPhaseErrorBase):
        return _innermost(reason.exception)
    if isinstance(reason, AMQPConnectionError) and reason.args and isinstance(reason.args[0], BaseException):
        return _innermost(reason.args[0])
    return reason


def _misconfigured(problem: str, place: str, hint: str, cause: BaseException | str) -> Misconfigured:
    error = Misconfigured(Fault(code="bus.refused", problem=problem, file=place, hint=hint))
    error.__cause__ = cause if isinstance(cause, BaseException) else None
    return error


def _text(reason: BaseException | str) -> str:
    return str(reason) or type(reason).__name__
