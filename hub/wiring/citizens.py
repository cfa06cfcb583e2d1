"""Joins what citizens look up and send: a narrow way to read."""

from __future__ import annotations

from functools import cached_property

from hub.store.public_reading import PublicReading
from hub.wiring.base import Base


class ForCitizens(Base):
    """The side of a hub that the public sees."""

    @cached_property
    def public_reading(self) -> PublicReading:
        """Return the little that the public site reads, over its own account of the store where it has one."""
        return PublicReading(self.settings.public_store_url)
