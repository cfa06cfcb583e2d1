"""What a certificate binds of a connector is that connector: an edit of another owes nobody a run."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from conformance.program import PACKAGE, ROOT, connector_files, connector_sha256
from connectors import SOURCES
from hub.errors import Misconfigured

if TYPE_CHECKING:
    from pathlib import Path

KINDS = (*SOURCES, "push")


def names(kind: str, root: Path = ROOT) -> set[str]:
    return {file.relative_to(root / PACKAGE).as_posix() for file in connector_files(kind, root)}


def test_each_kind_has_a_digest_of_its_own() -> None:
    assert len({connector_sha256(kind) for kind in KINDS}) == len(KINDS)
    with pytest.raises(Misconfigured):
        connector_sha256("telepathy")


def test_a_connector_has_what_it_imports_and_nothing_of_another() -> None:
    assert {"database.py", "database_engine.py", "database_reconcile.py", "codecs/row.py"} <= names("database")
    assert {"soap.py", "soap_wsdl.py", "http/client.py", "codecs/xml.py"} <= names("soap")
    assert {"files.py", "folders/sftp.py", "folders/smb.py"} <= names("files"), "chosen as it runs"
    for kind in KINDS:
        foreign = {f"{other}.py" for other in KINDS if other != kind}
        assert "__init__.py" in names(kind)
        assert not names(kind) & foreign - ({"rest.py"} if kind == "soap" else set())
    assert not {name for name in names("files") | names("rest") if name.startswith(("database", "soap"))}


def test_every_source_of_the_connectors_is_some_kind_s_or_sends_only() -> None:
    sending = {"sinks.py", "sink_asking.py", "sink_table.py", "webhook.py", "fetching.py", "reach.py", "scanning.py",
               "codecs/xml_writer.py"}  # fmt: skip
    every = {file.relative_to(ROOT / PACKAGE).as_posix() for file in (ROOT / PACKAGE).rglob("*.py")}
    left = every - set[str]().union(*(names(kind) for kind in KINDS)) - sending
    assert {name for name in left if not name.startswith(("channels/", "http/", "folders/"))} == set()


def test_an_edit_of_what_a_connector_imports_changes_it_and_another_edit_does_not(tmp_path: Path) -> None:
    shutil.copytree(ROOT / PACKAGE, tmp_path / PACKAGE)

    def texts(kind: str) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in connector_files(kind, tmp_path)}

    before = {kind: texts(kind) for kind in KINDS}
    edited = tmp_path / PACKAGE / "soap_wsdl.py"
    edited.write_text(edited.read_text(encoding="utf-8") + "\n# x\n", encoding="utf-8")
    assert {kind for kind in KINDS if texts(kind) != before[kind]} == {"soap"}
    edited = tmp_path / PACKAGE / "codecs" / "row.py"
    edited.write_text(edited.read_text(encoding="utf-8") + "\n# x\n", encoding="utf-8")
    assert "database" in {kind for kind in KINDS if texts(kind) != before[kind]}
