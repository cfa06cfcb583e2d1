"""Tells scores as plain data and as lines: comparisons of departments and counties, and whole derivations."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from hub import periods
from hub.errors import Fault, Misconfigured
from hub.supervision.scoring.rollup import mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hub.model.values import AlertRow
    from hub.scorebook import Account, Scorebook, Sheet
    from hub.supervision.scoring.adjusting import Adjustment
    from hub.supervision.scoring.rollup import Mean
    from hub.supervision.scoring.values import Line

COUNTY: Final = 6
"""Figures of a county's code; of a city's the last two are 0."""


def compared(
    book: Scorebook, period: str, *, department: str = "", region: str = "", matter: str = ""
) -> dict[str, Any]:
    """Compare departments over a period; of more than a month each has the mean of its months."""
    months = periods.months(period)
    keep = (lambda part: part.matter_code == matter) if matter else None
    sheets = [book.sheet(month, keep=keep) for month in months if _is_begun(book, month)]
    if not sheets:
        raise Misconfigured(
            Fault(code="score.period", problem=f"{period} has not begun", hint="ask for an earlier one")
        )
    rows = [_row(name, [each for each in sheets if name in each.accounts]) for name in _names(sheets)]
    wanted = [row for row in rows if department in ("", row["department_id"]) and row["region_code"].startswith(region)]
    if department and not wanted:
        raise _unknown(department, _names(sheets))
    if len(sheets) > 1:
        _rank(rows)
    return {
        "period": period,
        "digest": sheets[0].digest if len(sheets) == 1 else "",
        "frozen": {each.period: each.digest for each in sheets if each.digest},
        "matter_code": matter,
        "departments": sorted(wanted, key=lambda row: (row["rank"] or len(rows) + 1, row["department_id"])),
        "regions": _regions(wanted),
    }


def _is_begun(book: Scorebook, month: str) -> bool:
    return periods.first_day(month) <= book.today()


def _names(sheets: Sequence[Sheet]) -> Sequence[str]:
    return sorted({name for sheet in sheets for name in sheet.accounts})


def _row(name: str, sheets: Sequence[Sheet]) -> dict[str, Any]:
    """Tell one department over its months; a single month as it is."""
    accounts = [each.accounts[name] for each in sheets]
    last = accounts[-1]
    score = mean({each.period: each.accounts[name].statement.score for each in sheets})
    carried = mean({each.period: each.accounts[name].carried for each in sheets})
    value = carried.value if carried else Decimal(0)
    is_ranked = any(each.statement.is_ranked for each in accounts)
    return {
        "department_id": name,
        "region_code": last.statement.region_code,
        "score": str(score.value if score else ""),
        "adjustment": str(sum((each.adjustment for each in accounts), Decimal(0))),
        "carried": str(value),
        "grade": sheets[-1].chosen.grade(value if len(accounts) > 1 else last.statement.score) if is_ranked else "",
        "rank": last.rank,
        "sample": sum(each.statement.sample for each in accounts),
        "min_sample": last.statement.min_sample,
        "is_ranked": is_ranked,
        "cards": sum(card.counts for each in accounts for card in each.inputs.cards),
        "quality": _quality_of(accounts),
        "months": [each.period for each in sheets],
    }


def _quality_of(accounts: Sequence[Account]) -> str | None:
    known = {str(n): each.quality.value for n, each in enumerate(accounts) if each.quality.value is not None}
    found = mean(known)
    return str(found.value) if found else None


def _rank(rows: Sequence[dict[str, Any]]) -> None:
    """Rank departments by what is carried over several months."""
    ranked = [row for row in rows if row["is_ranked"]]
    for row in rows:
        better = sum(Decimal(other["carried"]) > Decimal(row["carried"]) for other in ranked)
        row["rank"] = better + 1 if row["is_ranked"] else None


def _regions(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Roll departments up to their counties, and all to the city; those with too small a sample say nothing."""
    groups: dict[str, dict[str, Decimal]] = {}
    for row in rows:
        if not row["is_ranked"]:
            continue
        county = row["region_code"][:COUNTY]
        for code in {county, f"{county[:4]}00"} if county else ():
            groups.setdefault(code, {})[row["department_id"]] = Decimal(row["score"])
    return [
        {"region_code": code, "score": str(found.value), "departments": len(found.parts), **_parts(found)}
        for code, own in sorted(groups.items())
        if (found := mean(own)) is not None
    ]


def _parts(found: Mean) -> dict[str, Any]:
    parts = [{"name": name, "value": str(value), "contributes": str(part)} for name, value, part in found.parts]
    return {"parts": parts, "rounding": str(found.rounding)}


def explained(book: Scorebook, department: str, period: str, alert: Callable[[str], AlertRow | None]) -> dict[str, Any]:
    """Derive one department's score; of a half-year or a year from its months."""
    months = [month for month in periods.months(period) if _is_begun(book, month)]
    sheets = [book.sheet(month, book=department) for month in months]
    if not any(department in each.accounts for each in sheets):
        raise _unknown(department, _names(sheets))
    if not periods.is_month(period):
        return _of_months(department, period, [each for each in sheets if department in each.accounts])
    (sheet,) = sheets
    account = sheet.accounts[department]
    return {
        "department_id": department,
        "period": period,
        "region_code": account.statement.region_code,
        "indicator_set": {
            "set_id": sheet.chosen.set_id,
            "version": sheet.chosen.version,
            "digest": sheet.chosen.digest,
        },
        "frozen": {"digest": sheet.digest, "act_id": sheet.act_id, "is_ledgered": book.is_ledgered(sheet)}
        if sheet.digest
        else None,
        "lines": [_line(each, alert) for each in account.statement.lines],
        "score": str(account.statement.score),
        "adjustments": [_adjustment(each, alert) for each in account.adjustments],
        "adjustment": str(account.adjustment),
        "carried": str(account.carried),
        "grade": account.statement.grade if account.statement.is_ranked else "",
        "rank": account.rank,
        "sample": account.statement.sample,
        "min_sample": account.statement.min_sample,
        "shown": [
            {"indicator_id": each.indicator_id, "zh": each.zh, "en": each.en, "unit": each.unit,
             "direction": each.direction, "value": None if each.value is None else str(each.value),
             "sample": each.sample, "min_sample": each.min_sample, "source": each.source}
            for each in account.statement.shown
        ],
        "quality": {
            "value": None if account.quality.value is None else str(account.quality.value),
            "parts": [{"id": each.part_id, "zh": each.zh, "en": each.en, "bad": each.bad, "sample": each.sample,
                       "value": None if each.value is None else str(each.value)} for each in account.quality.parts],
        },
    }  # fmt: skip


def _of_months(department: str, period: str, sheets: Sequence[Sheet]) -> dict[str, Any]:
    found = mean({each.period: each.accounts[department].carried for each in sheets})
    if found is None:
        raise _unknown(department, ())
    lines = [{"points": str(part), "kind": "month", "head": "", "zh": f"{name} {value}/{len(sheets)}", "en": name,
              "source": "auto", "about": {"command": f"sunlight score explain {department} {name}"}, "evidence": []}
             for name, value, part in found.parts]  # fmt: skip
    lines.append({"points": str(found.rounding), "kind": "rounding", "head": "", "zh": "舍入", "en": "rounding",
                  "source": "set", "about": {}, "evidence": []})  # fmt: skip
    return {
        "department_id": department,
        "period": period,
        "lines": lines,
        "score": str(found.value),
        "frozen": None,
        "adjustments": [],
        "adjustment": "0.00",
        "carried": str(found.value),
        "grade": sheets[-1].chosen.grade(found.value),
        "shown": [],
    }


def _line(line: Line, alert: Callable[[str], AlertRow | None]) -> dict[str, Any]:
    found = alert(line.about["alert_id"]) if line.about.get("alert_id") else None
    return {
        "points": f"{line.points:.2f}",
        "kind": line.kind,
        "head": line.head,
        "indicator_id": line.indicator_id,
        "zh": line.zh,
        "en": line.en,
        "source": line.source,
        "about": {**line.about, **_links(line.about), **_class_now(found)},
        "evidence": _evidence(found),
    }


def _class_now(found: AlertRow | None) -> dict[str, str]:
    """Return the class of an alert's case as it is now: what was frozen knew only the class of that day."""
    case = found.document.get("case", {}) if found else {}
    return {"disclosure": case["disclosure"]["class"]} if "disclosure" in case else {}


def _links(about: Mapping[str, str]) -> dict[str, str]:
    """Say where a line can be followed: the alert, its case, and by them the events."""
    if not about.get("alert_id"):
        return {}
    found = {"command": f"sunlight alert show {about['alert_id']}", "api": f"/v1/alerts/{about['alert_id']}"}
    if about.get("case_no"):
        return {
            **found,
            "case_command": f"sunlight clocks {about['case_no']}",
            "case_api": f"/v1/cases/{about['subject']}",
        }
    return found


def _evidence(found: AlertRow | None) -> list[dict[str, str]]:
    """Return the events that an alert rests on, each with the digest of its source record."""
    items = found.document.get("evidence", ()) if found else ()
    return [{name: item[name] for name in ("event_id", "field", "value", "expected", "source_hash") if name in item}
            for item in items]  # fmt: skip


def _adjustment(each: Adjustment, alert: Callable[[str], AlertRow | None]) -> dict[str, Any]:
    return {
        **_line(each.line, alert),
        "points": f"{each.points:.2f}",
        "of": each.period,
        "before": f"{each.before:.2f}",
        "after": f"{each.after:.2f}",
    }


def printed(told: Mapping[str, Any]) -> Iterator[str]:
    """Write a derivation as lines of text: those that begin with a figure add up to the score."""
    yield f"{told['department_id']}  {told['period']}  {_standing(told)}"
    for line in told["lines"]:
        mark = {"manual": "  [人工 manual]", "survey": "  [测评 survey]"}.get(line["source"], "")
        yield f"{_signed(line['points'])}  {line['head']:<12}  {_said(line)}{mark}"
        yield from _trail(line)
    yield f"{told['score']:>9}  = score 得分  {told['grade']}{_ranking(told)}"
    for line in told["adjustments"]:
        yield f"  booked {_signed(line['points'])}  {line['of']}  {_said(line)}  ({line['before']} → {line['after']})"
        yield from _trail(line)
    if told["adjustments"]:
        yield f"  carried 计入 {told['carried']} = {told['score']} {told['adjustment']}"
    for each in told.get("shown", ()):
        value = f"{each['value']} {each['unit']}" if each["value"] is not None else "样本不足 too few"
        yield f"  beside 另列  {each['zh']} {each['en']}: {value} (n={each['sample']}, least {each['min_sample']})"
    if "quality" in told:
        parts = ", ".join(f"{each['zh']} {each['en']} {each['value'] or '-'}" for each in told["quality"]["parts"])
        yield f"  data quality 数据质量 {told['quality']['value'] or '-'} (apart from the score): {parts}"


def _said(line: Mapping[str, Any]) -> str:
    return line["zh"] if line["zh"] == line["en"] else f"{line['zh']} | {line['en']}"


def _signed(points: str) -> str:
    return f"{Decimal(points):>+9.2f}"


def _trail(line: Mapping[str, Any]) -> Iterator[str]:
    about = line["about"]
    if "command" in about:
        more = f" · {about['case_command']}" if "case_command" in about else ""
        api = f" · GET {about['api']}" if "api" in about else ""
        yield f"             → {about['command']}{more}{api}"
    for item in line["evidence"]:
        if "event_id" in item:
            record = f" record {item['source_hash']}" if "source_hash" in item else ""
            yield f"             → event {item['event_id']} {item['field']}={item['value']}{record}"


def _standing(told: Mapping[str, Any]) -> str:
    frozen = told.get("frozen")
    if not frozen:
        return "未冻结 not frozen: may still change" if "frozen" in told else ""
    ledgered = "in the ledger" if frozen["is_ledgered"] else "not in the ledger yet"
    return f"已冻结 frozen {frozen['digest']} ({ledgered}: act {frozen['act_id']})"


def _ranking(told: Mapping[str, Any]) -> str:
    if "rank" not in told:
        return ""
    if told["rank"]:
        return f"  rank {told['rank']}"
    return f"  not ranked 不排名: {told['sample']} closed cases, least {told['min_sample']}"


def _unknown(department: str, known: Sequence[str]) -> Misconfigured:
    problem, hint = f"there is no department {department!r}", f"one of {', '.join(known) or 'none yet'}"
    return Misconfigured(Fault(code="score.department", problem=problem, hint=hint))
