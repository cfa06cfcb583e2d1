"""Draws what is personal in a corpus, written as people write it; every value is random, and nobody's.

Surnames and characters of given names are drawn from wider lists than the detector's, and a share of the names from
outside all lists, so that what it does not know is measured too. Citizen numbers carry births of the 1800s.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

_COMMON: Final = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏"
    "钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段漕钱汤尹黎易常武乔贺赖龚文"
)
_SCARCE: Final = ("欧阳", "司马", "上官", "诸葛", "端木", "乜", "逯", "苌", "仉", "濮", "笪", "殳", "衣", "官", "信")
_GIVEN: Final = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国志文云龙海燕春梅子轩梓涵浩宇欣怡俊熙诗琪雨泽一诺思远佳"
    "慧鑫宏博凯旋晨曦昊天振东庆丰长根福生金宝水珍红卫爱民翠花淑贞凤来娣招弟彩虹小满"
)
_STRANGE: Final = "蘅芷湜赟翀奭祎彧旻骐燚垚犇珺玘皛曌郇炘淼"
_PLACES: Final = (
    "海陵区",
    "高港区",
    "姜堰区",
    "兴化市",
    "泰兴市",
    "靖江市",
    "泰州市海陵区",
    "江苏省泰州市",
    "江苏省泰州市兴化市",
)
_TOWNS: Final = ("", "", "城东街道", "昭阳街道", "戴南镇", "黄桥镇", "凤凰街道", "口岸街道", "周庄镇")
_ROADS: Final = (
    "鼓楼路",
    "英武路",
    "青年北路",
    "东风南路",
    "济川东路",
    "迎春巷",
    "人民大道",
    "八字桥西街",
    "五一路",
    "板桥路",
)
_ESTATES: Final = ("莲花六区", "金水湾花园", "阳光花苑", "春晖新村", "凯旋公寓", "碧桂园小区", "书香名府", "滨河佳苑")
_VILLAGES: Final = ("顾庄村", "东潭村", "薛家庄村", "联合村", "蒋庄村", "双石村")
_DIGITS: Final = str.maketrans("0123456789", "零一二三四五六七八九")
_WIDE: Final = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
_CITIZEN_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_USCC: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def surname(rng: Random) -> str:
    """Draw a surname; one in twelve is scarce."""
    return rng.choice(_SCARCE) if rng.random() < 1 / 12 else rng.choice(_COMMON)


def name(rng: Random) -> str:
    """Draw a given name, which is what of a name is hidden; one in twelve is made of characters that few names hold."""
    given = _STRANGE if rng.random() < 1 / 12 else _GIVEN
    return "".join(rng.choices(given, k=rng.choice((1, 2, 2, 2))))


def _citizen(rng: Random) -> str:
    born = date(1850, 1, 1) + timedelta(days=rng.randrange(18_000))
    region = rng.choice(("321200", "321281", "321283", "110101", "440305", "510104"))
    digits = f"{region}{born:%Y%m%d}{rng.randrange(1000):03d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, _CITIZEN_WEIGHTS, strict=True))
    check = "10X98765432"[total % 11]
    return digits + (check if rng.random() < 0.9 else rng.choice("0123456789"))  # noqa: PLR2004 - one in ten mistyped


def citizen(rng: Random) -> str:
    """Draw a citizen number: of 18 places, of 15, grouped, wide, or spoken."""
    number = _citizen(rng)
    return rng.choice((
        number, number, number, number.lower(), number[:6] + number[8:17], number.translate(_WIDE),
        f"{number[:6]} {number[6:14]} {number[14:]}", f"{number[:6]}-{number[6:14]}-{number[14:]}",
        f"{number[:3]} {number[3:6]} {number[6:10]} {number[10:14]} {number[14:]}",
        number[:17].translate(_DIGITS) + number[17:].translate(_DIGITS),
    ))  # fmt: skip


def mobile(rng: Random) -> str:
    """Draw a mobile number as it is written, grouped, or spoken."""
    number = rng.choice(("138", "139", "150", "177", "189", "199", "166")) + f"0000{rng.randrange(10_000):04d}"
    return rng.choice((
        number, number, number, f"{number[:3]} {number[3:7]} {number[7:]}", f"{number[:3]}-{number[3:7]}-{number[7:]}",
        number.translate(_WIDE), f"+86{number}", f"86-{number}", f"{number[:3]}.{number[3:7]}.{number[7:]}",
        number.translate(_DIGITS), number.translate(_DIGITS).replace("一", "幺"), " ".join(number),
        f"{number[:4]} {number[4:7]} {number[7:]}", f"{number[:3]}  {number[3:]}",
    ))  # fmt: skip


def landline(rng: Random) -> str:
    """Draw a telephone with an area code."""
    area, number = rng.choice(("0523", "025", "010", "0571")), f"{rng.choice('2356789')}{rng.randrange(10**7):07d}"
    return rng.choice((
        f"{area}-{number}", f"{area}{number}", f"({area}){number}", f"({area}) {number}",
        f"{area} {number[:4]} {number[4:]}", f"{area}-{number}".translate(_WIDE),
    ))  # fmt: skip


def card(rng: Random) -> str:
    """Draw a bank card with its check digit."""
    body = rng.choice(("622848", "621700", "622202")) + f"{rng.randrange(10**12):012d}"
    total = sum(sum(divmod(int(each) * (2 - place % 2), 10)) for place, each in enumerate(reversed(body)))
    number = body + str(-total % 10)
    return rng.choice((number, " ".join(number[at : at + 4] for at in range(0, len(number), 4))))


def email(rng: Random) -> str:
    """Draw an address of e-mail."""
    who = rng.choice(("zhang.san", "li_si", "wang-88", "taizhou2008", "a.b+c"))
    return rng.choice((f"{who}@example.com", f"{who}@mail.example.cn", f"{who}＠example.com", f"{who} @ example.com"))


def account(rng: Random) -> str:
    """Draw a name at a messenger."""
    return rng.choice((f"{rng.randrange(10**8, 10**9)}", f"wx_{rng.randrange(10**6)}", "sunshine-88"))


def passport(rng: Random) -> str:
    """Draw the number of a passport or a permit."""
    return rng.choice((f"E{rng.randrange(10**8):08d}", f"G{rng.randrange(10**8):08d}", f"H{rng.randrange(10**8):08d}"))


def plate(rng: Random) -> str:
    """Draw a number plate."""
    tail = "".join(rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", k=5))
    lead = rng.choice(("苏M", "苏A", "沪C", "京N"))
    return rng.choice((f"{lead}{tail}", f"{lead}·{tail}", f"{lead} {tail}", f"{lead}D{tail}"))


def trader(rng: Random) -> str:
    """Draw the credit code of a sole trader."""
    body = f"{rng.randrange(10**8):08d}"
    check = -sum(int(digit) * weight for digit, weight in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
    code = f"92321200{body}{'0123456789X'[check]}"
    total = sum(_USCC.index(char) * weight for char, weight in zip(code, _USCC_WEIGHTS, strict=True))
    return code + _USCC[-total % 31]


def address(rng: Random) -> str:
    """Draw an address: a road and its number, an estate, a village; what is personal begins below the town."""
    block, flat = rng.randrange(1, 30), rng.randrange(101, 1800)
    room = rng.choice(("", f"{block}幢{flat}室", f"{block}号楼{rng.randrange(1, 4)}单元{flat}"))
    return rng.choice((
        f"{rng.choice(_ROADS)}{rng.randrange(1, 400)}号{room}",
        f"{rng.choice(_ESTATES)}{rng.randrange(1, 60)}幢{rng.randrange(101, 1800)}室",
        f"{rng.choice(_ESTATES)}{rng.randrange(1, 60)}-{rng.randrange(1, 4)}-{rng.randrange(101, 900)}",
        f"{rng.choice(_VILLAGES)}{rng.choice('一二三四五六七')}组{rng.randrange(1, 90)}号",
        f"{rng.choice(_VILLAGES)}{rng.randrange(1, 20)}组",
        f"{rng.choice(_ROADS)}{rng.randrange(1, 400)}弄{rng.randrange(1, 90)}号{rng.randrange(101, 900)}室",
    ))  # fmt: skip


def place(rng: Random) -> str:
    """Draw a place down to the town, which is nobody's."""
    return rng.choice(_PLACES) + rng.choice(_TOWNS)


DRAWN: Final[Mapping[str, Callable[[Random], str]]] = {
    "citizen": citizen,
    "trader": trader,
    "mobile": mobile,
    "landline": landline,
    "email": email,
    "account": account,
    "card": card,
    "passport": passport,
    "plate": plate,
    "name": name,
    "address": address,
}
"""How each kind of what is personal is drawn."""
