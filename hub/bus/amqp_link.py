"""Keeps one AMQP connection open on a thread of its own, so that heartbeats never wait for the caller's work."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pika import SelectConnection
from pika.adapters.select_connection import IOLoop
from pika.exceptions import AMQPError
from tenacity import RetryError, Retrying, retry_if_exception_type, wait_random_exponential
from tenacity.nap import sleep_using_event
from tenacity.stop import stop_when_event_set

from hub.bus.amqp_errors import translated, translated_opening
from hub.errors import HubError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from pika import URLParameters
    from pika.connection import Connection

T = TypeVar("T")

LOG: Final = logging.getLogger(__name__)

FIRST_WAIT_S: Final = 0.1
"""Upper bound of the first pause between attempts to connect; it doubles, and pauses are drawn at random below it."""

LONGEST_WAIT_S: Final = 15.0
"""Upper bound of any pause: a broker that is back is found within this time, and many clients do not come at once."""

CLOSE_S: Final = 10.0
"""Seconds a closing connection may take to say goodbye; what it had not acked is delivered again anyway."""


class Session:
    """The life of one connection. `connection` may be touched by the link's thread alone."""

    def __init__(self, connection: SelectConnection, loop: IOLoop) -> None:
        """Begin with `connection`, driven by `loop`."""
        self.connection, self.loop = connection, loop
        self.over: HubError | None = None
        self._answers: set[Future[Any]] = set()
        self._lock = threading.Lock()

    def expect(self, answer: Future[Any]) -> None:
        """Remember that somebody waits for `answer`; raise if the connection is gone already."""
        with self._lock:
            if self.over:
                raise self.over
            self._answers.add(answer)

    def settle(self, answer: Future[Any]) -> None:
        """Forget `answer`: nobody waits for it any more."""
        with self._lock:
            self._answers.discard(answer)

    def end(self, problem: HubError) -> None:
        """Let everybody who waits know that the connection is gone. Link's thread; the first problem stands."""
        with self._lock:
            self.over = self.over or problem
            waiting, self._answers = self._answers, set()
        for answer in waiting:
            refuse(answer, self.over)


def refuse(answer: Future[Any], problem: BaseException) -> None:
    """Answer with `problem`, unless there is an answer already."""
    if not answer.done():
        answer.set_exception(problem)


class Link:
    """A connection that comes back by itself. `prepare` gets each new one and calls back once it may be used."""

    def __init__(
        self,
        parameters: URLParameters,
        prepare: Callable[[SelectConnection, Callable[[HubError | None], None]], None],
        *,
        patience_s: float,
    ) -> None:
        """Connect with `parameters` when first needed; let a caller wait `patience_s` for a broker that is away."""
        self._parameters, self._prepare, self._patience_s = parameters, prepare, patience_s
        self._place = f"{parameters.host}:{parameters.port}/{parameters.virtual_host}"
        self._changed = threading.Condition()
        self._opening: Session | None = None
        self._ready: Session | None = None
        self._problem: HubError | None = None
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    # --- the caller's thread ---------------------------------------------------------------------------------------

    def session(self) -> Session:
        """Return the open connection, waiting for it at most the link's patience; raise what stands in the way."""
        self._start()
        with self._changed:
            self._changed.wait_for(self._known, self._patience_s)
            if self._ready and not self._closing.is_set():
                return self._ready
            raise self._problem or self._unavailable("no answer from the broker")

    def ask(self, request: Callable[[SelectConnection, Future[T]], None], *, wait_s: float) -> T:
        """Let the link's thread run `request`, which sees to it that its answer is given; return the answer."""
        session = self.session()
        answer: Future[T] = Future()
        session.expect(answer)
        session.loop.add_callback_threadsafe(partial(_run_request, request, session.connection, answer))
        try:
            return answer.result(wait_s)
        except TimeoutError:
            problem = self._unavailable(f"no answer within {wait_s:.0f} s")
            session.loop.add_callback_threadsafe(partial(self._drop, session, problem))
            raise problem from None
        finally:
            session.settle(answer)

    def close(self) -> None:
        """Say goodbye and end the thread; what was told before is sent first."""
        self._closing.set()
        session, thread = self._opening, self._thread
        if session:
            session.loop.add_callback_threadsafe(partial(self._drop, session, self._unavailable("the bus is closed")))
        if thread:
            thread.join(CLOSE_S)
        with self._changed:
            self._problem = self._unavailable("the bus is closed")

    def _start(self) -> None:
        if self._closing.is_set():
            raise self._unavailable("the bus is closed")
        if self._thread is None or not self._thread.is_alive():
            logging.getLogger("pika").setLevel(logging.CRITICAL)  # it reports one lost connection up to six times
            self._thread = threading.Thread(target=self._run, name=f"amqp {self._place}", daemon=True)
            self._thread.start()

    def _known(self) -> bool:
        """Tell whether there is nothing to wait for: connected, or refused for a reason that time does not mend."""
        return self._ready is not None or not (self._problem is None or isinstance(self._problem, Unavailable))

    def _unavailable(self, problem: str) -> Unavailable:
        return Unavailable(problem, place=self._place, hint="try again once the broker answers")

    # --- the link's thread -----------------------------------------------------------------------------------------

    def _run(self) -> None:
        """Connect again and again, pausing longer after each failure, until the link is closed."""
        attempts = Retrying(
            retry=retry_if_exception_type(HubError),
            wait=wait_random_exponential(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S),
            stop=stop_when_event_set(self._closing),
            sleep=sleep_using_event(self._closing),
        )
        while not self._closing.is_set():
            try:
                attempts(self._live)
            except RetryError:
                return
            self._closing.wait(FIRST_WAIT_S)

    def _live(self) -> None:
        """Live through one connection; raise why it could not be used, return if it could and is now over."""
        loop = IOLoop()
        connection = SelectConnection(
            self._parameters,
            on_open_callback=self._opened,
            on_open_error_callback=self._not_opened,
            on_close_callback=self._closed,
            custom_ioloop=loop,
        )
        session = self._opening = Session(connection, loop)
        try:
            loop.start()
        except AssertionError:  # pika 1.4 trips over its own report when a connection is closed while it opens
            if session.over is None:
                raise
        finally:
            used = self._forget(session)
            loop.close()
        if not used:
            raise session.over or self._unavailable("the connection ended")

    def _forget(self, session: Session) -> bool:
        """Take `session` out of use; return whether it ever was in use."""
        session.end(self._unavailable("the connection ended"))
        with self._changed:
            used = self._ready is session
            self._problem, self._ready, self._opening = session.over, None, None
            self._changed.notify_all()
        return used

    def _opened(self, connection: Connection) -> None:
        session = self._opening
        if session is not None and isinstance(connection, SelectConnection):
            self._prepare(connection, partial(self._prepared, session))

    def _prepared(self, session: Session, problem: HubError | None) -> None:
        if problem or self._closing.is_set():
            self._drop(session, problem or self._unavailable("the bus is closed"))
            return
        with self._changed:
            self._ready, self._problem = session, None
            self._changed.notify_all()
        LOG.info("connected to the broker", extra={"place": self._place})

    def _not_opened(self, _connection: Connection, reason: BaseException | str) -> None:
        self._over(translated_opening(reason, self._place))

    def _closed(self, _connection: Connection, reason: BaseException) -> None:
        self._over(translated(reason, self._place))

    def _over(self, problem: HubError) -> None:
        if self._opening:
            self._opening.end(problem)
            if not self._closing.is_set():
                LOG.warning("lost the broker: %s", problem)
            self._opening.loop.stop()

    def _drop(self, session: Session, problem: HubError) -> None:
        """End `session` on our own account."""
        session.end(problem)
        if not (session.connection.is_closing or session.connection.is_closed):
            session.connection.close()


def _run_request(
    request: Callable[[SelectConnection, Future[T]], None], connection: SelectConnection, answer: Future[T]
) -> None:
    """Run `request`; what it raises belongs to the caller's thread, whatever it is."""
    try:
        request(connection, answer)
    except AMQPError as error:
        refuse(answer, translated(error))
    except Exception as error:  # noqa: BLE001 - an exception crossing threads, raised again by the caller
        refuse(answer, error)
