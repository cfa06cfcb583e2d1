"""Keeps evidence under the digest of its bytes, after taking secrets out; and finds secrets that are there."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from conformance.hiding import without_secrets, without_secrets_in
from conformance.model import EvidenceItem
from hub.errors import Fault, HubError, Misconfigured
from hub.files import make_folder_durably, sync_folder, write_durably

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from conformance.model import EvidenceCode
    from hub.ports import Vault

RETAINED_MONTHS: Final = 24
"""Months for which the bytes are kept (conformance specification, 3.6); their digests stay for good."""

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class EvidenceStore:
    """A folder of files, each named by the SHA-256 of its bytes; the same bytes are kept once.

    With a vault each file is sealed: whoever has the folder and not the vault's private key reads nothing.
    """

    def __init__(self, folder: Path, secrets: Sequence[str] = (), vault: Vault | None = None) -> None:
        """Keep in `folder`; `secrets` are taken out of everything, besides what looks like one."""
        self.folder, self._secrets, self._vault = folder, secrets, vault

    def keep(self, code: EvidenceCode, name: str, data: bytes, media_type: str = "application/json") -> EvidenceItem:
        """Keep bytes, durably, and return how they are named. What lies there torn or altered is written anew."""
        clean = without_secrets(data, self._secrets)
        digest = hashlib.sha256(clean).hexdigest()
        if not self.is_whole(digest):
            make_folder_durably(self.folder)
            write_durably(self.folder / digest, self._vault.seal(clean) if self._vault else clean)
        else:
            (self.folder / digest).touch()
        written = without_secrets_in(name, self._secrets)
        return EvidenceItem(code=code, sha256=digest, name=written, media_type=media_type, size_bytes=len(clean))

    def read(self, sha256: str) -> bytes:
        """Return bytes that were kept; Misconfigured where they are gone, or are not those of that digest."""
        kept = self.kept_as(sha256)
        if hashlib.sha256(kept).hexdigest() == sha256:
            return kept
        opened = self._vault.open(kept) if self._vault else b""
        if hashlib.sha256(opened).hexdigest() != sha256:
            raise damaged(sha256)
        return opened

    def is_whole(self, sha256: str) -> bool:
        """Tell whether a piece can be read, and is what its digest says: not where the vault cannot open it."""
        try:
            self.read(sha256)
        except HubError:
            return False
        return True

    def kept_as(self, sha256: str) -> bytes:
        """Return a piece as it lies there, sealed where there is a vault; Misconfigured where it is gone."""
        try:
            return (self.folder / sha256).read_bytes()
        except FileNotFoundError as gone:
            problem, hint = "these bytes are not kept any more", f"they go after {RETAINED_MONTHS} months; run it again"
            raise Misconfigured(Fault(code="evidence.gone", problem=problem, file=sha256, hint=hint)) from gone

    def has(self, sha256: str) -> bool:
        """Tell whether a piece is kept still."""
        return (self.folder / sha256).is_file()

    def forget(self, sha256: str) -> bool:
        """Let go of a piece; False where it was gone already."""
        was_there = self.has(sha256)
        (self.folder / sha256).unlink(missing_ok=True)
        if was_there:
            sync_folder(self.folder)
        return was_there

    def kept_on(self, sha256: str) -> date | None:
        """Return the day on which a piece was kept last, by its file (UTC); None where it is gone."""
        try:
            return datetime.fromtimestamp((self.folder / sha256).stat().st_mtime, UTC).date()
        except FileNotFoundError:
            return None

    def names(self) -> Sequence[str]:
        """Return the digest of every piece that is kept; what is being written is none yet."""
        return sorted(path.name for path in self.folder.glob("*") if _DIGEST.fullmatch(path.name))


def damaged(sha256: str) -> Misconfigured:
    """Say that the bytes of a piece are not what they were."""
    problem, hint = "the bytes are not those of their digest", "they were torn or altered: run the test again"
    return Misconfigured(Fault(code="evidence.damaged", problem=problem, file=sha256, hint=hint))
