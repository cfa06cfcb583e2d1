"""Joins what fetches the files that cases name, and what hands them out."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from connectors.fetching import open_fetcher
from connectors.push import KIND as PUSH
from connectors.scanning import Clamd
from hub.attachments.collector import Collector
from hub.attachments.offered import Offered
from hub.attachments.shelf import Shelf
from hub.clock import SystemClock
from hub.store.attachments import StoredAttachments
from hub.wiring.base import Base
from hub.wiring.mappings import department_folders, load_mapping, mapping_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hub.attachments.ports import Fetcher
    from hub.ports import Bus


class Attached(Base):
    """The side of a hub that keeps files."""

    @cached_property
    def attachments(self) -> StoredAttachments:
        """Return how files stand."""
        return StoredAttachments(self.settings.store_url)

    @property
    def files(self) -> Shelf:
        """Return where files are kept, sealed to the vault."""
        return Shelf(self._folder, self.vault)

    @property
    def _folder(self) -> Path:
        return self.settings.attachments.folder or self.settings.data_dir / "attachments"

    def collector(self, bus: Bus, fetcher: Callable[[str], Fetcher | None] | None = None) -> Collector:
        """Return who fetches files, for one thread; by `fetcher`, or from where the mappings say."""
        settings = self.settings.attachments
        host, _, port = settings.scanner.partition(":")
        return Collector(
            wanted=self.attachments,
            shelf=self.files,
            fetcher=fetcher or self._fetcher,
            scanner=Clamd(host, int(port)) if host else None,
            bus=bus,
            clock=self.clock,
            largest_bytes=settings.largest_mb << 20,
            kept_months=settings.keep_months,
        )

    def _fetcher(self, connection: str) -> Fetcher | None:
        """Open what fetches the files of a connection, by its mapping as it is now."""
        for path in self._mentioning(connection):
            declared = load_mapping(path).declaration
            if declared.connection == connection:
                places = open_fetcher(declared, os.environ)
                return self.offered(connection, places) if declared.kind == PUSH else places
        return None

    def offered(self, connection: str, further: Fetcher | None = None) -> Offered:
        """Return what a department that sends has sent ahead; what waited too long is forgotten."""
        found = Offered(self._folder / "offered", connection, further, self.vault)
        found.forget(SystemClock().now())
        return found

    def _mentioning(self, connection: str) -> Iterator[Path]:
        """Yield the mapping files that may be of a connection, without loading the others."""
        folder = self.settings.mappings.folder
        for each in department_folders(folder) if folder.is_dir() else ():
            for path in mapping_files(each):
                if connection in path.read_text(encoding="utf-8", errors="replace"):
                    yield path
