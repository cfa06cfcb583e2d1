"""Reference systems that hand over by files: one finished file a day, in GB18030 rows or nested UTF-8 lines."""

from __future__ import annotations

import csv
import io
import os
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import orjson

from conformance.reference.directory import MARKET, PLATFORM
from conformance.reference.plan import MISSING_DATE, UNDECODABLE, UNKNOWN_CODE
from conformance.reference.systems import System, daily, exports_of
from conformance.reference.words import (
    CHANNEL_CODES,
    RESULT_CODES,
    SPECIAL_WORDS,
    STEP_CODES,
    STEP_WORDS,
    UNKNOWN_CHANNEL,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from conformance.reference.plan import CityPlan
    from conformance.reference.story import CityCase, Step
    from conformance.reference.systems import Entry, Export

MARKET_COLUMNS: Final = (
    "办件编号", "事项编码", "事项名称", "办件类型", "申请人", "申请人类型", "证件号码", "联系电话", "申报来源", "处室",
    "环节", "次序", "环节编码", "环节名称", "业务时间", "录入时间", "经办人", "结果", "特别程序", "延长天数",
    "更正环节", "版本",
)  # fmt: skip
"""Column names of the market regulator's file."""

BROKEN_BYTES: Final = b"\xff\xff"
"""No character begins with FF in GB 18030."""


class DailyFiles(System):
    """A folder that gains one finished file a day, moved in under its name only when it is whole."""

    name: str
    stem: str
    suffix: str

    def __init__(self, exports: Sequence[Export], inbox: Path) -> None:
        """Hand over in the folder `inbox`, made here."""
        super().__init__(exports)
        self.inbox = inbox
        inbox.mkdir(parents=True)

    def environment(self) -> Mapping[str, str]:
        """Return the folder."""
        return {self.name: str(self.inbox)}

    def show(self, export: Export) -> None:
        """Write the file of one day beside the folder, dated to its export, then move it in."""
        name = f"{self.stem}-{export.at:%Y%m%d}.{self.suffix}"
        unfinished = self.inbox.parent / f".{name}.part"
        unfinished.write_bytes(b"".join(self.lines(export)))
        os.utime(unfinished, (export.at.timestamp(), export.at.timestamp()))
        unfinished.rename(self.inbox / name)

    def lines(self, export: Export) -> Iterator[bytes]:
        """Yield the file of one day, line by line."""
        raise NotImplementedError


class MarketFiles(DailyFiles):
    """The market regulator's CSV in GB18030: a header, then one row an event, in the order keyed in."""

    name = "MARKET_INBOX"
    stem = "market"
    suffix = "csv"

    def __init__(self, plan: CityPlan, folder: Path) -> None:
        """Hand over in `folder`/market."""
        super().__init__(exports_of(plan, MARKET, daily), folder / "market")

    def lines(self, export: Export) -> Iterator[bytes]:
        """Yield header and rows."""
        yield _csv_line(MARKET_COLUMNS)
        for entry in export.entries:
            yield _market_line(entry)


class PlatformFiles(DailyFiles):
    """The county platform's JSON lines: one line for each case that moved that day, its steps nested in it."""

    name = "XINGHUA_INBOX"
    stem = "xinghua"
    suffix = "jsonl"

    def __init__(self, plan: CityPlan, folder: Path) -> None:
        """Hand over in `folder`/xinghua."""
        super().__init__(exports_of(plan, PLATFORM, daily), folder / "xinghua")

    def lines(self, export: Export) -> Iterator[bytes]:
        """Yield one line a case."""
        by_case = sorted(export.entries, key=lambda entry: entry.case.key)
        for _, entries in groupby(by_case, key=lambda entry: entry.case.key):
            yield _platform_line(list(entries))


def _csv_line(values: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(values)
    return text.getvalue().encode("gb18030")


def _market_line(entry: Entry) -> bytes:
    row = {**_market_case(entry.case), **_market_step(entry.step)}
    if entry.fault == UNKNOWN_CODE:
        row["申报来源"] = UNKNOWN_CHANNEL
    if entry.fault == MISSING_DATE:
        row["业务时间"] = ""
    line = _csv_line([row[column] for column in MARKET_COLUMNS])
    name = entry.case.applicant.name.encode("gb18030")
    return line.replace(name, BROKEN_BYTES + name[2:], 1) if entry.fault == UNDECODABLE else line


def _market_case(case: CityCase) -> dict[str, str]:
    return {
        "办件编号": case.case_no,
        "事项编码": case.matter.code,
        "事项名称": case.matter.name,
        "办件类型": case.matter.case_type,
        "申请人": case.applicant.name,
        "申请人类型": case.applicant.kind,
        "证件号码": case.applicant.id_number,
        "联系电话": case.applicant.phone,
        "申报来源": CHANNEL_CODES[case.channel],
        "处室": case.department.office,
    }


def _market_step(step: Step) -> dict[str, str]:
    return {
        "环节": STEP_WORDS[step.type],
        "次序": step.occurrence,
        "环节编码": step.stage_code,
        "环节名称": step.stage_name,
        "业务时间": step.occurred_at.strftime("%Y%m%d%H%M%S"),
        "录入时间": step.recorded_at.strftime("%Y%m%d%H%M%S"),
        "经办人": step.staff,
        "结果": RESULT_CODES[step.result],
        "特别程序": SPECIAL_WORDS[step.special],
        "延长天数": str(step.days or ""),
        "更正环节": STEP_WORDS[step.corrects],
        "版本": str(step.version),
    }


def _platform_line(entries: Sequence[Entry]) -> bytes:
    case, fault = entries[0].case, entries[0].fault
    way = UNKNOWN_CHANNEL if fault == UNKNOWN_CODE else CHANNEL_CODES[case.channel]
    steps = [_platform_step(entry.step) for entry in entries]
    if fault == MISSING_DATE:
        steps[0]["time"] = None
    line = orjson.dumps(_platform_case(case, way) | {"steps": steps})
    return (line[: len(line) // 2] if fault == UNDECODABLE else line) + b"\n"


def _platform_case(case: CityCase, way: str) -> dict[str, Any]:
    who = case.applicant
    return {
        "org": {"code": case.department.department_id, "name": case.department.name, "office": case.department.office},
        "project": {
            "no": case.case_no,
            "title": case.title,
            "type": case.matter.case_type,
            "way": way,
            "item": {"code": case.matter.code, "name": case.matter.name},
        },
        "applicant": {"name": who.name, "kind": who.kind, "card": who.id_number, "mobile": who.phone},
    }


def _platform_step(step: Step) -> dict[str, Any]:
    said: dict[str, Any] = {
        "code": STEP_CODES[step.type],
        "ord": step.occurrence,
        "stage": {"code": step.stage_code, "name": step.stage_name} if step.stage_code else None,
        "time": step.occurred_at.replace(tzinfo=None).isoformat(),
        "enter": step.recorded_at.replace(tzinfo=None).isoformat(),
        "user": step.staff,
        "result": RESULT_CODES[step.result],
        "special": SPECIAL_WORDS[step.special],
        "days": step.days,
        "corrects": STEP_CODES[step.corrects],
    }
    return {name: value for name, value in said.items() if value}
