"""Encoding: characters that survive, bytes that are what they are declared to be, texts that were garbled before."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx

from conformance.checks.common import awaited, pushed, texts_of, with_texts, wrong
from conformance.checks.transport import _files, _read, filled
from conformance.finding import Finding, passed, skipped
from conformance.reference.web import Asked, Told, WebSystem
from connectors.encodings import PINNED, normalised
from connectors.plausibility import judged
from connectors.push import push_format
from hub.errors import HubError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from conformance.lab import Lab
    from hub.model.values import Record


def characters_survive(lab: Lab) -> Finding:
    """ENC-01: the rare characters of the scripted title stand in the canonical event as they were keyed in."""
    return awaited(lab) or _title_survives(lab)


def _title_survives(lab: Lab) -> Finding:
    scripted = next(case for case in lab.script.values() if case.title)
    events = lab.scripted_events()[scripted.number]
    if not events:
        return skipped("含生僻字的脚本办件没有到达", "the scripted case with rare characters did not come")
    title = str(events[0]["data"]["case"].get("title", ""))
    lab.keep("CAN", "event.json", events[0])
    if scripted.title not in title:
        return wrong(
            "department",
            "生僻字在途中丢失",
            "rare characters were lost on the way",
            expected=" ".join(f"U+{ord(char):04X}" for char in scripted.title),
            got=" ".join(f"U+{ord(char):04X}" for char in title if ord(char) > 0x7F)[-80:],  # noqa: PLR2004 - beyond ASCII
            pointer="/data/case/title",
            fix=("按申报的编码完整输出，不用替换字符", "write the whole declared encoding, without replacing"),
        )
    return passed("生僻字逐字无损", "rare characters survive one by one")


def gb18030_is_whole(lab: Lab) -> Finding:
    """ENC-02: four-byte forms survive the department's way, and what GB 18030 moved comes out by a pinned table."""
    waiting = awaited(lab)
    if waiting is not None:
        return waiting
    title = _title_survives(lab)
    if title.verdict != "pass":
        return title
    got = {raw.hex(): normalised(raw.decode("gb18030")) for raw in PINNED}
    lab.keep("LOG", "pinned.json", got)
    for raw, expected in PINNED.items():
        if got[raw.hex()] != expected:
            return wrong(
                "connector",
                "GB18030 映射不按固定表",
                "GB 18030 is not mapped by the pinned table",
                expected=f"{raw.hex()} U+{ord(expected):04X}",
                got=f"U+{ord(got[raw.hex()]):04X}",
            )
    return passed("四字节与 2022 版映射无损", "four-byte forms and the mappings of 2022 are whole")


OTHER: Final = {"utf-8": "gb18030", "gb18030": "utf-8"}


def conflicts_are_refused(lab: Lab) -> Finding:
    """ENC-03: bytes in another encoding than is declared are refused; no record comes of them with another text.

    The same way is gone with unchanged bytes before and after: who is away, or has nothing, has refused nothing.
    """
    declared = lab.declared.document["encoding"]
    sound = {text for record in lab.given() for text in texts_of(record.tree)}
    other = OTHER[declared]
    conflicts: dict[str, Callable[[bytes], bytes]] = {
        f"{other} bytes": lambda raw: raw.decode(declared).encode(other),
        "UTF-16 bytes": lambda raw: raw.decode(declared).encode("utf-16"),
        "a stray byte": lambda raw: _with_stray(raw, declared, sound),
    }
    found, plain = {}, _unchanged(lab)
    for name, change in conflicts.items():
        records = _conflicting(lab, change)
        if records is None:
            continue
        strange = [
            text for record in records if record.refused is None for text in texts_of(record.tree) if text not in sound
        ]
        found[name] = {"records": len(records), "refused": sum(record.refused is not None for record in records)}
        if strange or (records and not found[name]["refused"]):
            return wrong(
                "connector",
                f"编码冲突（{name}）未被拒收",
                f"a conflict of encodings ({name}) was not refused",
                expected="refused",
                got=strange[0][:40] if strange else f"{len(records)} records, as if nothing were odd",
            )
    lab.keep("QUA", "conflicts.json", {**found, "unchanged": plain})
    if _unchanged(lab) != plain or not found:
        return skipped(
            "来源中断，或没有可致冲突的文字", "the source went away meanwhile, or no text of it can conflict"
        )
    return passed("编码冲突一律拒收", "every conflict of encodings is refused")


def _unchanged(lab: Lab) -> int:
    """Return how many records come the same way with their bytes as they are; Unavailable where none does."""
    records = [record for record in _reread(lab, bytes) if record.refused is None]
    if not records:
        hint = "give an export: --data FILE; or let the department send, and run it again"
        raise Unavailable("unchanged, nothing can be read of the source", place=lab.connection, hint=hint)
    return len(records)


def _conflicting(lab: Lab, change: Callable[[bytes], bytes]) -> Sequence[Record] | None:
    """Return what is read of changed bytes, nothing where they are refused whole; None where nothing was changed."""
    changes: list[bool] = []

    def changing(raw: bytes) -> bytes:
        changed = change(raw)
        changes.append(changed != raw)
        return changed

    try:
        records = _reread(lab, changing)
    except HubError:
        if not changes:
            raise
        records = ()
    return records if any(changes) else None


def _with_stray(raw: bytes, encoding: str, sound: Collection[str]) -> bytes:
    """Return bytes with one that no encoding here has, in the midst of Chinese or, where there is none, of a value."""
    text = raw.decode(encoding)
    chinese = (at for at, char in enumerate(text) if "一" <= char <= "龥")
    values = (at for value in sorted(sound, key=len, reverse=True) if value and (at := text.find(value)) >= 0)
    place = next(chinese, None)
    if place is None:
        place = next(values, len(text) - 1)
    return text[:place].encode(encoding) + b"\xff\xff" + text[place + 1 :].encode(encoding)


def _reread(lab: Lab, change: Callable[[bytes], bytes]) -> Sequence[Record]:
    """Read what the department gives once more, its bytes changed on the way, as the hub would."""
    declaration = lab.mapping.declaration
    if declaration.kind == "push":
        return push_format(declaration).records(change(pushed(lab, lab.given()[:5])))
    if declaration.kind == "files":
        return _as_hub(lab, _changed_file(lab, change))
    with contextlib.closing(_proxy(lab, change)) as web:
        return _as_hub(lab, _read(lab, web.url))


def _as_hub(lab: Lab, records: Sequence[Record]) -> Sequence[Record]:
    takes_any = lab.mapping.declaration.read.get("texts") == "any"
    return records if takes_any else [judged(record) for record in records]


def _changed_file(lab: Lab, change: Callable[[bytes], bytes]) -> Sequence[Record]:
    inbox = Path(filled(str(lab.mapping.declaration.connect["path"]), lab.environment))
    whole = min(inbox.glob(str(lab.mapping.declaration.connect.get("pattern", "*"))), default=None)
    if whole is None:
        raise Unavailable("there is no file in the folder yet", place=str(inbox))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / whole.name).write_bytes(change(whole.read_bytes()))
        return _files(lab, Path(folder))


def _proxy(lab: Lab, change: Callable[[bytes], bytes]) -> WebSystem:
    real = filled(str(lab.mapping.declaration.connect["url"]), lab.environment)

    def answer(asked: Asked) -> Told:
        kept = {
            name: asked.headers[name]
            for name in ("authorization", "content-type", "soapaction")
            if name in asked.headers
        }
        method = "POST" if asked.body else "GET"
        told = httpx.request(method, real, params=asked.query, content=asked.body, headers=kept, trust_env=False)
        return Told(told.status_code, told.headers.get("content-type", ""), change(told.content))

    return WebSystem(answer)


def _as_gbk(text: str) -> str:
    return text.encode().decode("gb18030", errors="replace")


def _as_latin(text: str) -> str:
    return text.encode().decode("latin-1")


def _replaced(text: str) -> str:
    return "".join("\ufffd" if "一" <= char <= "龥" else char for char in text)


GARBLINGS: Final[Sequence[tuple[str, Callable[[str], str]]]] = (
    ("UTF-8 read as GBK", _as_gbk),
    ("UTF-8 read as Latin", _as_latin),
    ("replacement signs", _replaced),
)


def mojibake_is_refused(lab: Lab) -> Finding:
    """ENC-04: garbled texts are refused with a sample, sound ones are not; and the department has sent none."""
    garbled = [row for row in lab.refused() if row["code"] == "decode.garbled"]
    if garbled:
        lab.keep("QUA", "garbled.json", {name: garbled[0][name] for name in ("code", "problem", "place")})
        return wrong(
            "department",
            "部门送来乱码",
            "the department sends garbled texts",
            expected="sound texts",
            got=garbled[0]["problem"],
            pointer=garbled[0]["place"],
            fix=("在最初弄乱之处改正编码转换", "mend the conversion where the text was first garbled"),
        )
    chinese = [
        record for record in lab.given() if any("一" <= char <= "龥" for text in texts_of(record.tree) for char in text)
    ]
    if not chinese:
        return skipped("没有含汉字的记录", "no record holds Chinese")
    for name, garble in GARBLINGS:
        (seen,) = _as_hub(lab, [with_texts(chinese[0], garble)])
        if seen.refused is None:
            return wrong(
                "connector",
                f"乱码（{name}）未被拒收",
                f"garbled text ({name}) was not refused",
                expected="refused",
                got="mapped",
                fix=("去掉 read.texts: any", "take out read: {texts: any}"),
            )
    lab.keep("MET", "rate.json", {"records": len(lab.given()), "garbled": 0})
    return passed("乱码一律拒收", "garbled texts are refused")
