"""Generates the corpus to measure recall on: texts of complaints and cases, with what is personal marked."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

import re2

from conformance.privacy.people import DRAWN, place, surname

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SEED: Final = 20081108
"""Seed of the measured corpus: everybody who measures measures the same."""

TEXTS: Final = 6000
"""Texts of the measured corpus: each kind stands in several hundred, so that a recall is known to two hundredths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A text, and in it what must not be read: (kind, start, end). Of a name it is what follows the surname."""

    text: str
    spans: Sequence[tuple[str, int, int]]


WITH: Final = (
    "联系人：{name}，电话{mobile}",
    "联系人{name} {mobile}",
    "联系人:{name}({mobile})",
    "投诉人{name}反映{place}{address}一楼住户噪音扰民，要求处理。",
    "投诉人:{name},身份证号{citizen},联系电话:{landline}。",
    "申请人{name}（身份证号码：{citizen}）申请建设工程规划许可",
    "申请人{name}于2026年3月2日提交材料",
    "{name}先生来电反映其居住的{place}{address}楼道堆放杂物",
    "市民{name}女士反映办证窗口态度差，来电号码{mobile}",
    "来电人姓名{name}，住{place}{address}，请尽快回复至{mobile}。",
    "我叫{name}，家住{place}{address}，手机{mobile}，邻居私自搭建。",
    "我是{name}，我的身份证是{citizen}，请帮我查询社保。",
    "举报人要求保密。被举报人{name}，驾驶{plate}在工作时间饮酒。",
    "被投诉人{name}多次推诿。",
    "法定代表人{name}，统一社会信用代码{trader}。",
    "经营者{name}（{trader}）无照经营",
    "请把退款打到{name}的卡上，卡号{card}，开户行农业银行",
    "收款人{name} 账号 {card}",
    "如需材料请发至{email}或加微信{account}",
    "QQ：{account}，邮箱{email}",
    "护照号{passport}，港澳居民{name}先生申请居住证",
    "车牌{plate}占用消防通道，车主电话{mobile}",
    "{name}、{name}等人联名反映小区物业问题",
    "{name}在{place}{address}开设麻将室，深夜扰民",
    "由{name}代理，代理人{name}，电话{landline}",
    "原告{name}与被告{name}因排水纠纷申请行政裁决",
    "患者{name}，家住{address}，投诉医院收费不合理",
    "{place}{address}违章搭建",
    "关于{place}{address}油烟扰民的投诉",
    "户主：{name} 地址：{place}{address} 电话：{mobile}",
    "经办人{name}已于当日致电{mobile}，无人接听",
    "承办人与{name}本人联系，其表示满意",
    "业主{name}称，开发商未按约定交房，联系方式{mobile}",
    "据{name}说，对方是{name}，平时在菜市场卖鱼",
    "{name}同志工作时间打牌",
    "副科长{name}收取好处费，打款记录尾号见附件",
    "刚才那位{name}警官处理得很好，给予表扬",
    "孩子{name}今年六岁，户口在{place}，上不了学",
    "寄件人{name},{place}{address},{mobile}",
    "{mobile}机主来电，反映{place}路灯不亮",
    "电话打不通的话打{landline}，找{name}",
)
"""Texts with something personal; the last dozen are as people write who were given no form."""

WITHOUT: Final = (
    "建筑工程施工许可证核发",
    "关于{place}路灯不亮的投诉",
    "食品经营许可（新办）",
    "当事人未依法公示信息，责令改正",
    "申请人提交材料齐全，符合法定形式，予以受理",
    "请申请人补正以下材料：申请表、身份证明复印件",
    "法定代表人变更登记",
    "负责人应当在五个工作日内签字",
    "办件编号321281202603{serial}，环节：审查",
    "文号：泰建许〔2026〕{serial}号",
    "罚款人民币{serial}00元，限十五日内缴纳",
    "2026-03-02 09:00:00 至 2026-03-12 17:30:00 办结",
    "高新区管委会关于加强黄河路沿线环境整治的通知",
    "联系电话：12345 政务服务便民热线",
    "统一社会信用代码91321200MA1MXXXX0{serial}",
    "经办人变更，需重新签章；联系人信息不全",
    "马路施工围挡过高，影响出行",
    "公交车站牌损坏，乘客反映等车时间长",
    "白蚁防治、古树名木保护、水利工程质量监督",
    "温泉度假村、方特乐园、金鹰广场停车难",
    "对投诉人的诉求，承办单位已答复，投诉人表示满意",
    "施工许可 320{serial}11230{serial} 变更建设单位",
    "安全生产许可证延期 (苏)JZ安许证字[2026]{serial}",
    "国家标准GB/T 39046-2020，行业标准JGJ 59-2011",
    "坐标 119.9152, 32.4849，面积13800.50平方米",
    "流水号20260302{serial}{serial}{serial}",
)
"""Texts with nothing personal, among them what looks like it: numbers of cases and documents, amounts, places."""

_SLOT: Final = re2.compile(r"\{[a-z]+\}")


def corpus(n: int = TEXTS, seed: int = SEED) -> Iterator[Marked]:
    """Yield `n` marked texts, three in four with something personal; the same for the same seed."""
    rng = Random(seed)  # noqa: S311 - a corpus, no secret
    for _ in range(n):
        yield _filled(rng.choice(WITH if rng.random() < 0.75 else WITHOUT), rng)  # noqa: PLR2004 - three in four


def _filled(template: str, rng: Random) -> Marked:
    text, spans, at = "", [], 0
    for slot in _SLOT.finditer(template):
        text += template[at : slot.start()]
        kind = slot.group()[1:-1]
        text += surname(rng) if kind == "name" else ""
        word = _word(kind, rng)
        if kind in DRAWN:
            spans.append((kind, len(text), len(text) + len(word)))
        text, at = text + word, slot.end()
    return Marked(text=text + template[at:], spans=spans)


def _word(kind: str, rng: Random) -> str:
    if kind == "place":
        return place(rng)
    return f"{rng.randrange(10_000):04d}" if kind == "serial" else DRAWN[kind](rng)
