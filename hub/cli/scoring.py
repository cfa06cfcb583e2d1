"""`sunlight score`: departments compared, one figure derived line by line, months frozen, entries made."""

from __future__ import annotations

import getpass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.table import Table
from typer.core import TyperGroup

from hub import score_telling
from hub.cli import common
from hub.errors import Fault, Misconfigured
from hub.scores import named

if TYPE_CHECKING:
    from hub.wiring import Hub


class _PeriodOrCommand(TyperGroup):
    """Lets `sunlight score 2026-10` stand beside `sunlight score explain …`: what is no command is for the table."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer's own context
        """Put the table's name before what names no command."""
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = [_TABLE, *args]
        return super().parse_args(ctx, args)


_TABLE: Final = "table"

app = typer.Typer(
    cls=_PeriodOrCommand,
    help="Score departments 绩效评估: `sunlight score [PERIOD]` compares them, `explain` derives one figure.",
)


_Period = Annotated[str, typer.Argument(help="2026-10, 2026-H2 or 2026; the last full month where left out.")]
_Department = Annotated[str, typer.Option("--department", help="Only this department, by its id.")]


@app.command(_TABLE, hidden=True)
def table(
    period: _Period = "",
    *,
    department: _Department = "",
    region: Annotated[str, typer.Option("--region", help="Only departments seated in this region: 321281.")] = "",
    matter: Annotated[str, typer.Option("--matter", help="Only what concerns this matter, by its code.")] = "",
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Compare departments: score, what is booked of earlier months, grade and rank; beside it the data quality.

    Example: sunlight score 2026-10 --region 321281
    """
    hub = common.hub(settings)
    told = hub.scores.compared(period, department=department, region=region, matter=matter)
    if as_json:
        common.print_json(told)
    else:
        _show(told, hub)


def _show(told: dict[str, Any], hub: Hub) -> None:
    names = named(hub.store.catalogue())
    frozen = f"frozen 已冻结 {told['digest'][:12]}" if told["digest"] else "not frozen 未冻结: may still change"
    shown = Table(title=f"Scores 绩效 {told['period']} ({frozen})", title_justify="left")
    for heading in ("rank", "department 部门", "region", "score", "booked", "carried 计入", "grade", "quality",
                    "closed", "cards"):  # fmt: skip
        shown.add_column(heading, overflow="fold", justify="right" if heading not in _WORDS else "left")
    for row in told["departments"]:
        rank = str(row["rank"]) if row["rank"] else "-"
        name = f"{names.get(row['department_id'], '')} {row['department_id']}"
        shown.add_row(rank, name, row["region_code"], row["score"], row["adjustment"], row["carried"],
                      row["grade"] or "-",
                      row["quality"] or "-", str(row["sample"]), str(row["cards"]))  # fmt: skip
    common.OUT.print(shown)
    for row in told["regions"]:
        common.OUT.print(f"mean 平均 {row['region_code']}: {row['score']} ({row['departments']})", highlight=False)
    if any(not row["rank"] for row in told["departments"]):
        least = told["departments"][0]["min_sample"]
        common.OUT.print(f"no rank 不排名: fewer than {least} closed cases 样本不足", highlight=False)
    common.OUT.print("how a figure came about: sunlight score explain DEPARTMENT PERIOD", highlight=False)


_WORDS: Final = ("department 部门", "region", "grade")


@app.command()
def explain(
    department: Annotated[str, typer.Argument(help="The department, by its id.")],
    period: _Period = "",
    *,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Derive one department's score: every line with its points, which add up to the score to the last decimal.

    Each card names its alert, each alert its events and the digest of their records.

    Example: sunlight score explain 11321200014000028L 2026-10
    """
    told = common.hub(settings).scores.explained(department, period)
    if as_json:
        common.print_json(told)
        return
    for line in score_telling.printed(told):
        typer.echo(line)


@app.command()
def freeze(
    period: Annotated[str, typer.Argument(help="The month, which is over: 2026-10.")],
    *,
    by: Annotated[str, typer.Option("--by", help="Who freezes it.")] = "",
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """Freeze what a month is scored from: its figures stay for good, what changes later is booked in later months.

    The digest of the inputs goes to the ledger. A month that is frozen already stays as it is.

    Example: sunlight score freeze 2026-10
    """
    hub = common.hub(settings)
    frozen = hub.scorebook.freeze(period, by or getpass.getuser())
    told = {"period": frozen.period, "digest": frozen.digest, "by": frozen.by, "act_id": frozen.act_id,
            "frozen_at": frozen.document["gathered_at"],
            "departments": len(frozen.document["departments"])}  # fmt: skip
    if as_json:
        common.print_json(told)
    else:
        typer.echo(f"{frozen.period} frozen at {told['frozen_at']} by {frozen.by}: {frozen.digest}")


@app.command()
def enter(
    department: Annotated[str, typer.Argument(help="The department, by its id.")],
    period: Annotated[str, typer.Argument(help="The month: 2026-10.")],
    indicator: Annotated[str, typer.Argument(help="A manual or survey indicator: see `sunlight score indicators`.")],
    amount: Annotated[str, typer.Argument(help="Points, per cent or a figure of 100, as the indicator counts.")],
    *,
    ground: Annotated[str, typer.Option("--ground", help="On what ground: the document's number.")],
    by: Annotated[str, typer.Option("--by", help="Who enters it.")] = "",
    settings: common.SettingsFile = None,
) -> None:
    """Enter what no system reports 人工: a survey, an inspection, upheld liability. It is marked as such.

    Example: sunlight score enter 11321200014000028L 2026-10 upheld_liability 10 --ground 监察〔2026〕3号
    """
    try:
        value = Decimal(amount)
    except InvalidOperation as bad:
        raise Misconfigured(Fault(code="score.amount", problem=f"{amount!r} is no number", hint="10 or 87.5")) from bad
    if not 0 <= value <= _MOST:
        raise Misconfigured(Fault(code="score.amount", problem=f"{amount} is not within 0 and {_MOST}"))
    entry = common.hub(settings).scorebook.enter(
        period=period, department_id=department, indicator_id=indicator, amount=value, ground=ground,
        by=by or getpass.getuser(),
    )  # fmt: skip
    typer.echo(f"sent to the ledger, with which it counts: {entry}")


_MOST: Final = 100


@app.command()
def indicators(
    period: _Period = "",
    *,
    as_json: common.AsJson = False,
    settings: common.SettingsFile = None,
) -> None:
    """List the indicator set 指标体系 in force, each number with its source.

    Example: sunlight score indicators 2026-10 --json
    """
    chosen = common.hub(settings).scores.indicators(period)
    if as_json:
        common.print_json({**chosen.document, "digest": chosen.digest})
        return
    weights = {each.head_id: f"{each.zh} {each.en} ({each.weight})" for each in chosen.heads}
    shown = Table(
        title=f"Indicators 指标 {chosen.set_id} {chosen.version} ({chosen.digest[:12]})", title_justify="left"
    )
    for heading in ("head", "indicator", "名称", "name", "from", "formula", "numbers", "basis"):
        shown.add_column(heading, overflow="fold")
    for each in chosen.indicators:
        numbers = ", ".join(f"{name} {value}" for name, value in each.numbers.items())
        limits = [
            f"{name} {value}" for name, value in (("cap", each.cap), ("sample", each.min_sample or None)) if value
        ]
        head = weights.get(each.head, "加分 bonus" if each.head else "另列 beside")
        shown.add_row(head, each.indicator_id, each.zh, each.en, each.source, each.formula_id,
                      ", ".join([*([numbers] if numbers else []), *limits]), each.basis)  # fmt: skip
    common.OUT.print(shown)
    points = ", ".join(f"{level} {cost}" for level, cost in chosen.cards.items())
    common.OUT.print(
        f"cards: {points}; grades: {', '.join(f'{zh} {en} from {least}' for zh, en, least in chosen.grades)}"
    )
