"""Says after a test run what blocks the next level, and which command is next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.verdicts import standing_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.model import Summary

MOST: Final = 5
"""Obstacles that are named; `show` has them all."""


def next_steps(summary: Summary) -> Sequence[str]:
    """Return what blocks the next level, and the next command, a line each."""
    name, target = summary.header.connection, summary.header.target
    again = f"sunlight conformance run {name} --level {target}"
    blocked = next((tally for tally in summary.levels if not tally.is_reached), None)
    if blocked is None:
        act = f"sunlight conformance certify {name} --by NAME --second NAME --reason WHY"
        return [f"{target} 已达到，请监察局两人签发 {target} is shown, two people of the bureau certify it: {act}"]
    said = [f"{blocked.level} 尚缺 {blocked.level} is blocked by:"]
    said += [f"  {each.zh} / {each.en}" for each in blocked.obstacles[:MOST]]
    own = {each.test: str(standing_of(each)) for each in summary.results if each.level == blocked.level}
    if broken := [test for test, standing in own.items() if standing in {"fail", "error"}]:
        act = f"{again} --only {broken[0]}"
        return [*said, f"下一步：改正后只重测此项 next, once it is mended: {act}"]
    if "waiting" in own.values():
        script = f"sunlight conformance script {name}"
        return [
            *said,
            f"下一步：按脚本录入 next, key in what is listed: {script}",
            f"其后每个工作日 then, each working day: {again}",
        ]
    return [*said, f"下一步 next: sunlight conformance show {name}", f"其后 then: {again}"]
