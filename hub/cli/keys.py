"""`sunlight key`: who may use the gateway, for what, and until when."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from hub.cli import common
from hub.errors import Fault, Misconfigured
from hub.identity import SCOPES, issue

if TYPE_CHECKING:
    from datetime import datetime

    from hub.identity import Identity

app = typer.Typer(help="Issue, list and revoke the API keys of connections, people and subscribers.")

_SPAN: Final = re.compile(r"([1-9][0-9]{0,4})([hdy])")
_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "y": timedelta(days=365)}


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Whose key it is, e.g. 'duty desk' or 'taizhou.portal'.")],
    kind: Annotated[str, typer.Option(help="connection, person or subscriber.")] = "person",
    scope: Annotated[
        list[str] | None, typer.Option(help=f"What it opens; repeat for more: {', '.join(SCOPES)}.")
    ] = None,
    expires: Annotated[str, typer.Option(help="How long it lasts: 12h, 90d, 1y, or never.")] = "90d",
    department: Annotated[str, typer.Option(help="The department that a person belongs to, by its id.")] = "",
    *,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Issue a key. Its token is printed once: the hub keeps only a digest of it.

    Example: sunlight key add "duty desk" --scope cases:read --scope alerts:read --expires 90d
    """
    hub = common.hub(settings)
    now = hub.clock.now()
    issued = issue(
        name, kind=kind, scopes=scope or [], now=now, expires_at=until(expires, now), department_id=department
    )
    hub.identities.add(issued)
    if as_json:
        common.print_json({**_fields(issued.identity), "token": issued.token})
        return
    # plain lines: a token in a wrapped or coloured one cannot be copied
    typer.echo(issued.token)
    host, port = hub.settings.gateway.host, hub.settings.gateway.port
    for line in (
        f"Key {issued.identity.key_id} of {name}. The token above is shown this once: keep it now.",
        *_uses(issued.identity, f"http://{host}:{port}"),
    ):
        typer.echo(line, err=True)


_ASKS: Final = (
    ("cases:read", "summary"),
    ("alerts:read", "alerts"),
    ("complaints:centre", "complaints"),
    ("complaints:handle", "complaints"),
    ("scores:read", "scores"),
    ("conformance:read", "conformance"),
    ("feed:read", "feed?after=0"),
)
"""What a program asks first with a key of each scope."""


def _uses(who: Identity, url: str) -> list[str]:
    """Say what a key is for: a connection's opens no console, a subscriber's the feed alone, a person's what it may."""
    curl = 'curl -H "Authorization: Bearer $TOKEN"'
    if who.kind == "connection":
        sent = '-H "Content-Type: application/json" --data-binary @FILE'
        return [
            f"Send with it: {curl} {sent} {url}/v1/records/{who.name}",
            "Content-Type says what its mapping declares: application/json, text/csv, application/xml (docs/push.md)",
        ]
    if who.kind == "subscriber":
        return [f"Read with it: {curl} '{url}/v1/feed?after=0' (docs/subscribe.md)"]
    may = [path for scope, path in _ASKS if who.may(scope) or any(each.startswith(scope) for each in who.scopes)]
    return [f"Console: log in with it at {url}/", *(f"Programs: {curl} '{url}/v1/{path}'" for path in may[:1])]


@app.command("list")
def list_(*, as_json: common.AsJson = False, settings: common.SettingsFile = None) -> None:
    """List every key ever issued: whose, for what, until when. Never a token."""
    hub = common.hub(settings)
    now, found = hub.clock.now(), hub.identities.list()
    if as_json:
        common.print_json([{**_fields(who), "last_used_at": used} for who, used in found])
        return
    table = Table()
    for heading in ("key", "name", "kind", "scopes", "state", "expires", "last used"):
        table.add_column(heading, overflow="fold", no_wrap=heading in {"key", "expires"})
    for who, used in found:
        cells = (who.key_id, who.name, who.kind, ", ".join(sorted(who.scopes)), _state(who, now))
        table.add_row(*map(escape, cells), _day(who.expires_at) or "never", _day(used) or "not yet")
    common.OUT.print(table)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, as `sunlight key list` shows it.")],
    *,
    settings: common.SettingsFile = None,
) -> None:
    """Revoke a key at once. It stays in the list.

    Example: sunlight key revoke 3f9a1c20
    """
    hub = common.hub(settings)
    if not hub.identities.revoke(key_id, hub.clock.now()):
        hint = "see `sunlight key list`"
        raise Misconfigured(Fault(code="key.unknown", problem=f"no key {key_id!r} is in use", hint=hint))
    typer.echo(f"revoked {key_id}")


def until(text: str, now: datetime) -> datetime | None:
    """Return the end of a span from `now`; None for `never`."""
    if text == "never":
        return None
    match = _SPAN.fullmatch(text)
    if match is None:
        hint = "write 12h, 90d, 1y or never"
        raise Misconfigured(Fault(code="key.expires", problem=f"{text!r} is no span of time", hint=hint))
    return now + int(match[1]) * _UNITS[match[2]]


def _fields(who: Identity) -> dict[str, Any]:
    names = ("key_id", "name", "kind", "department_id", "created_at", "expires_at", "revoked_at")
    return {**{name: getattr(who, name) for name in names}, "scopes": sorted(who.scopes)}


def _state(who: Identity, now: datetime) -> str:
    if who.revoked_at is not None:
        return "revoked"
    return "valid" if who.is_valid(now) else "expired"


def _day(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d}" if instant else ""
