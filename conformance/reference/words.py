"""The codes in which each reference system writes what the hub names otherwise; the mapping files translate them."""

from __future__ import annotations

from typing import Final

CHANNEL_CODES: Final = {"window": "1", "online": "2", "mobile": "3"}
UNKNOWN_CHANNEL: Final = "9"
"""申报来源 9: in no system's list, so its record must be refused."""

RESULT_CODES: Final = {"granted": "1", "denied": "2", "": ""}

SPECIAL_WORDS: Final = {
    "testing": "检测",
    "expert_review": "专家评审",
    "inspection": "检验",
    "hearing": "听证",
    "other": "其他",
    "": "",
}

STEP_CODES: Final = {
    "case.received": "SB",
    "case.supplement_requested": "BZGZ",
    "case.supplement_received": "BZSL",
    "case.accepted": "SL",
    "case.not_accepted": "BYSL",
    "case.withdrawn": "CH",
    "stage.completed": "SP",
    "special.started": "TBCXSQ",
    "special.ended": "TBCXJG",
    "case.extended": "YC",
    "case.decided": "JD",
    "case.closed": "BJ",
    "case.delivered": "LQDJ",
    "case.corrected": "GZ",
    "": "",
}
"""Codes in the manner of the provincial platforms that exchange XML (SL, SP, BZGZ, BZSL, TBCXSQ, TBCXJG, BJ, LQDJ)."""

STEP_WORDS: Final = {
    "case.received": "收件登记",
    "case.supplement_requested": "补正告知",
    "case.supplement_received": "补正受理",
    "case.accepted": "受理",
    "case.not_accepted": "不予受理",
    "case.withdrawn": "撤回",
    "stage.completed": "环节完成",
    "special.started": "特别程序开始",
    "special.ended": "特别程序结束",
    "case.extended": "延长审批",
    "case.decided": "作出决定",
    "case.closed": "办结",
    "case.delivered": "送达",
    "case.corrected": "更正",
    "": "",
}
"""The market regulator writes its steps in words."""
