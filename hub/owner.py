"""Owns partitions: leases them, feeds their batches to supervision, sets poison aside, lets time pass in between."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hub.errors import Fenced, HubError, Rejection
from hub.model.queues import intake_queue
from hub.model.values import Changes, Message
from hub.refused import RefusedMessage
from hub.supervise import decide, keep_refused, patrol, watch
from hub.trace import traced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hub.city_watch import CityWatch
    from hub.model.values import Delivery
    from hub.ports import Bus, Clock, Store, Unit
    from hub.supervise import Terms

LOG: Final = logging.getLogger(__name__)

PATROL_BATCH: Final = 500
"""Cases judged in one transaction when their time has come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How an owner works: messages a batch, seconds of its lease, seconds between patrols."""

    batch: int
    lease_s: float
    patrol_s: float


class Owner:
    """One process's hold on partitions. The terms are asked for anew with every batch.

    State is its leases, and the cases that it could not judge when their time had come: it tries them again when
    something new is said of them, or when it is started again.
    """

    def __init__(
        self,
        *,
        store: Store,
        bus: Bus,
        clock: Clock,
        terms: Callable[[], Terms],
        owner: str,
        pace: Pace,
        city: CityWatch | None = None,
    ) -> None:
        """Own what `store` grants to `owner`."""
        self._city = city
        self._store, self._bus, self._clock = store, bus, clock
        self._terms, self._owner, self._pace = terms, owner, pace
        self._leases: dict[int, _Lease] = {}
        self._unfit: set[str] = set()

    def step(self, partition: int, *, wait_s: float) -> int:
        """Handle one batch of `partition` and patrol it when that is due; return the messages handled.

        Where there is nothing to handle, or another owns the partition, it takes `wait_s` to say so.
        Unavailable leaves the batch held here, unacknowledged: the next step takes it up again, before any other.
        """
        lease = self._lease(partition)
        if lease is None:
            time.sleep(wait_s)
            return 0
        if not lease.held:
            lease.held = self._bus.consume(intake_queue(partition), limit=self._pace.batch, wait_s=wait_s)
        deliveries = lease.held
        try:
            if deliveries:
                self._handle(partition, lease.epoch, deliveries)
                lease.held = ()
                self._bus.ack(deliveries)
            if lease.patrol_due(self._pace.patrol_s):
                self.patrol(partition)
        except Fenced:
            self._lose(partition, lease)
        return len(deliveries)

    def hold(self, partition: int) -> bool:
        """Take or renew `partition`; tell whether it is held now."""
        return self._lease(partition) is not None

    def patrol(self, partition: int) -> int:
        """Judge every case of `partition` whose time has come; return how many. Raise Fenced if the lease is lost."""
        lease = self._lease(partition)
        total = 0
        while lease is not None and (judged := self._patrol_once(partition, lease.epoch)):
            total += judged
        return total

    def watch_city(self) -> None:
        """Look at the city where it is time, if its partition is held here: rules across cases have one writer."""
        if self._city is None:
            return
        terms, now = self._terms(), self._clock.now()
        home = self._city.home(terms.partitions)
        lease = self._leases.get(home)
        found = self._city.due(terms.bench, now) if lease is not None else None
        if lease is None or found is None:
            return
        try:
            with self._store.unit(home, epoch=lease.epoch) as unit:
                changes = watch(unit, found, terms=terms, now=now)
                if changes is not None:
                    unit.write(changes)
        except Fenced:
            self._lose(home, lease)

    def _patrol_once(self, partition: int, epoch: int) -> int:
        terms = self._terms()
        with self._store.unit(partition, epoch=epoch) as unit:
            now = self._clock.now()
            changes = patrol(unit, terms=terms, now=now, limit=PATROL_BATCH, unfit=self._unfit)
            if changes is None:
                return 0
            unit.write(changes)
        return len(changes.cases)

    def _handle(self, partition: int, epoch: int, deliveries: Sequence[Delivery]) -> None:
        """Write one batch; where something in it cannot be handled at all, halve until that message stands alone."""
        terms = self._terms()
        try:
            self._write(partition, epoch, lambda unit: decide(unit, deliveries, terms=terms, now=self._clock.now()))
        except HubError:
            raise
        except Exception as fault:  # noqa: BLE001 - the one place where a message is parked
            if len(deliveries) == 1:
                self._check_the_store(partition, epoch)
                self._park(partition, epoch, deliveries[0], fault)
                return
            middle = len(deliveries) // 2
            self._handle(partition, epoch, deliveries[:middle])
            self._handle(partition, epoch, deliveries[middle:])

    def _write(self, partition: int, epoch: int, decision: Callable[[Unit], Changes]) -> None:
        with self._store.unit(partition, epoch=epoch) as unit:
            changes = decision(unit)
            unit.write(changes)
        self._unfit.difference_update(case.case_id for case in changes.cases)

    def _check_the_store(self, partition: int, epoch: int) -> None:
        """Raise where not even nothing can be written: then the fault is not the message's, and none is parked."""
        self._write(partition, epoch, lambda unit: Changes(head=unit.head))

    def _park(self, partition: int, epoch: int, delivery: Delivery, fault: Exception) -> None:
        """Put a message that breaks supervision aside, with its bytes, and account for it."""
        LOG.error("message parked", extra={"message_id": delivery.message_id, "fault": traced(fault)})
        self._bus.publish([_parked(delivery, fault)])
        why = Rejection(
            stage="supervise",
            code="supervise.fault",
            problem=traced(fault),
            hint="a fault of the hub: report it; sunlight quarantine replay once it is mended",
        )
        refused, terms = RefusedMessage(delivery=delivery, rejection=why), self._terms()
        try:
            self._write(
                partition,
                epoch,
                lambda unit: keep_refused(unit, refused, terms=terms, now=self._clock.now()),
            )
        except HubError:
            raise
        except Exception as worse:  # noqa: BLE001 - the store is sound: no single message may end a process
            details = {"message_id": delivery.message_id, "fault": traced(worse)}
            LOG.critical("message not accounted for: only the parked queue has it", extra=details)

    def _lease(self, partition: int) -> _Lease | None:
        lease = self._leases.get(partition)
        if lease is None or time.monotonic() >= lease.renew_at:
            epoch = self._store.claim(role(partition), owner=self._owner, lease_s=self._pace.lease_s)
            if epoch is None:
                self._lose(partition, lease)
                return None
            if lease is None or lease.epoch != epoch:
                LOG.info("partition taken", extra={"partition": partition, "epoch": epoch})
                held = lease.held if lease else ()
                lease = self._leases[partition] = _Lease(epoch)
                lease.held = held
            lease.renew_at = time.monotonic() + self._pace.lease_s / 3
        return lease

    def _lose(self, partition: int, lease: _Lease | None) -> None:
        if lease is None:
            return
        LOG.warning("partition lost to another owner", extra={"partition": partition})
        self._leases.pop(partition, None)
        self._bus.leave(intake_queue(partition))

    def release(self) -> None:
        """Let others take the partitions at once, with every message that is here."""
        while self._leases:
            partition, lease = self._leases.popitem()
            self._bus.leave(intake_queue(partition))
            self._store.release(role(partition), epoch=lease.epoch)


class _Lease:
    """A hold on one partition: its epoch, the batch in hand, and by the monotonic clock when to renew and patrol."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.held: Sequence[Delivery] = ()
        self.renew_at = 0.0
        self._patrol_at = 0.0

    def patrol_due(self, every_s: float) -> bool:
        """Tell whether a patrol is due, and if so set the next."""
        now = time.monotonic()
        if now < self._patrol_at:
            return False
        self._patrol_at = now + every_s
        return True


def role(partition: int) -> str:
    """Name a partition's lease in the store."""
    return f"partition/{partition}"


def _parked(delivery: Delivery, fault: Exception) -> Message:
    return Message(
        exchange="parked",
        key="",
        kind=delivery.kind,
        message_id=delivery.message_id,
        body=delivery.body,
        headers={"queue": delivery.queue, "user": delivery.user, "fault": type(fault).__name__},
    )
