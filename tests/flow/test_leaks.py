"""Canaries in every text of every class never appear where their view does not see them: in nothing that goes out."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest
from fastapi.routing import APIRoute

from gateway.app import create_app
from gateway.public.app import create_public_app
from hub import wiring
from hub.cli.gatewaying import parts_of
from hub.cli.publishing import outer
from hub.cli.publishing import parts_of as public_parts
from hub.cli.reporting import WRITERS
from hub.model.codes import code_list
from hub.reporting.monthly import Terms, monthly
from hub.settings import FeedSection
from hub.statistics.naming import naming
from hub.statistics.periods import parsed
from hub.store.queries import Queries
from hub.subscription import subscription
from hub.supervision.alert_cycle import Deed
from hub.supervision.instruments import PaperWish, why_not
from hub.views import VIEWS, may_see
from hub.webhooks import Answer
from tests.support.canaries import CASES, COMPLAINTS, PLANTED, allowed, leaks, planted, token
from tests.support.casework import DEPARTMENT, MATTER
from tests.support.citizens import a_public_client
from tests.support.desks import a_client, a_key, bearer
from tests.support.hubs import hub_at
from tests.support.spine import NOW, OTHER_DEPARTMENT, Read, Spine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hub.model.values import AlertRow, Message
    from hub.statistics.naming import Language

ROLES: dict[str, tuple[tuple[str, ...], str]] = {
    "public feed": (("feed:read:public",), "public"),
    "intranet feed": (("feed:read:intranet",), "intranet"),
    "restricted feed": (("feed:read:restricted",), "restricted"),
    "cases": (("cases:read",), "intranet"),
    "duty": (("cases:read", "alerts:read", "alerts:supervise", "scores:read", "conformance:read"), "intranet"),
    "restricted duty": (("cases:read", "cases:read:restricted", "alerts:read", "scores:read"), "restricted"),
    "alerts alone": (("alerts:read",), "intranet"),
    "quarantine": (("quarantine:read",), "intranet"),
    "metrics": (("metrics:read",), "nothing"),
    "scores": (("scores:read",), "intranet"),
    "catalogue": (("catalogue:propose", "catalogue:review"), "intranet"),
    "own department": (("cases:read", "cases:read:restricted", "alerts:read", "feed:read:restricted"), "own"),
    "another department": (("cases:read", "cases:read:restricted", "alerts:read", "feed:read:restricted"), "intranet"),
    "complaint centres": (("complaints:centre",), "centre"),
    "handler": (("complaints:handle",), "handler"),
    "no handler": (("complaints:handle",), "nothing"),
    "nobody": ((), "nothing"),
    "citizen": ((), "public"),
}
"""Who asks: the scopes of the key, and the view beyond which no answer may go."""

DEPARTMENTS = {
    "own department": DEPARTMENT, "handler": DEPARTMENT,
    "another department": OTHER_DEPARTMENT, "no handler": OTHER_DEPARTMENT,
}  # fmt: skip
"""Whose keys are a department's: the one that reported every planted case, and handles the complaint among them."""


@dataclass
class World:
    """A hub in which every class of case says everything, and all that left it while it did."""

    spine: Spine
    logged: str = ""
    sent: list[Message] = field(default_factory=list)
    answers: list[tuple[str, str, str, httpx.Response]] = field(default_factory=list)
    posted: dict[str, list[bytes]] = field(default_factory=dict)
    """By view, the bodies of webhooks."""
    papers: list[tuple[str, str, bytes]] = field(default_factory=list)
    """Files of papers, each with the class of its case and its kind of file."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Tell a hub of every class of case, of what is refused, and of a flip; then ask it everything in every role."""
    with contextlib.ExitStack() as stack:
        made = hub_at(tmp_path_factory.mktemp("leaks"), now=NOW)
        hub = wiring.build(made.settings.model_copy(update={"feed": FeedSection(views=VIEWS)}), clock=made.clock)
        stack.callback(hub.close)
        found = World(Spine(hub, stack))
        found.logged = stack.enter_context(all_logged(found))
        yield found


@contextlib.contextmanager
def all_logged(world: World) -> Iterator[str]:
    """Run the whole way with every log at DEBUG; yield what was logged."""
    lines: list[str] = []
    handler = logging.Handler(logging.DEBUG)
    handler.emit = lambda record: lines.append(f"{record.getMessage()} {record.__dict__} {record.exc_info}")  # type: ignore[method-assign]
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        tell(world)
        draw(world)
        post(world)
        ask(world)
        yield "\n".join(lines)
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


def tell(world: World) -> None:
    """Let the planted cases arrive, and what is refused of them; keep what is published."""
    spine = world.spine
    publish = spine.bus.publish

    def kept(messages: Sequence[Message]) -> None:
        world.sent += [each for each in messages if each.exchange.startswith("feed.")]
        publish(messages)

    spine.bus.publish = kept  # type: ignore[method-assign]
    for case in CASES:
        read = Read()
        document = planted(case, read)
        spine.tell(read.message(document), read.report("2026-03-02T12:00:00+08:00"))
        for spoilt in spoilt_documents(case):
            other = Read()
            spine.tell(other.message(spoilt(planted(case, other))), other.report())
        bad = Read()
        spine.tell(bad.rejection(raw=token(case, "data.case.title").encode(), value="*"), bad.report())
    for case in COMPLAINTS:
        read = Read()
        spine.tell(read.message(planted(case, read, "complaint.dispatched")), read.report())
    spine.clock.move_to(NOW.replace(month=5))
    last = Read()
    spine.tell(last.report("2026-04-30T12:00:00+08:00"))
    spine.line.settle()
    with contextlib.closing(spine.hub.collector(spine.hub.bus())) as collector:
        while collector.step():
            pass


def spoilt_documents(case: str) -> Sequence[Any]:
    """Return functions that spoil a document: by a code nobody knows, a field nobody knows, a text too long."""
    secret = token(case, "data.opinion")

    def code(document: dict[str, Any]) -> dict[str, Any]:
        document["data"]["case"]["channel"] = [secret]
        return document

    def unknown(document: dict[str, Any]) -> dict[str, Any]:
        document["data"][secret] = secret
        return document

    def long(document: dict[str, Any]) -> dict[str, Any]:
        document["data"]["opinion"] = secret * 1000
        return document

    return code, unknown, long


def draw(world: World) -> None:
    """Issue every paper that may be issued of an alert, and draw it."""
    hub, spine = world.spine.hub, world.spine
    for row in hub.queries.alerts(limit=1000):
        said = {"by": "王五 (k)", "role": "supervisor", "note": "核实属实"}
        hub.act_on(alert_of(hub, row), Deed(move="confirm", **said, at=hub.clock.now()))
        spine.line.settle(1)
        alert = alert_of(hub, row)
        for code, instrument in code_list("instruments").rows.items():
            wish = PaperWish(
                instrument=code, authority=instrument["authority"], by="赵六 (k)", at=hub.clock.now(), note="请办理"
            )
            if why_not(alert, wish, hub.queries.papers(alert.alert_id), hub.calendar()) is None:
                hub.issue_paper(alert, wish)
                spine.line.settle(1)
    with contextlib.closing(hub.bus()) as bus:
        hub.draughtsman(bus).step()
    spine.line.settle()
    for row in hub.queries.alerts(limit=1000):
        for paper in hub.queries.papers(row["alert_id"]):
            for media, digest in (("docx", paper.docx_digest), ("pdf", paper.pdf_digest)):
                world.papers.append((row["disclosure"] or "intranet", media, hub.queries.paper_file(digest) or b""))


def alert_of(hub: wiring.Hub, row: dict[str, Any]) -> AlertRow:
    alert = hub.queries.alert(row["alert_id"])
    assert alert is not None
    return alert


def post(world: World) -> None:
    """Post every view's documents to a subscriber that wants webhooks."""
    hub = world.spine.hub
    for view in VIEWS:
        bodies = world.posted.setdefault(view, [])
        about: dict[str, Any] = {"view": view, "kinds": ["case", "alert"], "regions": [], "max_length": 100}
        wish = subscription(f"{view}.centre", **about, webhook="https://centre.example/in", now=hub.clock.now())
        hub.subscribing().add(wish)
        (to,) = [each for each in hub.subscribers.list() if each.name == f"{view}.centre"]

        def taken(_: str, headers: object, body: bytes, bodies: list[bytes] = bodies) -> Answer:
            bodies.append(body + str(headers).encode())
            return Answer(status=204, said="204")

        poster = replace(hub.poster(), post=taken)
        poster.restart(to.name, after=0)
        while poster.deliver(to):
            pass


def ask(world: World) -> None:
    """Ask every route in every role, with the ids of every planted case and of every alert."""
    hub = world.spine.hub
    queries = Queries(hub.settings.store_url)
    paths = list(routes(hub, queries))
    queries.close()
    with a_client(hub) as client:
        a_key(hub, "admin")
        keys = {
            role: a_key(hub, *scopes, department_id=DEPARTMENTS.get(role, "")) if scopes else ""
            for role, (scopes, _) in ROLES.items()
            if role != "citizen"
        }
        for role, key in keys.items():
            for path in paths:
                answer = client.get(path, headers=bearer(key) if key else {})
                world.answers.append((role, ROLES[role][1], path, answer))
            for view in VIEWS:
                answer = streamed(client, view, bearer(key) if key else {}, hub.queries)
                world.answers.append((role, ROLES[role][1], f"/v1/feed/stream?view={view}", answer))

    numbers = {"matter_code": [MATTER], "number": [token(each, "data.case.case_no") for each in CASES]}
    site = walked(create_public_app(public_parts(outer(hub))).routes)
    public = [path for route in site if "GET" in (route.methods or ()) for path in filled(route.path, numbers)]
    with a_public_client(hub) as visitor:
        for path in [*public, "/?q=zq"]:
            world.answers.append(("citizen", "public", path, visitor.get(path)))


def streamed(client: httpx.Client, view: str, headers: dict[str, str], queries: Queries) -> httpx.Response:
    """Return what a stream says up to the last document that there is of a view."""
    last = queries.feed(view, after=0, limit=10_000)[-1]["sequence"]
    said = b""
    with client.stream("GET", f"/v1/feed/stream?view={view}", headers=headers) as answer:
        for part in answer.iter_raw():
            said += part
            if f"id: {last}\n".encode() in said and said.endswith(b"\n\n"):
                break
        return httpx.Response(answer.status_code, headers=answer.headers, content=said)


def routes(hub: wiring.Hub, queries: Queries) -> Iterator[str]:
    """Yield every path that can be got, every parameter filled with all that it may mean."""
    cases = [row["case_id"] for row in queries.cases(limit=100)]
    alerts = [row["alert_id"] for row in queries.alerts(limit=100)]
    values = {"case_id": cases, "alert_id": alerts, "name": ["case-event.v1"], "department": [DEPARTMENT],
              "period": ["2026-03"], "matter_code": [MATTER], "connection": ["taizhou.housing.permits"],
              "rejection_id": [row["rejection_id"] for row in queries.quarantine(limit=5)], "sha256": ["a" * 64],
              "paper_id": ["x"], "media": ["pdf"], "act_id": ["x"], "receipt_id": ["x"]}  # fmt: skip
    for route in walked(create_app(parts_of(hub, queries)).routes):
        if "GET" in (route.methods or ()) and "stream" not in route.path:
            yield from filled(route.path, values)
    for view in VIEWS:
        yield f"/v1/feed?view={view}&limit=500"
    yield from ("/v1/cases?limit=500", "/v1/alerts?limit=500", "/cases?q=zq", "/v1/cases?q=zq")
    yield from ("/v1/statistics?format=csv", "/v1/statistics?format=xlsx", "/v1/statistics?by=department&view=public")


def walked(routes: Sequence[Any]) -> Iterator[APIRoute]:
    """Yield the routes of an application, those of its routers too."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from walked(getattr(getattr(route, "original_router", None), "routes", ()))


def filled(path: str, values: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield a route's path with each value of each of its parameters."""
    if "{" not in path:
        yield path
        return
    before, _, rest = path.partition("{")
    name, _, after = rest.partition("}")
    for value in values.get(name.partition(":")[0], ["x"]):
        yield from filled(f"{before}{value}{after}", values)


def test_the_planted_cases_say_everything_and_are_all_taken(world: World) -> None:
    assert len(PLANTED) > 50
    assert {"data.case.title", "data.opinion", "data.case.applicant.name_masked", "data.handling.reason",
            "data.case.attributes.*", "data.case.materials.[].name", "data.result.reason"} <= set(PLANTED)  # fmt: skip
    assert len(world.spine.hub.queries.cases(limit=100)) == len(CASES)
    assert len(world.spine.quarantined()) == 4 * len(CASES)
    assert len(world.spine.hub.queries.alerts(limit=1000)) > 0


@pytest.mark.parametrize("view", VIEWS)
def test_a_feed_holds_its_view_and_nothing_beyond(world: World, view: str) -> None:
    bodies = [each.body for each in world.sent if each.exchange == f"feed.{view}"]
    assert bodies
    assert set().union(*(leaks(body, view) for body in bodies)) == set()
    assert not [each.key for each in world.sent if "zq" in each.key]
    stored = [row["body"] for row in world.spine.hub.queries.feed(view, after=0, limit=10_000)]
    assert set().union(*(leaks(body, view) for body in stored)) == set()


@pytest.mark.parametrize("view", VIEWS)
def test_a_webhook_is_posted_its_view_and_nothing_beyond(world: World, view: str) -> None:
    assert len(world.posted[view]) >= len([each for each in CASES.values() if may_see(view, each[0])])
    assert set().union(*(leaks(body, view) for body in world.posted[view])) == set()


def test_a_stream_says_what_its_role_may_hear(world: World) -> None:
    told = {(role, path) for role, _, path, answer in world.answers if "stream" in path and b"data: " in answer.content}
    assert told == {(f"{view} feed", f"/v1/feed/stream?view={view}") for view in VIEWS}


def test_a_paper_tells_no_more_than_those_may_see_who_see_its_alert(world: World) -> None:
    assert {media for _, media, _ in world.papers} == {"docx", "pdf"}
    assert {"intranet", "restricted"} <= {class_ for class_, _, _ in world.papers}
    for class_, media, body in world.papers:
        told = {path.removeprefix("data.case.") for _, path in leaks(body, "nothing")}
        assert told <= {"case_no", "matter_code", "matter_name"}, media
        assert leaks(body, "restricted" if class_ == "restricted" else "intranet") == set() or class_ == "secret"


@pytest.mark.parametrize("ending", sorted(WRITERS))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_monthly_report_names_no_case(world: World, ending: str, language: Language) -> None:
    hub = world.spine.hub
    terms = Terms(
        month=parsed("2026-03"),
        region="",
        language=language,
        zone=hub.settings.zone,
        names=naming(hub.store.catalogue()),
        connections=list(hub.store.connections().values()),
    )
    body = WRITERS[ending](monthly(hub.queries, terms))
    assert len(body) > 1000
    assert leaks(body, "nothing") == set()


def test_each_view_shows_what_it_should(world: World) -> None:
    """Else a feed that says nothing would pass."""
    for view, case, path in (
        ("public", "pub", "data.stage_name"), ("intranet", "int", "data.case.title"),
        ("intranet", "shy", "data.opinion"),
        ("restricted", "res", "data.case.attributes.*"), ("restricted", "rep", "data.case.title"),
    ):  # fmt: skip
        assert allowed(view, case, path)
        said = b"".join(each.body for each in world.sent if each.exchange == f"feed.{view}")
        assert token(case, path).encode() in said, (view, case, path)


FILE = "data.case.attachments.[].name"


def of_open_case(path: str) -> set[tuple[str, str]]:
    """Return what the page of a case may say besides: its files go with its class, but those of complaints."""
    return {(case, FILE) for case in ("pub", "int")} if "/cases/" in path else set()


def test_the_files_of_an_open_case_are_listed(world: World) -> None:
    """Else a hub that has heard of no file would pass."""
    said = b"".join(answer.content for asked, _, path, answer in world.answers if asked == "cases")
    assert token("int", FILE).encode() in said
    assert token("shy", FILE).encode() not in said


@pytest.mark.parametrize("role", ROLES)
def test_no_answer_to_anybody_goes_beyond_their_view(world: World, role: str) -> None:
    answers = [(path, answer) for asked, _, path, answer in world.answers if asked == role]
    assert len(answers) > (15 if role == "citizen" else 60)
    found = {path: leaks(answer.content, ROLES[role][1]) - of_open_case(path) for path, answer in answers}
    assert {path: each for path, each in found.items() if each} == {}
    heads = "".join(str(answer.headers) for _, answer in answers)
    assert leaks(heads.encode(), "nothing") == set()


def test_every_role_that_reads_cases_gets_answers(world: World) -> None:
    for role in ("cases", "duty", "restricted duty", "intranet feed"):
        said = b"".join(answer.content for asked, _, _, answer in world.answers if asked == role)
        assert token("int", "data.case.case_no").encode() in said, role


def test_who_handles_complaints_is_answered_of_theirs(world: World) -> None:
    """Else a desk that shows nothing would pass: its centre sees both, its handler the one that is not about itself."""
    number = {case: token(case, "data.case.case_no").encode() for case in COMPLAINTS}
    for role, seen in (("complaint centres", {"rep", "shy"}), ("handler", {"shy"}), ("no handler", set())):
        said = b"".join(answer.content for asked, _, _, answer in world.answers if asked == role)
        assert {case for case in COMPLAINTS if number[case] in said} == seen, role
    told = b"".join(answer.content for asked, _, _, answer in world.answers if asked == "handler")
    assert token("shy", "data.case.complaint.content").encode() in told


def test_no_log_at_any_level_says_anything_of_a_case(world: World) -> None:
    assert len(world.logged) > 1000
    assert leaks(world.logged.encode(), "nothing") == set()


def test_refusals_quote_nothing_to_those_who_only_look_after_them(world: World) -> None:
    rows = [{name: row[name] for name in row if name != "sealed"} for row in world.spine.quarantined()]
    assert leaks(str(rows).encode(), "nothing") == set()


def test_public_statistics_name_no_case(world: World) -> None:
    parts = orjson.dumps(world.spine.hub.queries.summary(), option=orjson.OPT_NON_STR_KEYS)
    assert leaks(parts, "nothing") == set()
