"""Attachments: as they are said to be, tried again where lost, blocked where they do harm, as secret as their case."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from conformance.checks.common import awaited, wrong
from conformance.door import Door
from conformance.finding import Finding, passed
from conformance.unsafe_files import HARMFUL, PDF, SOUND
from hub.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from conformance.lab import Lab
    from conformance.model import Subject
    from conformance.stand import Stand

FILES: Final = 5
"""Files that the scripted case has."""

_OURS: Final[Mapping[str, Subject]] = {
    "attachment.differs": "department",
    "attachment.gone": "department",
    "attachment.fault": "hub",
    "attachment.place": "connector",
}
"""Whose it is that a file is not there. Else what is unsafe is its sender's, what is out of reach the connector's."""


@dataclass(slots=True)
class Played:
    """A place of files as a test plays it: contents by address; what is not there fails as `failing` says."""

    contents: Mapping[str, bytes] = field(default_factory=dict)
    failing: Callable[[], Exception] = FileNotFoundError

    def fetch(self, uri: str) -> Iterator[bytes]:
        """See hub.attachments.ports.Fetcher."""
        if uri not in self.contents:
            raise self.failing()
        yield self.contents[uri]

    def close(self) -> None:
        """Let go of nothing."""


def named(contents: Mapping[str, tuple[str, bytes]]) -> list[dict[str, Any]]:
    """Return what a case says of files: each by its name, which is its address too."""
    return [
        {
            "name": name,
            "media_type": kind,
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "uri": name,
        }
        for name, (kind, content) in contents.items()
    ]


def _stands(stand: Stand, case_no: str) -> dict[str, tuple[str, str]]:
    """Return state and problem of a case's files, by name."""
    found = stand.hub.attachments.of_case(stand.hub.queries.case_by_number(case_no))
    return {each.name: (each.state, each.problem) for each in found}


def references_hold(lab: Lab) -> Finding:
    """ATT-01: the scripted case names five files with all that is known of them; what is fetched is just that."""
    waiting = awaited(lab)
    if waiting is not None:
        return waiting
    number, case_no = next((each.number, each.case_no(lab.session)) for each in lab.script.values() if each.files)
    told = {each["sha256"]: each for event in lab.scripted_events()[number] for each in _files(event)}
    lab.keep("RAW", "references.json", list(told.values()))
    if len(told) < FILES or all(each["name"].isascii() for each in told.values()):
        return wrong(
            "department",
            "脚本办件的附件不齐",
            "the scripted case does not name its files",
            expected=f"{FILES} files, Chinese names among them",
            got=[each["name"] for each in told.values()],
            pointer="/data/case/attachments",
            fix=("把五个附件挂到该脚本办件", "attach the five files to that scripted case"),
        )
    lab.collect(lab.pilot)
    stands = _stands(lab.pilot, case_no)
    lab.keep("LOG", "states.json", stands)
    if len(stands) < len(told):
        zh, en = "枢纽没有记下附件", "the hub keeps no account of files that the case names"
        return wrong("hub", zh, en, expected=[each["name"] for each in told.values()], got=sorted(stands))
    for name, (state, problem) in stands.items():
        if state != "available":
            return wrong(
                _OURS.get(problem, "department" if state == "blocked" else "connector"),
                "附件取不到，或与所报不符",
                "a file cannot be had, or is another than was reported",
                expected="available",
                got=f"{name}: {state} {problem}",
                pointer="/data/case/attachments",
                fix=("核对地址、大小、摘要与类型", "compare address, size, digest and type with the file"),
            )
    return _verified(lab)


def _files(event: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = event["data"]["case"].get("attachments", ())
    return found


def _verified(lab: Lab) -> Finding:
    """Let a stand fetch files of which one thing each is said wrongly."""
    stand, files = lab.stand(), {}
    telling, now = lab.telling(stand), stand.hub.clock.now()
    true = named({"答复.pdf": ("application/pdf", PDF)})[0]
    for name, said in (
        ("digest", {"sha256": hashlib.sha256(b"another").hexdigest()}),
        ("size", {"size": len(PDF) + 1}),
        ("type", {"media_type": "image/png"}),
        ("address", {"uri": "elsewhere.pdf"}),
    ):
        files[name] = {**true, **said}
        stand.tell(telling.event("case.received", now, name, case={"attachments": [files[name]]}))
    stand.tell(telling.report())
    lab.collect(stand, lambda _: Played({"答复.pdf": PDF}))
    believed = [name for name in files if any(state == "available" for state, _ in _stands(stand, name).values())]
    if believed:
        return wrong(
            "hub",
            "与所报不符的附件被收存",
            "a file was kept that is not what was reported",
            expected="digest, size, type and address are verified",
            got=believed,
        )
    return passed("五个附件逐项核对相符", "five files are as they were reported, and what is not is found out")


def lost_files_hold_nothing_up(lab: Lab) -> Finding:
    """ATT-02: the case is there at once; its lost file is marked, tried again by the schedule, and had when mended."""
    stand = lab.stand()
    telling, now = lab.telling(stand), stand.hub.clock.now()
    causes: Mapping[str, Callable[[], Exception]] = {
        "404": FileNotFoundError,
        "timeout": lambda: Unavailable("it does not answer"),
    }
    found: dict[str, Any] = {}
    for name, failing in causes.items():
        case = {"attachments": named({f"{name}.pdf": ("application/pdf", PDF)})}
        stand.tell(telling.event("case.received", now, name, case=case), telling.report())
        lab.collect(stand, lambda _, failing=failing: Played(failing=failing))  # type: ignore[misc]  # bound now
        found[name] = _stands(stand, name)
    known = set(stand.cases())
    plan = {each.name: each.next_at for name in causes for each in _of(stand, name)}
    stand.move_to(max([each for each in plan.values() if each] or [now]) + timedelta(seconds=1))
    lab.collect(stand, lambda _: Played({f"{name}.pdf": PDF for name in causes}))
    mended = {name: _stands(stand, name) for name in causes}
    lab.keep("STT", "states.json", {"cases": sorted(known), "lost": found, "again at": plan, "mended": mended})
    if known != set(causes):
        return wrong("hub", "办件因附件未入", "a case did not flow", expected=sorted(causes), got=sorted(known))
    lost = [state for each in found.values() for state, _ in each.values()]
    if set(lost) != {"unavailable"} or None in plan.values():
        return wrong(
            "hub",
            "取不到的附件未标明或不再重试",
            "a lost file is not marked, or not tried again",
            expected="unavailable, with a next try",
            got=f"{lost}, {plan}",
        )
    if {state for each in mended.values() for state, _ in each.values()} != {"available"}:
        return wrong("hub", "恢复后仍取不到", "a mended link is not fetched", expected="available", got=mended)
    return passed("办件照走，附件按计划重试", "the cases flow, lost files are marked and tried again")


def _of(stand: Stand, case_no: str) -> Sequence[Any]:
    found: Sequence[Any] = stand.hub.attachments.of_case(stand.hub.queries.case_by_number(case_no))
    return found


def unsafe_files_are_blocked(lab: Lab) -> Finding:
    """ATT-03: of a pack of files those that do harm are blocked, each with its reason, and the others kept."""
    stand = lab.stand()
    telling, now = lab.telling(stand), stand.hub.clock.now()
    pack = {name: (kind, content) for name, (kind, content, _) in HARMFUL.items()} | dict(SOUND)
    large = {**named({"large.pdf": ("application/pdf", PDF + PDF)})[0], "size": 1 << 40}
    told = [*named(pack), large]
    stand.tell(telling.event("case.received", now, "pack", case={"attachments": told}), telling.report())
    lab.collect(stand, lambda _: Played({name: content for name, (_, content) in pack.items()}))
    found = _stands(stand, "pack")
    expected = {name: ("blocked", code) for name, (_, _, code) in HARMFUL.items()}
    expected |= dict.fromkeys(SOUND, ("available", "")) | {"large.pdf": ("blocked", "attachment.size")}
    lab.keep("QUA", "states.json", found)
    differing = {name: found.get(name) for name, should in expected.items() if found.get(name) != should}
    if differing:
        return wrong(
            "hub",
            "不安全的文件未拦下，或正常文件被拦",
            "an unsafe file is kept, or a sound one is not",
            expected={name: expected[name] for name in differing},
            got=differing,
        )
    return passed(f"{len(HARMFUL) + 1} 个不安全文件全部拦下", f"{len(HARMFUL) + 1} unsafe files are blocked")


def files_are_as_secret_as_their_case(lab: Lab) -> Finding:
    """ATT-04: who may not see a case cannot save its file, however its address is guessed; a flip closes it at once."""
    stand = lab.stand()
    telling, now = lab.telling(stand), stand.hub.clock.now()
    files = named({"证据.pdf": ("application/pdf", PDF)})
    for name, class_ in (("open", "intranet"), ("closed", "restricted"), ("sealed", "secret")):
        case = {"attachments": files, "disclosure": {"class": class_}}
        stand.tell(telling.event("case.received", now, name, case=case))
    bare = telling.event("case.received", now, "bare", case={"disclosure": {"class": "public"}})
    stand.tell(bare, telling.report(now))
    lab.collect(stand, lambda _: Played({"证据.pdf": PDF}))
    address = {no: f"/v1/cases/{row['case_id']}/attachments/{files[0]['sha256']}" for no, row in stand.cases().items()}
    with contextlib.closing(Door(stand, lab.parts)) as door:
        ordinary = door.key("somebody", "cases:read").token
        public = door.key("somebody", "feed:read:public").token
        shown = door.get(address["open"], ordinary)[0]
        guessed = {
            **{f"{no} with no key": door.get(path, "")[0] for no, path in address.items()},
            **{f"{no} with a public key": door.get(path, public)[0] for no, path in address.items()},
            **{f"{no} with an ordinary key": door.get(address[no], ordinary)[0] for no in ("closed", "sealed", "bare")},
        }
        hidden = telling.event("case.accepted", now, "open", case={"disclosure": {"class": "restricted"}})
        stand.tell(hidden, telling.report())
        flipped = door.get(address["open"], ordinary)[0]
    lab.keep("PUB", "answers.json", {"open": shown, **guessed, "open, once it is closed": flipped})
    reached = [name for name, status in {**guessed, "open, once it is closed": flipped}.items() if status < 400]  # noqa: PLR2004 - HTTP's
    if reached:
        return wrong(
            "hub",
            "非公开件的附件被取到",
            "the file of a case that is closed to somebody reached them",
            expected="401, 403 or 404",
            got=reached,
        )
    if shown != 200:  # noqa: PLR2004 - HTTP's
        return wrong("hub", "有权者取不到附件", "who may see the case cannot save its file", expected=200, got=shown)
    return passed("附件随件保密", "files are as secret as their case")
