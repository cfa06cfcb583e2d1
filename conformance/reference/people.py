"""Who applies in the generated city: random combinations of common surnames and characters, nobody in particular.

Citizen numbers carry births of the 1800s, so that no living person holds one; telephone numbers are of the form
1380000xxxx; names are drawn at random, and any likeness to a person or firm is chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国志文云龙海燕春梅"
RARE_GIVEN: Final = ("喆", "䲡", "𠮷", "囧", "㐀", "喆𠮷")
"""Characters that GB 2312 or GBK lack and GB 18030 has: they show whether a connection reads its encoding rightly."""

RARE_SHARE: Final = 0.06
ENTERPRISE_SHARE: Final = 0.35
TRADES: Final = ("建材", "水产", "食品", "物流", "机械", "医药", "农业", "置业", "船舶", "纺织")
PLACES: Final = {"321200": "泰州", "321281": "兴化", "321283": "泰兴"}

_CITIZEN_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CITIZEN_CHECKS: Final = "10X98765432"
_ORG_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_ORG_CHECKS: Final = "0123456789X"
_USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_FIRST_BIRTH: Final = date(1850, 1, 1)
_BIRTH_DAYS: Final = 18_000
"""Days after the first birth within which all lie: the last is in 1899."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """One applicant. `kind` is 1 for a natural person, 2 for an enterprise (GB/T 39046-2020, A.4)."""

    kind: str
    name: str
    id_number: str
    phone: str


def an_applicant(rng: Random, region: str) -> Applicant:
    """Draw an applicant who lives, or has its seat, in a region."""
    phone = f"1380000{rng.randrange(10_000):04d}"
    if rng.random() < ENTERPRISE_SHARE:
        return Applicant(kind="2", name=_firm(rng, region), id_number=_uscc(rng, region), phone=phone)
    return Applicant(kind="1", name=_name(rng), id_number=_citizen(rng, region), phone=phone)


def _name(rng: Random) -> str:
    if rng.random() < RARE_SHARE:
        return rng.choice(SURNAMES) + rng.choice(RARE_GIVEN)
    return rng.choice(SURNAMES) + "".join(rng.choices(GIVEN, k=rng.choice((1, 2, 2))))


def _firm(rng: Random, region: str) -> str:
    return f"{PLACES[region]}市{''.join(rng.choices(GIVEN, k=2))}{rng.choice(TRADES)}有限公司"


def _citizen(rng: Random, region: str) -> str:
    born = _FIRST_BIRTH + timedelta(days=rng.randrange(_BIRTH_DAYS))
    digits = f"{region}{born:%Y%m%d}{rng.randrange(1000):03d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, _CITIZEN_WEIGHTS, strict=True))
    return digits + _CITIZEN_CHECKS[total % 11]


def _uscc(rng: Random, region: str) -> str:
    body = f"{rng.randrange(10**8):08d}"
    check = -sum(int(digit) * weight for digit, weight in zip(body, _ORG_WEIGHTS, strict=True)) % 11
    code = f"91{region}{body}{_ORG_CHECKS[check]}"
    total = sum(_USCC_ALPHABET.index(char) * weight for char, weight in zip(code, _USCC_WEIGHTS, strict=True))
    return code + _USCC_ALPHABET[-total % 31]
