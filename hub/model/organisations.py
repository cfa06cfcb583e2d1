"""Check digits of organisations and persons: GB 32100 (USCC), GB 11714 (organisation code), GB 11643 (citizen)."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

_USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORG_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_ORG_CHECKS: Final = "0123456789X"
_ORG_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CITIZEN_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CITIZEN_CHECKS: Final = "10X98765432"
_USCC: Final = re.compile(rf"[{_USCC_ALPHABET}]{{18}}")
_ORG: Final = re.compile(r"[0-9A-Z]{8}[0-9X]")
_CITIZEN: Final = re.compile(r"[0-9]{17}[0-9X]")


def is_organisation_code(code: str) -> bool:
    """Check a 9-character organisation code (GB 11714): weights 3 7 9 10 5 8 4 2, modulo 11."""
    if not _ORG.fullmatch(code):
        return False
    total = sum(_ORG_ALPHABET.index(c) * w for c, w in zip(code, _ORG_WEIGHTS, strict=False))
    return code[8] == _ORG_CHECKS[-total % 11]


def is_uscc(code: str) -> bool:
    """Check an 18-character unified social credit code (GB 32100-2015), its embedded organisation code included."""
    if not _USCC.fullmatch(code):
        return False
    total = sum(_USCC_ALPHABET.index(c) * w for c, w in zip(code, _USCC_WEIGHTS, strict=False))
    return code[17] == _USCC_ALPHABET[-total % 31] and is_organisation_code(code[8:17])


def is_organisation(code: str) -> bool:
    """Check an organisation under either scheme: uscc18, or orgcode9 in data from before 2015."""
    return is_uscc(code) or is_organisation_code(code)


def is_citizen_id(number: str) -> bool:
    """Check an 18-character citizen number (GB 11643): ISO 7064 MOD 11-2 and a real date of birth."""
    if not _CITIZEN.fullmatch(number):
        return False
    total = sum(int(c) * w for c, w in zip(number, _CITIZEN_WEIGHTS, strict=False))
    return number[17] == _CITIZEN_CHECKS[total % 11] and _is_date(number[6:14])


def _is_date(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return False
    return True
