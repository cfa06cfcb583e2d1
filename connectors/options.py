"""Reads what a mapping declares of its source (`connect:`, `read:`) into values, and reports every fault at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Protocol

from connectors.encodings import UTF_8, canonical
from hub.errors import Fault, Misconfigured

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_SECRET: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


UNSET: Final = "source.unset"
"""Code of the fault that a secret is named and the environment does not have it."""


READERS: Final = frozenset({"every", "hours", "quiet", "position", "attachments"})
"""Options of `connect` that say when, and from where, a source is read, whatever its kind: they are the reader's, or of
whoever fetches attachments."""


class Declaration(Protocol):
    """What a source needs to know of the mapping that declares it."""

    @property
    def connection(self) -> str:
        """Return the connection's id."""

    @property
    def kind(self) -> str:
        """Return the kind of source: a key of SOURCES."""

    @property
    def connect(self) -> Mapping[str, Any]:
        """Return how the system is reached, as written: secrets are named `${NAME}`."""

    @property
    def read(self) -> Mapping[str, Any]:
        """Return how what it holds is to be read, as written: `encoding`, `timezone`."""


def encoding_of(declaration: Declaration) -> str:
    """Return the encoding of the source's bytes."""
    return canonical(str(declaration.read.get("encoding") or UTF_8), place=declaration.connection)


def namespaces_of(declaration: Declaration) -> dict[str, str]:
    """Return the mapping's prefix by XML namespace."""
    return {str(uri): str(prefix) for prefix, uri in (declaration.read.get("namespaces") or {}).items()}


class Options:
    """One section of a declaration, taken apart key by key; `done` complains of everything at once."""

    def __init__(
        self, values: Mapping[str, Any], *, file: str, environment: Mapping[str, str], path: str = "connect"
    ) -> None:
        """Read `values`, which stand at `path` of the mapping of `file`; `${NAME}` is taken from `environment`."""
        self._values, self._path, self._file, self._environment = values, path, file, environment
        self._asked: set[str] = set()
        self.faults: list[Fault] = []

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default it must be there."""
        value = self._take(key, default)
        if value is None or (value == "" and default is None):
            self.fault(key, "is missing", f"write it under {self._path}: in the mapping file")
            return ""
        return _SECRET.sub(lambda name: self._secret(key, name[1]), str(value))

    def choice(self, key: str, known: Collection[str], default: str) -> str:
        """Return one of `known`."""
        value = self.text(key, default)
        if value not in known:
            self.fault(key, f"is {value!r}", f"write one of {', '.join(sorted(filter(None, known)))}")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """Return yes or no; YAML's `yes` and `true` are both yes."""
        value = self._take(key, default)
        words = {True: True, False: False, "yes": True, "no": False}
        if value not in words:
            self.fault(key, f"is {value!r}", "write yes or no")
            return default
        return words[value]

    def seconds(self, key: str, default: float) -> float:
        """Return a duration such as `30s`, `2m`, `1h` in seconds; a bare number is seconds."""
        value = self._take(key, default)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
            return float(value)
        found = _DURATION.fullmatch(str(value).strip())
        if not found:
            self.fault(key, f"{value!r} is no duration", "write e.g. 30s, 2m, 1h")
            return 0.0
        return float(found.group(1)) * _SECONDS[found.group(2)]

    def count(self, key: str, default: int) -> int:
        """Return a whole number of at least 1."""
        value = self._take(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            self.fault(key, f"{value!r} is no count", "write a whole number of at least 1")
            return default
        return value

    def plain(self) -> dict[str, Any]:
        """Return the section with its secrets filled in, whatever it holds."""
        return {str(key): self._plain(str(key), value) for key, value in self._values.items()}

    def _plain(self, key: str, value: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
        if isinstance(value, dict):
            return {str(name): self._plain(key, child) for name, child in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._plain(key, child) for child in value]
        return _SECRET.sub(lambda name: self._secret(key, name[1]), value) if isinstance(value, str) else value

    def names(self) -> tuple[str, ...]:
        """Return every key there is, where any may be."""
        return tuple(str(key) for key in self._values)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty by default."""
        value = self._take(key, ())
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
            self.fault(key, "is no list of names", "write [a, b, c]")
            return ()
        return tuple(value)

    def section(self, key: str) -> Options:
        """Return the mapping under `key`, empty by default; its faults are reported with these."""
        value = self._take(key, {})
        if not hasattr(value, "items"):
            self.fault(key, "is no mapping", "write {key: value}")
            value = {}
        inner = Options(value, path=f"{self._path}.{key}", file=self._file, environment=self._environment)
        inner.faults = self.faults
        return inner

    def fault(self, key: str, problem: str, hint: str, *, code: str = "source.option") -> None:
        """Complain of one key; what its value lacks matters only once all of it is known."""
        path = f"{self._path}.{key}"
        if not any(fault.code == UNSET and fault.target_path == path for fault in self.faults):
            self.faults.append(Fault(code=code, problem=problem, file=self._file, target_path=path, hint=hint))

    def no_more(self, *, also: Collection[str] = ()) -> None:
        """Complain of every key that nobody asked for, save `also`: a misspelt option must not become a default."""
        for key in self._values:
            if key not in self._asked and key not in also:
                self.fault(key, "is not an option of this kind of source", f"known: {', '.join(sorted(self._asked))}")

    def done(self) -> None:
        """Raise Misconfigured with every fault found, if there is any."""
        if self.faults:
            raise Misconfigured(*self.faults)

    def _take(self, key: str, default: Any) -> Any:  # noqa: ANN401 - whatever YAML holds
        self._asked.add(key)
        value = self._values.get(key)
        return default if value is None else value

    def _secret(self, key: str, name: str) -> str:
        if name not in self._environment:
            self.fault(key, f"the environment has no {name}", f"set {name} for this process", code=UNSET)
        return self._environment.get(name, "")
