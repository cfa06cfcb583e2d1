"""A broker that refuses asks for the operator; one that is lost while a connection opens asks for patience."""

from __future__ import annotations

import pytest
from pika.exceptions import (
    AuthenticationError,
    ConnectionClosedByBroker,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
    StreamLostError,
)

from hub.bus.amqp_errors import translated_opening
from hub.errors import Misconfigured, Unavailable

LOST = repr(StreamLostError("Transport indicated EOF"))
STOPPING = repr(ConnectionClosedByBroker(320, "CONNECTION_FORCED - broker forced connection closure"))


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (AuthenticationError("PLAIN"), Misconfigured),
        (ProbableAuthenticationError(repr(ConnectionClosedByBroker(403, "ACCESS_REFUSED"))), Misconfigured),
        (ProbableAccessDeniedError(repr(ConnectionClosedByBroker(530, "NOT_ALLOWED - no vhost"))), Misconfigured),
        (ProbableAuthenticationError(LOST), Unavailable),
        (ProbableAuthenticationError(STOPPING), Unavailable),
        (ProbableAccessDeniedError(LOST), Unavailable),
        (ProbableAccessDeniedError(STOPPING), Unavailable),
    ],
)
def test_only_what_the_broker_itself_refused_is_the_operators(reason: Exception, kind: type[Exception]) -> None:
    assert type(translated_opening(reason, "host")) is kind
