"""The floor: the same messages through the same broker and database with no logic at all — what no hub can beat.

Published with pipelined confirms to the intake queues, consumed in batches, inserted in batches into one table,
published again to a feed exchange with pipelined confirms, then acknowledged.
"""

from __future__ import annotations

import multiprocessing
import time
import zlib
from typing import TYPE_CHECKING, Any, Final

import psycopg

from hub.bus import open_bus
from hub.bus.topology import topology
from hub.model.queues import intake_queue
from hub.model.values import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hub.model.values import Delivery

BATCH: Final = 500
"""Messages consumed and inserted at once: the hub's own batch."""

WINDOW: Final = 1000
"""Messages handed to one publish call: the hub's own portion."""


def run(
    bodies: Sequence[bytes], *, amqp_url: str, postgres_url: str, partitions: int, begun: Callable[[], None]
) -> float:
    """Return the seconds that `bodies` take from the first publish to the last confirmed second publish."""
    url = postgres_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("DROP TABLE IF EXISTS floor")
        database.execute("CREATE TABLE floor (message_id text PRIMARY KEY, body bytea NOT NULL)")
    wanted = _counts(bodies, partitions)
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(partitions + 2)
    processes = [
        context.Process(target=_consume, args=(amqp_url, url, partitions, partition, wanted[partition], ready))
        for partition in range(partitions)
    ]
    processes.append(context.Process(target=_publish, args=(list(bodies), amqp_url, partitions, ready)))
    for process in processes:
        process.start()
    ready.wait()
    begun()
    started = time.perf_counter()
    for process in processes:
        process.join()
    return time.perf_counter() - started


def _counts(bodies: Sequence[bytes], partitions: int) -> list[int]:
    counts = [0] * partitions
    for number in range(len(bodies)):
        counts[_bucket(number) % partitions] += 1
    return counts


def _bucket(number: int) -> int:
    return zlib.crc32(str(number // 6).encode()) % 256


def _publish(bodies: Sequence[bytes], amqp_url: str, partitions: int, ready: Any) -> None:  # noqa: ANN401 - a barrier
    bus = open_bus(amqp_url, topology(partitions, ["intranet"]))
    bus.depth(intake_queue(0))
    ready.wait()
    for start in range(0, len(bodies), WINDOW):
        bus.publish(
            [
                Message(
                    exchange="intake",
                    key=str(_bucket(start + offset)),
                    kind="event",
                    message_id=str(start + offset),
                    body=body,
                )
                for offset, body in enumerate(bodies[start : start + WINDOW])
            ]
        )
    bus.close()


def _consume(
    amqp_url: str,
    postgres_url: str,
    partitions: int,
    partition: int,
    wanted: int,
    ready: Any,  # noqa: ANN401 - a barrier
) -> None:
    bus = open_bus(amqp_url, topology(partitions, ["intranet"]))
    bus.consume(intake_queue(partition), limit=BATCH, wait_s=0)
    ready.wait()
    done = 0
    with psycopg.connect(postgres_url) as database, database.cursor() as cursor:
        while done < wanted:
            batch = bus.consume(intake_queue(partition), limit=BATCH, wait_s=1.0)
            if not batch:
                continue
            cursor.execute(
                "INSERT INTO floor SELECT * FROM unnest(%s::text[], %s::bytea[]) ON CONFLICT DO NOTHING",
                ([each.message_id for each in batch], [each.body for each in batch]),
            )
            database.commit()
            bus.publish(
                [
                    Message(
                        exchange="feed.intranet", key="case", kind="event", message_id=each.message_id, body=each.body
                    )
                    for each in batch
                ]
            )
            bus.ack(batch)
            done += len(batch)
    bus.close()


def _again(delivery: Delivery) -> Message:
    return Message(
        exchange="feed.intranet", key="case", kind="event", message_id=delivery.message_id, body=delivery.body
    )
