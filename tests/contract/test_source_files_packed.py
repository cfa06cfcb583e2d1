"""Files packed in archives and files of fixed width: every member once, and no archive that does harm."""

from __future__ import annotations

import gzip
import io
import stat
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from connectors import file_packing, open_source, reopen_record
from connectors.codecs import CODECS, CodecOptions
from hub.errors import Misconfigured
from tests.support.shelves import Declared

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def read(folder: Path, read: Mapping[str, Any] | None = None, **connect: Any) -> list[Any]:
    declared = Declared(kind="files", connect={"path": str(folder), **connect}, read=read or {})
    source = open_source(declared, {})
    return [record for portion in source.read(None) for record in portion.records]


def told(records: list[Any]) -> list[str]:
    return [record.refused.code if record.refused else record.tree["n"] for record in records]


def pack(path: Path, members: Mapping[Any, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_each_member_of_an_archive_is_read_in_the_format_that_its_name_tells(tmp_path: Path) -> None:
    pack(tmp_path / "a.zip", {"x/1.csv": b"n\n1\n2\n", "2.jsonl": b'{"n": "3"}\n', "x/": b"", ".hidden": b"?"})
    found = read(tmp_path)
    assert told(found) == ["1", "2", "3"]
    assert [record.place for record in found] == ["a.zip/x/1.csv:2", "a.zip/x/1.csv:3", "a.zip/2.jsonl:1"]
    declared = Declared(kind="files", connect={"path": "x"})
    assert reopen_record(declared, found[1].raw, found[1].place).tree == {"n": "2"}


def test_members_are_chosen_by_their_names_and_named_as_old_systems_do(tmp_path: Path) -> None:
    old = zipfile.ZipInfo("案件.csv".encode("gb18030").decode("cp437"))
    old.flag_bits = 0
    pack(tmp_path / "a.zip", {"readme.txt": b"hello", "b.csv": b"n\n1\n"})
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("x.csv", b"n\n2\n")
    raw = (tmp_path / "b.zip").read_bytes().replace(b"x.csv", "案.c".encode("gb18030")[:2] + b"csv"[:3])
    (tmp_path / "b.zip").write_bytes(raw)
    found = read(tmp_path, members="*csv", format="csv")
    assert told(found) == ["1", "2"]
    assert found[1].place == r"b.zip/\xb0\xb8csv:2"


@pytest.mark.servers
def test_an_archive_on_a_server_is_read_from_a_copy(tmp_path: Path, ftp: Any) -> None:
    pack(tmp_path / "a.zip", {"1.csv": b"n\n" + b"1\n" * 5000})
    declared = Declared(kind="files", connect=ftp.connect(tmp_path))
    with closing(open_source(declared, {})) as source:
        assert sum(len(portion.records) for portion in source.read(None)) == 5000


def hostile(path: Path, kind: str) -> None:
    """Make an archive with one member that does harm between two that do none."""
    bad: zipfile.ZipInfo | str = {
        "out": "../../etc/passwd.csv",
        "absolute": "/etc/passwd.csv",
        "drive": "c:/x.csv",
    }.get(kind, "bad.csv")
    if kind == "link":
        bad = zipfile.ZipInfo("bad.csv")
        bad.external_attr = (stat.S_IFLNK | 0o777) << 16
    content = b"n\n" + (b"\0" * (80 << 20) if kind == "bomb" else b"/etc/passwd\n")
    pack(path, {"1.csv": b"n\n1\n", bad: content, "2.csv": b"n\n2\n"})
    raw = path.read_bytes()
    if kind == "locked":
        with zipfile.ZipFile(path) as archive:
            at = archive.getinfo("bad.csv").header_offset
        entry = raw.index(b"PK\x01\x02", raw.index(b"PK\x01\x02") + 1)
        raw = raw[: at + 6] + b"\x01" + raw[at + 7 : entry + 8] + b"\x01" + raw[entry + 9 :]
    if kind == "torn":
        at = raw.index(b"bad.csv") + len(b"bad.csv")
        raw = raw[:at] + b"\xff\xff\xff\xff" + raw[at + 4 :]
    path.write_bytes(raw)


@pytest.mark.parametrize("kind", ["out", "absolute", "drive", "link", "locked", "torn", "bomb"])
def test_a_member_that_does_harm_leaves_its_neighbours_untouched(tmp_path: Path, kind: str) -> None:
    hostile(tmp_path / "a.zip", kind)
    (tmp_path / "b.csv").write_text("n\n3\n")
    codes = told(read(tmp_path))
    assert [code for code in codes if "." not in code] == ["1", "2", "3"]
    assert [code for code in codes if "." in code][-1] == "decode.bad-pack"
    assert not (tmp_path.parent / "etc").exists()


@pytest.mark.parametrize("content", [b"PK\x03\x04 and no more", b"PK\x05\x06"])
def test_an_archive_that_is_none_is_refused_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    (tmp_path / "b.csv").write_text("n\n3\n")
    assert told(read(tmp_path)) == ["decode.bad-pack", "3"]


def test_an_archive_of_too_many_members_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_packing, "MEMBERS", 2)
    pack(tmp_path / "a.zip", dict.fromkeys(["1.csv", "2.csv", "3.csv"], b"n\n1\n"))
    assert told(read(tmp_path)) == ["decode.bad-pack"]


def test_a_gzip_bomb_ends_where_no_table_would(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(gzip.compress(b"n\n" + b"\0" * (100 << 20)))
    (tmp_path / "b.csv").write_text("n\n3\n")
    assert told(read(tmp_path))[-2:] == ["decode.bad-pack", "3"]


def test_tables_that_repeat_much_are_no_bombs(tmp_path: Path) -> None:
    row = ("320000,办结,2026-03-02 10:00:00,泰兴市住房和城乡建设局,不动产登记,1\n" * 10).encode()
    head = b"a,b,c,d,e,n\n"
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(head + row * 100_000))
    assert len(read(tmp_path)) == 1_000_000


WIDTHS = {"no": 4, "name": 6, "on": 8}


def fixed(raw: bytes, encoding: str = "gb18030") -> list[Any]:
    return list(CODECS["fixed"](io.BytesIO(raw), CodecOptions(place="f", encoding=encoding, widths=WIDTHS)))


def test_fields_of_fixed_width_are_counted_in_bytes_of_the_declared_encoding() -> None:
    lines = "001 张三  20260302\r\n\n0002李  四20260303\n003 王    \n".encode("gb18030")
    assert [dict(record.tree) for record in fixed(lines)] == [
        {"no": "001", "name": "张三", "on": "20260302"},
        {"no": "0002", "name": "李  四", "on": "20260303"},
        {"no": "003", "name": "王", "on": ""},
    ]


def test_a_line_of_another_width_or_a_torn_character_is_refused_alone() -> None:
    lines = "001 张三  20260302X\n001\n002 张三丰20260302\n003 a张三丰2026030\n".encode("gb18030")
    assert [record.refused.code if record.refused else record.tree["no"] for record in fixed(lines)] == [
        "decode.wrong-width", "decode.wrong-width", "002", "decode.bad-encoding",
    ]  # fmt: skip


def test_widths_must_be_declared(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="widths"):
        read(tmp_path, format="fixed")
    (tmp_path / "a.txt").write_bytes("001 张三  20260302\n".encode("gb18030"))
    (record,) = read(tmp_path, {"encoding": "gb2312"}, format="fixed", widths=WIDTHS)
    declared = Declared(
        kind="files", connect={"path": "x", "format": "fixed", "widths": WIDTHS}, read={"encoding": "gb2312"}
    )
    assert reopen_record(declared, record.raw, record.place).tree == record.tree


def test_tabs_part_the_fields_of_a_tsv(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text('n\tm\n1\t"a\tb"\n')
    assert read(tmp_path)[0].tree == {"n": "1", "m": "a\tb"}
