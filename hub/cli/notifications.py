"""`sunlight notifications`: who was told of what, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from hub.cli import common
from hub.supervision.instants import written

if TYPE_CHECKING:
    from datetime import tzinfo

    from hub.model.values import NotificationRow

_STYLES = {"sent": "", "waiting": "yellow", "failed": "red", "nobody": "red"}


def notifications(
    alert: Annotated[str, typer.Argument(help="Only those of this alert, by its id.")] = "",
    *,
    state: Annotated[str, typer.Option("--state", help="Only these: waiting, sent, failed, nobody.")] = "",
    channel: Annotated[str, typer.Option("--channel", help="Only these: email, webhook, sms.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, the newest first.")] = 50,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Show who was told of which alert 通知, by which channel, and what became of it. Contacts are not shown.

    Example: sunlight notifications --state failed
    """
    hub = common.hub(settings)
    row = hub.queries.alert(alert) if alert else None
    wanted = row.alert_id if row else alert or None
    found = hub.queries.notifications(alert_id=wanted, state=state or None, channel=channel or None, limit=limit)
    told = [told_notice(each, hub.settings.zone) for each in found]
    if as_json:
        common.print_json({"on": hub.settings.notify.on, "notices": told})
        return
    table = Table(title="notifications 通知", title_justify="left")
    for heading in ("alert", "reason", "line", "person", "channel", "state", "tries", "when", "problem"):
        table.add_column(heading, overflow="fold")
    for each in told:
        when = each["sent_at"] or (each["next_at"] if each["state"] == "waiting" else each["created_at"])
        said = (each["alert_id"][:13], each["reason"], str(each["line"]), each["person"] or "—", each["channel"] or "—")
        cells = (*said, each["state"], str(each["attempts"]), when, each["problem"])
        table.add_row(*(Text(cell) for cell in cells), style=_STYLES[each["state"]])
    common.OUT.print(table)
    if not hub.settings.notify.on:
        common.OUT.print("nobody is told of alerts: \\[notify] on = false in the settings")


def told_notice(notice: NotificationRow, zone: tzinfo) -> dict[str, Any]:
    """Tell one notice as plain data."""
    said = (
        "notification_id",
        "alert_id",
        "reason",
        "level",
        "line",
        "person",
        "channel",
        "state",
        "attempts",
        "problem",
    )
    times = {name: getattr(notice, name) for name in ("created_at", "not_before", "next_at", "sent_at")}
    return {
        **{name: getattr(notice, name) for name in said},
        **{name: written(at, zone) if at is not None else None for name, at in times.items()},
        "problem": notice.problem,
        "subject": notice.subject,
    }
