"""A kit writes nowhere but into its own folder, whatever names and bytes somebody has put into it."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import orjson
import pytest

from conformance.kit import pack, unpack
from conformance.lines import line_of
from conformance.sessions import Sessions
from hub.errors import Misconfigured
from tests.support.certifying import a_header

if TYPE_CHECKING:
    from pathlib import Path

ZONE: Final = ZoneInfo("Asia/Shanghai")


def a_kit(folder: Path, **header: Any) -> bytes:
    session = Sessions(folder / "sessions", ZONE).begin(a_header())
    line = orjson.dumps(line_of(a_header(**header), ZONE)) + b"\n"
    return changed(pack(session, {"a.csv": b"1,2\n"}), {"claimed.ndjson": line} if header else {})


def changed(kit: bytes, files: dict[str, bytes]) -> bytes:
    """Return a kit with other files, and a manifest of them all."""
    with zipfile.ZipFile(io.BytesIO(kit)) as archive:
        held = {name: archive.read(name) for name in archive.namelist() if name != "manifest.json"} | files
    held["manifest.json"] = orjson.dumps({name: hashlib.sha256(data).hexdigest() for name, data in held.items()})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in held.items():
            archive.writestr(name, data)
    return packed.getvalue()


def test_a_kit_gives_back_what_was_packed(tmp_path: Path) -> None:
    kit = unpack(a_kit(tmp_path), tmp_path / "kit")
    assert kit.claimed.header == a_header()
    assert {path.name: path.read_bytes() for path in kit.source.iterdir()} == {"a.csv": b"1,2\n"}


@pytest.mark.parametrize("session", ["../../escaped", "/tmp/escaped", "a/b", "..", "", "x" * 60, "a\\b", "a.b"])  # noqa: S108 - refused
def test_a_session_s_name_leads_nowhere_else(tmp_path: Path, session: str) -> None:
    with pytest.raises(Misconfigured, match="no name"):
        unpack(a_kit(tmp_path, session=session), tmp_path / "kit")


@pytest.mark.parametrize("name", ["source/../../x", "../x", "/x", "source/a/b", "source/..\\x", "x", "source/"])
def test_a_file_without_a_place_is_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(Misconfigured, match="no place"):
        unpack(changed(a_kit(tmp_path), {name: b"x"}), tmp_path / "deep" / "kit")
    assert not (tmp_path / "deep").exists()


def test_what_is_broken_is_said_to_be_so(tmp_path: Path) -> None:
    kit = a_kit(tmp_path)
    with zipfile.ZipFile(io.BytesIO(kit)) as archive:
        at = archive.getinfo("source/a.csv").header_offset
    encrypted, method = bytearray(kit), bytearray(kit)
    central = kit.rindex(b"PK\x01\x02", 0, kit.rindex(b"source/a.csv"))
    for place in (at + 6, central + 8):
        encrypted[place] |= 1
    for place in (at + 8, central + 10):
        method[place] = 99
    no_header = changed(kit, {"claimed.ndjson": b'{"line":"header","v":1,"bindings":"none","session":"s"}\n'})
    listed = changed(kit, {"claimed.ndjson": b"[]\n"})
    no_level = changed(kit, {"claimed.ndjson": orjson.dumps({**line_of(a_header(), ZONE), "target": "C9"}) + b"\n"})
    for n, broken in enumerate([bytes(encrypted), bytes(method), kit[:200], b"", no_header, listed, no_level]):
        with pytest.raises(Misconfigured):
            unpack(broken, tmp_path / str(n))


def test_a_name_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO(a_kit(tmp_path))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("source/a.csv", b"9,9\n")
    with pytest.raises(Misconfigured, match="twice"):
        unpack(packed.getvalue(), tmp_path / "kit")
