"""The figures for Prometheus: read from the store when asked; their names are API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.responses import Response

from gateway.contracts import file_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prometheus_client.metrics_core import Metric

    from gateway.reading import Parts, Reading
    from gateway.rights import Gate


class HubCollector(Collector):
    """Reads the hub's figures anew at every scrape."""

    def __init__(self, parts: Parts) -> None:
        """Read from `parts`."""
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
        """Yield every figure."""
        reading = self._parts.reading
        summary = reading.summary()
        yield _counter("sunlight_events", "Events that arrived, by what they turned out to be", summary["events"])
        yield _by("sunlight_cases", "Cases by state", "state", summary["cases"]["by_state"])
        yield _alerts(summary["alerts"])
        last = summary["feed"]["last_sequence"]
        yield GaugeMetricFamily("sunlight_feed_last_sequence", "Last number given to a document of the feed", last)
        waiting = sum(reading.open_quarantine().values())
        yield GaugeMetricFamily("sunlight_quarantine_open", "Refused records that nobody has replayed", waiting)
        flying = {name: account["in_flight"] for name, account in reading.accounting().items()}
        yield _by("sunlight_in_flight", "Events published and not yet accounted for", "connection", flying)
        yield _by(
            "sunlight_watermark_age_seconds",
            "How far the hub's time is ahead of what the connection has surely delivered",
            "connection",
            dict(self._ages(reading)),
        )

    def _ages(self, reading: Reading) -> Iterable[tuple[str, float]]:
        now = self._parts.now()
        for row in reading.connections():
            if row["delivered_to"] is not None:
                yield row["connection_id"], (now - row["delivered_to"]).total_seconds()


def _counter(name: str, documentation: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, documentation, labels=["outcome"])
    for outcome, n in values.items():
        family.add_metric([outcome], n)
    return family


def _by(name: str, documentation: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, documentation, labels=[label])
    for value, n in values.items():
        family.add_metric([value], n)
    return family


def _alerts(rules: Mapping[str, Mapping[str, int]]) -> Metric:
    family = GaugeMetricFamily("sunlight_alerts", "Alerts by rule and state", labels=["rule", "state"])
    for rule, states in rules.items():
        for state, n in states.items():
            family.add_metric([rule, state], n)
    return family


def router(parts: Parts, gate: Gate) -> APIRouter:
    """Return the route that Prometheus scrapes."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(HubCollector(parts))

    def metrics() -> Response:
        """Expose the hub's figures in Prometheus' text format."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    routes = APIRouter()
    guard = Depends(gate.guard("metrics:read"))
    routes.add_api_route("/metrics", metrics, methods=["GET"], dependencies=[guard], **file_of("text/plain"))
    return routes
