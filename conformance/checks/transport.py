"""Transport: contracts, odd replies, half files, late commits, receipts; what a sender does when it is told to wait."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sqlite3
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx
import zeep
from zeep.exceptions import Error as ZeepError

from conformance.checks.common import shown, wrong
from conformance.contract import Contract, read_contract
from conformance.finding import Finding, passed, skipped
from conformance.reference.web import Asked, Told, WebSystem
from connectors import open_source
from hub.clock import ManualClock
from hub.errors import HubError, Misconfigured, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from conformance.lab import Lab
    from conformance.model import Subject
    from hub.model.values import Record

_NAME: Final = re.compile(r"\$\{(\w+)\}")


def filled(text: str, environment: Mapping[str, str]) -> str:
    """Return a text of a mapping with its ${NAMES} filled in."""
    return _NAME.sub(lambda found: environment.get(found[1], ""), text)


def _fetched(address: str) -> bytes:
    return httpx.get(address, trust_env=False).raise_for_status().content


def contract_is_declared(lab: Lab) -> Finding:
    """TRN-S01: the WSDL that the service shows is the declared one with all it takes parts from, and loads strictly."""
    url = f"{filled(str(lab.mapping.declaration.connect['url']), lab.environment)}?wsdl"
    try:
        contract = read_contract(url, _fetched)
    except httpx.TransportError as away:
        return skipped(f"服务无法访问：{away}", f"the service is away: {away}")
    except (httpx.HTTPError, ValueError) as unread:
        return wrong(
            "department",
            "WSDL 不完整",
            "the WSDL is not whole",
            expected="loads",
            got=unread,
            pointer=url,
            fix=("补全 WSDL 引用的文件", "publish every file that the WSDL takes parts from"),
        )
    for at, document in contract.documents.items():
        lab.keep("RAW", "contract.wsdl" if at == url else urlsplit(at).path.rpartition("/")[2], document, "text/xml")
    declared = lab.declared.document["contract_sha256"]
    if contract.digest != declared:
        return wrong(
            "department",
            "服务给出的 WSDL 与申报的不同",
            "the service shows another WSDL than was declared",
            expected=declared,
            got=contract.digest,
            pointer=url,
            fix=("重新申报契约，或恢复原契约", "declare the contract anew, or restore the old one"),
        )
    try:
        operations = _strictly(contract)
    except (ZeepError, ValueError, OSError) as unread:
        return wrong(
            "department",
            "WSDL 不能严格装载",
            "the WSDL does not load strictly",
            expected="loads",
            got=unread,
            pointer=url,
            fix=("按 WSDL 1.1 改正契约", "mend the contract: whatever it names has to be declared, as WSDL 1.1 says"),
        )
    lab.keep("CFG", "operations.json", operations)
    return passed("WSDL 与申报一致，严格装载", "the WSDL is the declared one and loads strictly")


def _strictly(contract: Contract) -> Sequence[str]:
    """Load a contract with nothing else at hand; return its operations. One of several files by its names alone."""
    if len(contract.documents) > 1:
        if nowhere := contract.unresolved():
            raise ValueError(f"names that are declared nowhere: {', '.join(nowhere[:3])}")
        return contract.operations
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "contract.wsdl"
        path.write_bytes(next(iter(contract.documents.values())))
        client = zeep.Client(str(path), settings=zeep.Settings(strict=True, forbid_external=True))
        return [name for name in sorted(dir(client.service)) if not name.startswith("_")]


_FAULT: Final = (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
    "<faultcode>s:Server</faultcode><faultstring>database is down</faultstring></s:Fault></s:Body></s:Envelope>"
)
_PAGE: Final = "<html><body>系统维护中</body></html>"
ODD_REPLIES: Final[Sequence[tuple[str, Told, frozenset[str]]]] = (
    ("fault with 500", Told(500, "text/xml; charset=utf-8", _FAULT.encode()), frozenset({"away"})),
    ("fault with 200", Told(200, "text/xml; charset=utf-8", _FAULT.encode()), frozenset({"away", "kept"})),
    ("page with 200", Told(200, "text/html; charset=utf-8", _PAGE.encode()), frozenset({"kept", "away"})),
    ("empty with 200", Told(200, "text/xml", b""), frozenset({"kept", "away"})),
    ("page with 503", Told(503, "text/html", _PAGE.encode()), frozenset({"away"})),
    ("JSON with 200", Told(200, "application/json", b'{"error": "x"}'), frozenset({"kept", "away"})),
    ("cut XML with 200", Told(200, "text/xml", _FAULT.encode()[:90]), frozenset({"kept", "away"})),
    ("login refused", Told(401, "text/html", b""), frozenset({"operator"})),
)
"""Each odd reply, and how it may be classed: the department is away (tried again), kept as refused, the operator's."""


def odd_replies_are_classified(lab: Lab) -> Finding:
    """TRN-S02: eight odd replies are each classed, none is taken for an empty list; after them all rows are read."""
    found = {}
    for name, told, _ in ODD_REPLIES:
        with contextlib.closing(WebSystem(_always(told))) as web:
            found[name] = _class_of(lab, web.url)
    lab.keep("LOG", "classes.json", found)
    for name, told, allowed in ODD_REPLIES:
        if found[name] not in allowed:
            return wrong(
                "connector",
                f"应答“{name}”归类错误",
                f"the reply {name!r} is classed wrongly",
                expected=" or ".join(sorted(allowed)),
                got=found[name],
                pointer=f"HTTP {told.status}",
            )
    with _bare_charset(lab) as url:
        rows = len(_read(lab, url))
    wanted = len(lab.records())
    if not wanted:
        return skipped("服务没有数据", "the service has no row")
    if rows != wanted:
        zh, en = "之后读到的行数不对", "what is read afterwards is not all"
        return wrong("connector", zh, en, expected=wanted, got=rows)
    return passed(
        "八种异常应答各归其类，之后数据完整", "eight odd replies are classed, and all rows are read afterwards"
    )


def _always(told: Told) -> Callable[[Asked], Told]:
    return lambda _: told


def _read(lab: Lab, url: str) -> Sequence[Record]:
    declaration = replace(lab.mapping.declaration, connect={**lab.mapping.declaration.connect, "url": url})
    with contextlib.closing(open_source(declaration, lab.environment, clock=ManualClock(lab.clock.now()))) as source:
        return [record for portion in source.read(None) for record in portion.records]


def _class_of(lab: Lab, url: str) -> str:
    try:
        records = _read(lab, url)
    except Unavailable:
        return "away"
    except Misconfigured:
        return "operator"
    except HubError as other:
        return other.code
    return "kept" if any(record.refused for record in records) else f"{len(records)} records"


@contextlib.contextmanager
def _bare_charset(lab: Lab) -> Iterator[str]:
    """Serve what the department serves, without saying in which character set."""
    real = filled(str(lab.mapping.declaration.connect["url"]), lab.environment)

    def answer(asked: Asked) -> Told:
        kept = {
            name: asked.headers[name]
            for name in ("authorization", "content-type", "soapaction")
            if name in asked.headers
        }
        told = httpx.post(real, content=asked.body, headers=kept, trust_env=False)
        return Told(told.status_code, "text/xml", told.content)

    with contextlib.closing(WebSystem(answer)) as web:
        yield web.url


class _Sandbox:
    """Answers a sender by a script, and remembers which cases it has taken."""

    def __init__(self, lab: Lab) -> None:
        self.taken: set[str] = set()
        self.bodies: list[bytes] = []
        self._lab, self._seen = lab, dict[str, int]()
        self.answers: list[tuple[int, Mapping[str, str]]] = []

    def answer(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        key = {name.lower(): value for name, value in headers.items()}.get("idempotency-key", "")
        self.bodies.append(body)
        if self.answers:
            status, told = self.answers.pop(0)
            if status != 202:  # noqa: PLR2004 - accepted
                return status, told, b"{}"
        text = body.decode(errors="replace")
        self.taken |= {no for case in self._lab.script.values() if (no := case.case_no(self._lab.session)) in text}
        return 202, {}, json.dumps({"receipt_id": key or "none"}).encode()


def sender_honours_answers(lab: Lab) -> Finding:
    """TRN-R01: told to wait it waits and keeps what it has; told of a conflict or a size it sends otherwise."""
    if lab.outage is None:
        return skipped("需发送方指向脚本沙箱", "the sender has to be pointed at a scripted sandbox")
    office, sandbox = lab.outage(), _Sandbox(lab)
    if not office.keys:
        return skipped("发送方没有任何办件", "the sender has nothing to send")
    office.advance(office.days[-1])
    for status in (503, 429):
        sandbox.bodies.clear()
        sandbox.answers = [(status, {"Retry-After": "30"})] * 50
        office.deliver(sandbox.answer)
        if len(sandbox.bodies) != 1:
            return wrong(
                "department",
                f"答 {status} 后仍立即重发",
                f"it goes on at once after {status}",
                expected="one delivery, then Retry-After",
                got=f"{len(sandbox.bodies)} deliveries",
                pointer=f"answer {status}",
                fix=("收到 503 或 429 后按 Retry-After 等待", "wait as Retry-After says after 503 and 429"),
            )
    sandbox.answers = [(413, {}), (202, {}), (202, {}), (409, {})]
    while office.deliver(sandbox.answer):
        pass
    lab.keep("RAW", "last-body.json", sandbox.bodies[-1])
    missing = sorted(set(office.keys) - sandbox.taken)
    if missing:
        return wrong(
            "department",
            "被要求等待的单元未再送达",
            "units that were told to wait never came again",
            expected="every case",
            got=f"missing {', '.join(missing[:5])}",
            fix=("收到 202 与回执后才可删除", "forget a unit only once it has a receipt"),
            pointer=missing[0],
        )
    return passed("遵守 503、429、413、409，收到回执才删除", "503, 429, 413 and 409 are honoured, nothing is dropped")


def half_files_are_left(lab: Lab) -> Finding:
    """TRN-F01: a file that is still being written is not read; once it is whole all of it is."""
    inbox = Path(filled(str(lab.mapping.declaration.connect["path"]), lab.environment))
    pattern = str(lab.mapping.declaration.connect.get("pattern", "*"))
    whole = next(iter(sorted(inbox.glob(pattern))), None)
    if whole is None:
        return skipped("收件夹中还没有文件", "there is no file in the folder yet")
    half = lab.department.half_written() if lab.department else None
    called = half[0].name if half else lab.declared.document["unfinished"].replace("{name}", whole.name)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        content = whole.read_bytes()
        (folder / called).write_bytes(content[: len(content) * 2 // 3])
        during = len(_files(lab, folder))
        (folder / called).unlink()
        shutil.copy2(whole, folder / whole.name)
        after = len(_files(lab, folder))
    lab.keep("FLT", "reads.json", {"file": called, "while written": during, "afterwards": after})
    if during:
        blames: Subject = "department" if called == whole.name or _matches(called, pattern) else "connector"
        return wrong(
            blames,
            "未写完的文件被读取",
            "a file was read while it was written",
            expected=0,
            got=during,
            pointer=called,
            fix=("以临时名写完再改名", "write under another name, then rename"),
        )
    if not after and lab.given():
        return wrong("connector", "完整文件未被读取", "the whole file was not read", expected="its rows", got=0)
    return passed("只读完整文件", "only the whole file is read")


def _matches(name: str, pattern: str) -> bool:
    return Path(name).match(pattern)


def _files(lab: Lab, folder: Path) -> Sequence[Record]:
    declaration = replace(lab.mapping.declaration, connect={**lab.mapping.declaration.connect, "path": str(folder)})
    with contextlib.closing(open_source(declaration, lab.environment)) as source:
        return [record for portion in source.read(None) for record in portion.records]


def late_commit_is_found(lab: Lab) -> Finding:
    """TRN-D01: a row that a transaction commits after later rows were read is still read."""
    if lab.outage is None:
        return skipped("需在部门库中开第二个会话", "needs a second session at the department's database")
    office = lab.outage()
    if not office.keys:
        return skipped("部门没有任何办件", "the department has no row that could be late")
    url = office.environment[_NAME.findall(str(lab.mapping.declaration.connect["url"]))[0]]
    if not url.startswith("sqlite:///"):
        return skipped("只在 SQLite 前置库上自动执行", "it runs by itself on SQLite front ends only")
    first = office.days[0]
    office.advance(first)
    stand = lab.stand(now=first + timedelta(seconds=30))
    office.read(stand)
    _commit_late(Path(url.removeprefix("sqlite:///")), lab, f"{first - timedelta(seconds=30):%Y-%m-%d %H:%M:%S}")
    stand.hub.clock.move_to(first + timedelta(minutes=5))  # type: ignore[attr-defined]  # a clock moved by hand
    office.read(stand)
    found = stand.cases()
    lab.keep("REC", "cases.json", sorted(found))
    if LATE not in found:
        return wrong(
            "connector",
            "晚提交的行被漏掉",
            "the row that was committed late was skipped",
            expected=LATE,
            got=sorted(found),
            fix=("设置 cursor.settle 或 reconcile", "declare cursor: settle, or reconcile"),
        )
    return passed("晚提交的行被读到", "the row committed late is read")


LATE: Final = "TST-late-commit"


def _commit_late(path: Path, lab: Lab, changed: str) -> None:
    """Insert a copy of some row under another number, as of a time before others that were read."""
    connect: Mapping[str, Any] = lab.mapping.declaration.connect
    table, key, column = str(connect["table"]), str(connect["key"]), str(connect["cursor"]["column"])
    number = str(lab.mapping.declaration.connect.get("number", "internal_no"))
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        row = dict(zip(names, db.execute(f"SELECT * FROM {table} LIMIT 1").fetchone(), strict=True))  # noqa: S608 - the mapping's own names
        row |= {key: 9001, number: LATE, column: changed, "sync_sign": "0"}
        slots = ", ".join("?" for _ in names)
        db.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({slots})", [row[name] for name in names])  # noqa: S608 - the mapping's own names


def receipts_are_durable(lab: Lab) -> Finding:
    """TRN-A01: what was taken in has a receipt that answers after a restart, and every record is accounted for."""
    stand = lab.stand()
    totals = stand.take(lab.given()[:20])
    again = lab.stands.again(stand, stand.hub.clock)
    told = again.hub.queries.receipt(totals.read_id, lab.connection)
    account = again.account()
    lab.keep("RCP", "receipt.json", {"receipt": told, "account": account})
    outcomes = sum(told["events"].values())
    if told["records"]["read"] != totals.read or outcomes != totals.events or account.get("unreported"):
        got = f"{told['records']['read']} records, {shown(outcomes)} events"
        return wrong(
            "hub",
            "重启后回执不完整",
            "after a restart the receipt is not whole",
            expected=f"{totals.read} records, {totals.events} events",
            got=got,
        )
    return passed("重启后回执仍可查询", "the receipt answers after a restart")
