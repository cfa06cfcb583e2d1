"""Prints once, at the end of a run, how many mutants were caught: whichever processes ran them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

MUTANT: Final = "mutant"
"""The property of a test's report that names a mutant and says whether it was caught; reports travel to the process
that started the run, user properties with them."""


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print the kill rate, where any mutant was run, and the names of those that got away."""
    reports = [each for kind in ("passed", "failed") for each in terminalreporter.stats.get(kind, ())]
    caught = dict(value for each in reports for name, value in getattr(each, "user_properties", ()) if name == MUTANT)
    if caught:
        killed = sum(caught.values())
        rate = f"{100 * killed / len(caught):.0f} %"
        terminalreporter.write_line(f"mutants caught: {killed} of {len(caught)} ({rate})")
        for name in sorted(name for name, was_caught in caught.items() if not was_caught):
            terminalreporter.write_line(f"  got away: {name}")
