"""Joins what citizens look up and send: a narrow way to read, and the portal's way to the intake."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from hub.citizens.firsts import Firsts
from hub.citizens.sending import Sending
from hub.citizens.tracking import citizens_key
from hub.store.public_reading import PublicReading
from hub.wiring.mappings import department_folders, load_mapping, mapping_files
from hub.wiring.sources import Sources

if TYPE_CHECKING:
    from pathlib import Path

    from hub.pushing import Desk


class ForCitizens(Sources):
    """The side of a hub that the public sees."""

    @cached_property
    def public_reading(self) -> PublicReading:
        """Return the little that the public site reads, over its own account of the store where it has one."""
        return PublicReading(self.settings.public_store_url)

    @cached_property
    def citizens_key(self) -> bytes:
        """Return the key of which numbers and secrets are made; the hub makes it, an outer site must be given it."""
        return citizens_key(self.settings.data_dir / "keys", makes=not self.is_edge)

    def portal(self, connection: str) -> tuple[Sending, Desk] | None:
        """Return what sends as a connection of the public site; None where no mapping of this process declares it.

        Whoever asks closes the desk.
        """
        path = self._file_of(connection)
        if path is None:
            return None
        live = self.live_mappings({path: load_mapping(path)}, load_mapping)
        desk = self.desk(live)
        sending = Sending(
            desk=desk,
            connection=connection,
            key=self.citizens_key,
            seal=self.vault.seal,
            now=self.clock.now,
            zone=self.settings.zone,
            city=self.settings.hub.city,
            numbering=live[connection].declaration.numbering,
            first=Firsts(self.settings.data_dir / "citizens").at,
        )
        return sending, desk

    def _file_of(self, connection: str) -> Path | None:
        """Find the file that declares a connection, reading no other: their secrets are not of this process."""
        if not self.settings.mappings.folder.is_dir():
            return None
        said = f"connection: {connection}"
        files = (path for folder in department_folders(self.settings.mappings.folder) for path in mapping_files(folder))
        return next((path for path in files if said in path.read_text(encoding="utf-8").splitlines()), None)
