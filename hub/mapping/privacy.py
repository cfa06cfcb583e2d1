"""Masks and tokenises persons before anything leaves the connector: never a clear name, id or phone."""

from __future__ import annotations

import hmac
import unicodedata
from typing import Final

from hub.mapping.values import as_text
from hub.model.organisations import is_citizen_id, is_organisation

_COMPOUND: Final = frozenset({
    "欧阳", "司马", "上官", "诸葛", "夏侯", "东方", "尉迟", "公孙", "慕容", "司徒", "令狐", "皇甫", "宇文", "长孙",
})  # fmt: skip
"""Surnames of two characters that are met in practice; any other surname is one character."""

_NAME_CHARS: Final = 3
_ID_CHARS: Final = 8
_PHONE_CHARS: Final = 10


def mask_name(value: object) -> str | None:
    """Keep the surname (the first letter of other scripts) and one star."""
    text = _clean(value)
    if text is None:
        return None
    if len(text) == 1:
        return "*"
    return (text[:2] if len(text) >= _NAME_CHARS and text[:2] in _COMPOUND else text[0]) + "*"


def mask_id(value: object) -> str | None:
    """Keep the first three and the last two characters of a number long enough to stay hidden between them."""
    return _masked(value, shown=(3, 2), at_least=_ID_CHARS)


def mask_phone(value: object) -> str | None:
    """Keep the first three and the last four digits: 138****1234."""
    return _masked(value, shown=(3, 4), at_least=_PHONE_CHARS)


def _masked(value: object, *, shown: tuple[int, int], at_least: int) -> str | None:
    text = _clean(value)
    if text is None:
        return None
    if len(text) < at_least:
        return "*" * len(text)
    head, tail = shown
    return text[:head] + "*" * min(len(text) - head - tail, 20) + text[-tail:]


def token(key: bytes, value: object) -> str | None:
    """HMAC-SHA256 (64 hex digits) of `type|number` with the department's key, so that a person can be linked, not read.

    The type is what the number's check digit says (citizen, organisation, other), not what the source calls it.
    """
    text = _clean(value)
    if text is None:
        return None
    number = text.upper()
    kind = "citizen" if is_citizen_id(number) else "organisation" if is_organisation(number) else "other"
    return hmac.digest(key, f"{kind}|{number}".encode(), "sha256").hex()


def _clean(value: object) -> str | None:
    text = as_text(value)
    return None if text is None else unicodedata.normalize("NFKC", text).strip() or None


class Persons:
    """Builds the masked form of a person with one department's key."""

    def __init__(self, key: bytes) -> None:
        """Tokenise with `key`."""
        self._key = key

    def person(
        self,
        name: object,
        *,
        id: object = None,  # noqa: A002 - the mapping's word
        phone: object = None,
        kind: object = None,
        id_type: object = None,
    ) -> dict[str, str] | None:
        """Return what may leave of a person; None where nothing is known."""
        known = {
            "kind": as_text(kind),
            "name_masked": mask_name(name),
            "id_type": as_text(id_type),
            "id_token": token(self._key, id),
            "id_masked": mask_id(id),
            "phone_masked": mask_phone(phone),
        }
        return {field: value for field, value in known.items() if value is not None} or None
