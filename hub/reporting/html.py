"""Writes a report as one HTML file that needs nothing else and prints well."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hub.reporting.sheet import spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.reporting.sheet import Chart, Grid, Report, Section

WIDTH: Final = 720
HEIGHT: Final = 220
SLOT: Final = 110
"""Most width of one label's columns."""

FOOT: Final = 46
"""Units under the columns for their labels."""

COLOURS: Final = ("#173f63", "#b4883a")

STYLE: Final = Path(__file__).with_name("report.css")


def as_html(report: Report) -> str:
    """Return the whole page."""
    language = "zh-CN" if report.language == "zh" else "en"
    title = f"{escape(report.title)} {escape(report.subtitle)}"
    sections = "\n".join(_section(each) for each in report.sections)
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE.read_text(encoding='utf-8')}</style></head>\n<body><h1>{escape(report.title)}</h1>"
        f'<p class="sub">{escape(report.subtitle)}</p>\n{sections}\n</body></html>\n'
    )


def _section(section: Section) -> str:
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in section.sentences)
    grid = _table(section.grid) if section.grid else ""
    chart = _figure(section.chart) if section.chart else ""
    return f"<section><h2>{escape(section.heading)}</h2>{said}{grid}{chart}</section>"


def _table(grid: Grid) -> str:
    def mark(kind: str) -> str:
        return "" if kind == "text" else ' class="num"'

    heads = "".join(
        f'<th scope="col"{mark(kind)}>{escape(head)}</th>' for head, kind in zip(grid.heads, grid.kinds, strict=True)
    )
    lines = "".join(
        "<tr>"
        + "".join(
            f"<td{mark(kind)}>{escape(spoken(value, kind))}</td>" for value, kind in zip(line, grid.kinds, strict=True)
        )
        + "</tr>"
        for line in grid.lines
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"


def _figure(chart: Chart) -> str:
    parts = "".join(_columns(chart))
    legend = " · ".join(name for name, _ in chart.series)
    caption = chart.title if len(chart.series) == 1 else f"{chart.title} ({legend})"
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT + FOOT}" role="img" aria-label="{escape(caption)}">{parts}'
        f'<line x1="0" x2="{WIDTH}" y1="{HEIGHT}" y2="{HEIGHT}" stroke="#5b6672"/></svg>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _columns(chart: Chart) -> Iterator[str]:
    """Yield the columns, each with its value above it and its label under it, turned where labels are many."""
    most = 1.0 if chart.kind == "rate" else max((v or 0 for _, values in chart.series for v in values), default=0) or 1
    slot = min(SLOT, WIDTH / max(1, len(chart.labels)))
    wide = slot * 0.7 / len(chart.series)
    for place, label in enumerate(chart.labels):
        middle = slot * (place + 0.5)
        for number, (_, values) in enumerate(chart.series):
            value = values[place]
            tall = (value or 0) / most * (HEIGHT - 20)
            x, y = middle - wide * len(chart.series) / 2 + wide * number, HEIGHT - tall
            colour = COLOURS[number % len(COLOURS)]
            yield f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}" fill="{colour}"/>'
            said = escape(spoken(value, chart.kind))
            yield f'<text x="{x + wide / 2:.1f}" y="{y - 4:.1f}" text-anchor="middle">{said}</text>'
        turn = f' transform="rotate(-25 {middle:.1f} {HEIGHT + 14})"' if len(chart.labels) > 8 else ""  # noqa: PLR2004 - labels that fit
        anchor = "end" if turn else "middle"
        short = label if len(label) <= 14 else label[:13] + "…"  # noqa: PLR2004 - characters that fit
        yield f'<text x="{middle:.1f}" y="{HEIGHT + 14}" text-anchor="{anchor}"{turn}>{escape(short)}</text>'
