"""`sunlight summary`: what the hub has read, watched and said, in one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from hub.cli import common

if TYPE_CHECKING:
    from collections.abc import Mapping


def summary(*, as_json: common.AsJson = False, settings: common.SettingsFile = None) -> None:
    """Count cases, records, events, clocks, alerts and the feed.

    Example: sunlight summary --json | python -m json.tool
    """
    figures = common.hub(settings).queries.summary()
    if as_json:
        common.print_json(figures)
    else:
        show(figures)


def show(figures: Mapping[str, Any]) -> None:
    """Print a summary as tables."""
    table = Table(title="Sunlight Hub 阳光枢纽", title_justify="left", show_header=True)
    for heading in ("", "total", "of which"):
        table.add_column(heading, overflow="fold")
    cases, records = figures["cases"], figures["records"]
    table.add_row("cases 办件", f"{cases['total']:,}", _listed(cases["by_state"]))
    table.add_row("records 记录", f"{records['read']:,}", _listed({k: v for k, v in records.items() if k != "read"}))
    table.add_row("events 事件", f"{sum(figures['events'].values()):,}", _listed(figures["events"]))
    for name, zh in (("clocks", "时限"), ("alerts", "预警")):
        for kind, states in sorted(figures[name].items()):
            table.add_row(f"{name} {zh} {kind}", f"{sum(states.values()):,}", _listed(states))
    table.add_row("feed 发布", f"{figures['feed']['last_sequence']:,}", "documents numbered")
    common.OUT.print(table)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()) if count)
