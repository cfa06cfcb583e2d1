"""The sandbox: a second hub beside the first, with a store, a bus and keys of its own, where connections are tried.

Nothing in it reaches the live hub: no case, no alert, no key, no position of a source.
"""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hub.errors import Fault, Misconfigured
from hub.settings import BusSection, FeedSection, StoreSection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from hub.model.values import Portion, Record
    from hub.ports import Source
    from hub.settings import Settings

FOLDER: Final = "sandbox"

_CONNECTION: Final = re.compile(r"^connection:\s*(\S+)", re.MULTILINE)


def sandbox_of(settings: Settings) -> Settings:
    """Return the settings of the sandbox beside a hub: embedded store and bus, in a folder of its data folder.

    Nobody is told of its alerts.
    """
    folder = settings.data_dir / FOLDER
    return settings.model_copy(
        update={
            "hub": settings.hub.model_copy(update={"data_dir": folder}),
            "store": StoreSection(),
            "bus": BusSection(),
            "notify": settings.notify.model_copy(update={"on": False}),
            "mappings": settings.mappings.model_copy(update={"folder": folder / "mappings"}),
            "feed": FeedSection(views=("public", "intranet", "restricted")),
            "attachments": settings.attachments.model_copy(update={"folder": None}),
        }
    )


def placed(file: Path, folder: Path) -> Path:
    """Copy a mapping file, and all beside it that it may need, to its department's folder below `folder`.

    What declares another connection stays behind, but for the mappings of complaints that its own declaration names.
    Return the mapping's copy.
    """
    name, along = connection_in(file), _named_beside(file)
    target = folder / file.absolute().parent.name
    if target.is_dir():
        _check_free(target, name, file.name)
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(file.absolute().parent.iterdir()):
        other = connection_in(path) if path.suffix == ".yaml" else None
        if path.is_dir():
            shutil.copytree(path, target / path.name, dirs_exist_ok=True)
        elif (path.name in along or (other in (None, name) and ".out." not in path.name)) and path != (
            target / path.name
        ).absolute():
            shutil.copy2(path, target / path.name)
    return target / file.name


def _named_beside(file: Path) -> frozenset[str]:
    """Return the files that a mapping's declaration of conformance names for complaints: answers and orders."""
    declaration = file.parent / "conformance" / f"{file.stem}.yml"
    try:
        said = YAML(typ="safe", pure=True).load(declaration.read_text(encoding="utf-8"))
        return frozenset(map(str, said["complaints"].values()))
    except (OSError, UnicodeDecodeError, YAMLError, KeyError, TypeError, AttributeError):
        return frozenset()


def connection_in(file: Path) -> str | None:
    """Return the connection that a file declares, None where it declares none."""
    try:
        found = _CONNECTION.search(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
    return found[1].strip("\"'") if found else None


def find(folder: Path, connection: str) -> Path:
    """Return the file below `folder` that declares `connection`."""
    for path in sorted(folder.glob("*/*.yaml")):
        if connection_in(path) == connection and ".out." not in path.name:
            return path
    problem = f"the sandbox has no connection {connection}"
    raise Misconfigured(Fault(code="sandbox.unknown", problem=problem, hint="sunlight connection add FILE"))


def _check_free(target: Path, name: str | None, file: str) -> None:
    """Raise Misconfigured where another file there declares the connection, or that file declares another."""
    for path in target.glob("*.yaml"):
        declares = connection_in(path)
        is_other = path.name == file and declares is not None and declares != name
        if is_other or (path.name != file and declares == name and name is not None):
            problem = f"{path} declares {declares}"
            hint = "give each connection a file and an id of its own"
            raise Misconfigured(Fault(code="sandbox.taken", problem=problem, file=file, hint=hint))


class Trial:
    """A source of which so many records are read, and which is told of none; see hub.ports.Source."""

    def __init__(self, source: Source, most: int) -> None:
        """Read at most about `most` records of `source`: the portion that goes beyond is the last."""
        self._source, self._most = source, most

    def read(self, checkpoint: Mapping[str, Any] | None) -> Iterator[Portion]:
        """Yield the source's first portions."""
        count = 0
        for portion in self._source.read(checkpoint):
            yield portion
            count += len(portion.records)
            if count >= self._most:
                return

    def acknowledge(self, records: Sequence[Record]) -> None:
        """Tell the source nothing: what was tried is still to be read."""

    def probe(self) -> Mapping[str, str]:
        """Try the source."""
        return self._source.probe()

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()
