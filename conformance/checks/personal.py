"""Personal data in public texts: what the public side shows of marked texts, held against the detector's floors."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import orjson

from conformance.checks.common import wrong
from conformance.finding import Finding, passed
from conformance.privacy.corpus import corpus
from conformance.privacy.measure import FLOORS, is_hidden

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.lab import Lab
    from conformance.privacy.corpus import Marked

TEXTS: Final = 300
"""Marked texts that are made public: several dozen of each kind."""

SLACK: Final = 0.05
"""What a kind's recall on so few texts may be below its floor on thousands: two of forty."""


def public_texts_name_nobody(lab: Lab) -> Finding:
    """CNF-04: marked texts in the stages of public cases show with what is personal masked, or are withheld whole."""
    stand, texts = lab.stand(), list(corpus(TEXTS))
    telling, now = lab.telling(stand), stand.hub.clock.now()
    stages = [
        telling.event("stage.completed", now, str(number), occurrence="1", stage_code="10", stage_name=each.text)
        for number, each in enumerate(texts)
    ]
    stand.tell(*stages, telling.report(now))
    shown = {
        document["data"]["case"]["case_no"]: str(document["data"]["stage_name"])
        for document in (orjson.loads(each["body"]) for each in stand.public())
        if "stage_name" in document["data"]
    }
    recall, spoiled = _recall(texts, shown)
    lab.keep("PUB", "shown.json", list(shown.values())[:50])
    lab.keep("MET", "recall.json", {"texts": len(texts), "shown": len(shown), "recall": recall})
    if spoiled is None:
        return wrong("hub", "公开文本未出现", "a public text is not shown", expected="masked texts", got="none")
    low = {kind: share for kind, share in recall.items() if share < FLOORS[kind][0] - SLACK}
    if low:
        return wrong(
            "hub",
            "公开文本中的个人信息未遮蔽",
            "personal data stands in public texts",
            expected={kind: FLOORS[kind][0] for kind in low},
            got={kind: round(share, 3) for kind, share in low.items()},
            pointer="/data/stage_name",
        )
    if spoiled:
        return wrong("hub", "无个人信息的文本被改", "a text that names nobody is changed", expected=0, got=spoiled)
    said = ", ".join(f"{kind} {share:.0%}" for kind, share in sorted(recall.items()))
    return passed(f"公开文本已遮蔽：{said}", f"public texts are masked: {said}")


def _recall(texts: Sequence[Marked], shown: Mapping[str, str]) -> tuple[Mapping[str, float], int | None]:
    """Return by kind the share that cannot be read, and how many plain texts were changed; None: nothing is shown.

    A masked text has the length that it had; one of a case that is withheld cannot be read at all.
    """
    there, found, spoiled = Counter[str](), Counter[str](), 0
    for number, each in enumerate(texts):
        text = shown.get(str(number))
        if not each.spans:
            spoiled += text != each.text
        hidden = {at for at, (own, sign) in enumerate(zip(each.text, text or "", strict=False)) if sign != own}
        for kind, start, end in each.spans:
            there[kind] += 1
            found[kind] += text is None or is_hidden(each.text, start, end, hidden)
    return {kind: found[kind] / count for kind, count in there.items()}, spoiled if shown else None
