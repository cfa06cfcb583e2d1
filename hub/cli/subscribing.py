"""`sunlight subscriber`: monitoring centres that follow the feed: by a queue of their own, over HTTP, or posted to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote, unquote, urlsplit

import typer
from rich.markup import escape
from rich.table import Table

from hub.bus.topology import SUBSCRIBER_MAX_LENGTH
from hub.cli import common
from hub.errors import Fault, Misconfigured
from hub.subscription import KINDS, subscription
from hub.webhooks import OK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.settings import Settings
    from hub.subscribing import HandedOver
    from hub.subscription import Subscription
    from hub.wiring import Hub

app = typer.Typer(help="Take in, list, rotate, suspend and remove those who follow the feed.")

_PARKED: Final = ("sequence", "message_id", "said", "parked_at")

Name = Annotated[str, typer.Argument(help="The subscriber's name.")]


@app.command()
def add(  # noqa: PLR0913 - one parameter an option
    name: Annotated[str, typer.Argument(help="What it is called: a-z, 0-9, dot, hyphen. E.g. xinghua.centre")],
    region: Annotated[
        list[str] | None, typer.Option(help="A county's or the city's code; repeat for more. Default: all.")
    ] = None,
    kinds: Annotated[str, typer.Option(help=f"What it gets, with commas: {','.join(KINDS)}.")] = ",".join(KINDS),
    view: Annotated[str, typer.Option(help="public, intranet or restricted: how much it may see.")] = "intranet",
    length: Annotated[
        int, typer.Option(help="Documents its queue holds before the oldest are dropped.")
    ] = SUBSCRIBER_MAX_LENGTH,
    webhook: Annotated[str, typer.Option(help="An address that every document is posted to, signed.")] = "",
    *,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Take a subscriber in, and print what to hand over. Secrets are shown this once, and kept nowhere.

    It gets a queue at the broker that it alone may read, and a key for GET /v1/feed, by which it catches up.

    Example: sunlight subscriber add xinghua.centre --region 321281 --kinds case,alert --view intranet
    """
    hub = common.hub(settings)
    wanted = subscription(
        name,
        view=view,
        kinds=[kind.strip() for kind in kinds.split(",") if kind.strip()],
        regions=region or [],
        max_length=length,
        webhook=webhook,
        now=hub.clock.now(),
    )
    _tell(hub, hub.subscribing().add(wanted), as_json=as_json)


@app.command("list")
def list_(*, as_json: common.AsJson = False, settings: common.SettingsFile = None) -> None:
    """List every subscriber: what it gets, whether it is suspended, how its webhook stands. Never a secret.

    Example: sunlight subscriber list --json
    """
    hub = common.hub(settings)
    found = [_row(hub, each) for each in hub.subscribers.list()]
    if as_json:
        common.print_json(found)
        return
    table = Table()
    for heading in ("subscriber", "view", "kinds", "regions", "state", "since", "webhook"):
        table.add_column(heading, overflow="fold", no_wrap=heading in {"subscriber", "since"})
    for row in found:
        regions = ", ".join(row["regions"]) or "all"
        cells = (row["name"], row["view"], ", ".join(row["kinds"]), regions, row["state"], f"{row['created_at']:%F}")
        table.add_row(*map(escape, (*cells, _webhook(row))))
    common.OUT.print(table)


@app.command()
def rotate(name: Name, *, as_json: common.AsJson = False, settings: common.SettingsFile = None) -> None:
    """Give a subscriber new secrets, and print them. The old ones open nothing from now on.

    This is also what mends an `add` that was interrupted. What waits in its queue stays there.

    Example: sunlight subscriber rotate xinghua.centre
    """
    hub = common.hub(settings)
    _tell(hub, hub.subscribing().rotate(name), as_json=as_json)


@app.command()
def suspend(name: Name, *, settings: common.SettingsFile = None) -> None:
    """Let a subscriber read nothing until it is resumed. Its queue goes on filling, and drops its oldest when full.

    Example: sunlight subscriber suspend xinghua.centre
    """
    common.hub(settings).subscribing().suspend(name)
    typer.echo(f"{name} is suspended; sunlight subscriber resume {name}")


@app.command()
def resume(name: Name, *, settings: common.SettingsFile = None) -> None:
    """Let a suspended subscriber read again, with the secrets it has.

    Example: sunlight subscriber resume xinghua.centre
    """
    common.hub(settings).subscribing().resume(name)
    typer.echo(f"{name} reads again")


@app.command()
def remove(name: Name, *, settings: common.SettingsFile = None) -> None:
    """Take a subscriber's queue, account and key away. What waited in its queue is gone; the feed has it still.

    Example: sunlight subscriber remove xinghua.centre
    """
    common.hub(settings).subscribing().remove(name)
    typer.echo(f"{name} is removed")


@app.command()
def declare(*, settings: common.SettingsFile = None) -> None:
    """Declare every subscriber's queue again, as after somebody deleted one at the broker. The relay does it too."""
    typer.echo(f"{common.counted(common.hub(settings).subscribing().declare_all(), 'subscriber')} declared")


@app.command()
def parked(name: Name, *, as_json: common.AsJson = False, settings: common.SettingsFile = None) -> None:
    """List the documents that a webhook's receiver refused for good, with what it said.

    Example: sunlight subscriber parked xinghua.centre
    """
    hub = common.hub(settings)
    found = hub.subscribing().named(name)
    rows = [{key: row[key] for key in _PARKED} for row in hub.webhooks.parked(name, found.view)]
    if as_json:
        common.print_json(rows)
        return
    table = Table(*_PARKED)
    for row in rows:
        table.add_row(*(escape(str(row[key])) for key in _PARKED))
    common.OUT.print(table)


@app.command()
def replay(
    name: Name,
    after: Annotated[int | None, typer.Option(min=0, help="Post again everything after this sequence.")] = None,
    *,
    only_parked: Annotated[
        bool, typer.Option("--parked", help="Post the parked documents again, and no others.")
    ] = False,
    settings: common.SettingsFile = None,
) -> None:
    """Post documents to a webhook again, or let a stopped one go on from where it stopped.

    Each has the webhook-id it had before, by which the receiver knows what it has already.

    Example: sunlight subscriber replay xinghua.centre --after 120400
    """
    hub = common.hub(settings)
    found = hub.subscribing().named(name)
    if not found.webhook:
        hint = "it reads its queue and /v1/feed?after=… by itself"
        raise Misconfigured(Fault(code="subscriber.webhook", problem=f"{name} has no webhook", hint=hint))
    if found.state != "active":
        hint = f"sunlight subscriber resume {name}"
        raise Misconfigured(Fault(code="subscriber.suspended", problem=f"{name} is suspended", hint=hint))
    if only_parked:
        _post_parked(hub, found)
        return
    last = hub.queries.last_sequence()
    if after is not None and after > last:
        hint = f"the last one is {last}: what comes up to {after} would never be posted"
        raise Misconfigured(Fault(code="subscriber.after", problem=f"nothing has sequence {after} yet", hint=hint))
    hub.poster().restart(name, after=after)
    typer.echo(f"{name} is posted to again: the role `send` does it")


def _post_parked(hub: Hub, found: Subscription) -> None:
    poster, taken = hub.poster(), 0
    rows = hub.webhooks.parked(found.name, found.view)
    for row in rows:
        answer = poster.again(found, row)
        if answer.status in OK:
            hub.webhooks.unpark(found.name, row["sequence"])
            taken += 1
        else:
            typer.echo(f"{row['sequence']}: {answer.said}", err=True)
    typer.echo(f"{taken} of {common.counted(len(rows), 'parked document')} taken")
    if taken < len(rows):
        raise typer.Exit(1)


def _webhook(row: dict[str, Any]) -> str:
    """Say where documents are posted and how that stands; while it is tried again, what the receiver said."""
    at = row["webhook_state"] or {}
    said = f": {at['said']}" if at.get("attempts") or at.get("state") == "stopped" else ""
    return f"{row['webhook']} {at.get('state', '')}{said}".strip()


def _row(hub: Hub, found: Subscription) -> dict[str, Any]:
    names = ("name", "view", "regions", "state", "created_at", "max_length", "key_id", "webhook")
    return {
        **{name: getattr(found, name) for name in names},
        "kinds": sorted(found.kinds),
        "patterns": found.patterns(),
        "webhook_state": hub.webhooks.state(found.name) if found.webhook else None,
    }


def _tell(hub: Hub, given: HandedOver, *, as_json: bool) -> None:
    """Print what to hand over: one line a thing, so that it can be copied."""
    lines = dict(handed(hub.settings, given))
    if as_json:
        common.print_json({"name": given.subscription.name, **lines})
        return
    for what, value in lines.items():
        typer.echo(f"{what}: {value}")
    typer.echo("Hand these over by a safe way: the secrets among them are shown this once.", err=True)
    typer.echo("How a centre reads, with examples: docs/subscribe.md", err=True)


def handed(settings: Settings, given: HandedOver) -> Iterator[tuple[str, str]]:
    """Yield what a subscriber is handed over, by name: each can be used as it stands."""
    broker, gateway = urlsplit(settings.bus_url), settings.gateway
    if given.queue:
        place = f"{broker.hostname}:{broker.port or (5671 if broker.scheme == 'amqps' else 5672)}"
        virtual_host = unquote(broker.path.removeprefix("/")) or "/"
        yield "broker", f"{broker.scheme}://{place}"
        yield "virtual_host", virtual_host
        yield "account", given.account
        yield "password", given.password
        yield "queue", given.queue
        login = f"{quote(given.account, safe='')}:{quote(given.password, safe='')}"
        yield "broker_url", f"{broker.scheme}://{login}@{place}/{quote(virtual_host, safe='')}"
    yield "feed", f"http://{gateway.host}:{gateway.port}/v1/feed?view={given.subscription.view}"
    yield "key", given.token
    if given.webhook_secret:
        yield "webhook", given.subscription.webhook
        yield "webhook_secret", given.webhook_secret
