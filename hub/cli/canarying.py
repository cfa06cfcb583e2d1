"""`sunlight canary`: texts that must never be seen in public; and what the public can see, looked through for them."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Annotated, Final

import orjson
import typer
from rich.table import Table
from rich.text import Text

from hub.canaries import CanaryBook, CanaryWatch, Shown
from hub.cli import common
from hub.errors import HubError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.wiring import Hub

app = typer.Typer(
    help="Canaries 暗记: texts planted in what is not public, watched for on the public side.", no_args_is_help=True
)

PAGE: Final = 1000
"""Documents of the feed read at once."""

_LINK: Final = re.compile(r"""(?:href|src)=["'](/[^"'#]*)""")

PAGES_MOST: Final = 300
"""Pages of the public site looked at in one go."""


@app.command()
def add(
    connection: Annotated[str, typer.Argument(help="The connection in whose records the canary is planted.")],
    *,
    token: Annotated[str, typer.Option("--token", help="The canary; one is made up where left out.")] = "",
    case: Annotated[str, typer.Option("--case", help="The number of the case that it is in, where it is known.")] = "",
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Write a canary down and print it: plant it in a text, a name or a file's name of a case that is not public.

    Example: sunlight canary add taizhou.housing.permits --case 2026-0815
    """
    canary = _book(common.hub(settings)).add(connection, token, case)
    if as_json:
        common.print_json({"token": canary.token, "connection": canary.connection, "case_no": canary.case_no})
        return
    typer.echo(canary.token)


@app.command("list")
def list_(*, as_json: common.AsJson = False, settings: common.SettingsFile = None) -> None:
    """List the canaries. Whoever reads this list knows them: K9 is only as good as it is kept."""
    found = _book(common.hub(settings)).all()
    if as_json:
        rows = [{"token": each.token, "connection": each.connection, "case_no": each.case_no} for each in found]
        common.print_json({"canaries": rows})
        return
    table = Table(title=f"Canaries 暗记: {len(found)}")
    for heading in ("connection", "canary", "case"):
        table.add_column(heading)
    for each in found:
        table.add_row(*map(Text, (each.connection, each.token, each.case_no or "-")))
    common.OUT.print(table)


@app.command()
def check(*, as_json: common.AsJson = False, settings: common.SettingsFile = None) -> None:
    """Look through all that the public can see for canaries; exit code 1 where one is seen.

    The feed of the public view, the statistics as the public sees them, and the pages of the public site. The hub does
    so by itself every ten minutes while it supervises. A canary that is seen raises R42 on its case, which blocks it.
    """
    hub = common.hub(settings)
    found = watch_of(hub).look()
    rows = [{"canary": each.canary.digest, "connection": each.canary.connection, "where": each.where} for each in found]
    if as_json:
        common.print_json({"seen": rows})
    else:
        common.OUT.print(f"canaries seen on the public side: {len(found)}")
        for row in rows:
            common.OUT.print(f"{row['connection']}  {row['canary']}  {row['where']}", highlight=False, markup=False)
    if found:
        problem = "a canary is seen on the public side: its case is withheld, R42 is raised"
        raise HubError(problem)


def watch_of(hub: Hub) -> CanaryWatch:
    """Return what watches the public side of a hub; what of the feed it has looked at it does not look at again."""
    side, bus = PublicSide(hub), hub.bus()
    return CanaryWatch(
        book=_book(hub),
        public_side=side.shown,
        case_of=lambda number: hub.queries.case_by_number(number) if number else None,
        publish=lambda message: bus.publish([message]),
        clock=hub.clock,
        keep=lambda found: hub.own_health.crawled(
            hub.clock.now(), [(each.canary.connection, each.canary.digest, each.where) for each in found]
        ),
    )


def _book(hub: Hub) -> CanaryBook:
    return CanaryBook(hub.settings.data_dir / "conformance" / "canaries")


class PublicSide:
    """What of a hub the public can see. State is how far the feed was looked at, and for how many canaries."""

    def __init__(self, hub: Hub) -> None:
        """Look at `hub`."""
        self._hub, self._after, self._known = hub, 0, 0

    def shown(self) -> Iterator[Shown]:
        """Yield the public feed as it is answered now, the public statistics, and the pages of the public site."""
        known = len(_book(self._hub).all())
        if known != self._known:
            self._after, self._known = 0, known
        yield from self._feed()
        yield self._statistics()
        yield from asyncio.run(_pages(self._hub))

    def _feed(self) -> Iterator[Shown]:
        while rows := self._hub.queries.feed("public", after=self._after, limit=PAGE):
            for row in rows:
                self._after = row["sequence"]
                subject = str(orjson.loads(row["body"]).get("subject", ""))
                yield Shown(f"feed {row['sequence']}", subject, bytes(row["body"]))

    def _statistics(self) -> Shown:
        from hub.reporting.tables import as_csv  # noqa: PLC0415 - libraries that few commands need
        from hub.statistics.answer import ask  # noqa: PLC0415
        from hub.statistics.asked import Asked  # noqa: PLC0415
        from hub.statistics.naming import naming  # noqa: PLC0415
        from hub.statistics.periods import parsed  # noqa: PLC0415
        from hub.statistics.suppress import LEAST  # noqa: PLC0415

        zone = self._hub.settings.zone
        asked = Asked(span=parsed(str(self._hub.clock.now().astimezone(zone).year)), by=("department", "matter"))
        table = ask(self._hub.queries, asked, zone=zone, names=naming(self._hub.store.catalogue()), least=LEAST)
        return Shown("statistics", "", as_csv(table).encode())


async def _pages(hub: Hub) -> list[Shown]:
    """Return the pages of the public site that links lead to, as a visitor gets them."""
    import httpx  # noqa: PLC0415 - what few commands need

    from gateway.public.app import create_public_app  # noqa: PLC0415
    from hub.cli.publishing import outer, parts_of  # noqa: PLC0415

    own = outer(hub)
    found: dict[str, Shown] = {}
    waiting = ["/"]
    transport = httpx.ASGITransport(app=create_public_app(parts_of(own)), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        while waiting and len(found) < PAGES_MOST:
            path = waiting.pop()
            if path in found:
                continue
            answer = await client.get(path)
            found[path] = Shown(f"page {path}", "", answer.content)
            if "html" in answer.headers.get("content-type", "") and answer.content:
                waiting += [link for link in _LINK.findall(answer.text) if link not in found]
    own.close()
    return list(found.values())
