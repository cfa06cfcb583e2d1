"""Faults of the hub by which something secret is said: in a log, in a refusal, in a public text."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

from conformance.reference.mutation import Mutant
from hub.deciding import Session
from hub.model.shapes import Shape
from hub.views.masking import masked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hub.model.shapes import Problem
    from hub.model.values import Delivery

_ADMIT: Final = Session._admit  # noqa: SLF001 - what the fault is added to
_PROBLEMS: Final = Shape.problems


def _telling(self: Session, delivery: Delivery) -> Any:
    logging.getLogger("hub.deciding").debug("arrived: %s", delivery.body.decode(errors="replace"))
    return _ADMIT(self, delivery)


def _quoting(self: Shape, document: Any) -> Sequence[Problem]:
    return [replace(each, problem=each.quoting) for each in _PROBLEMS(self, document)]


@contextlib.contextmanager
def _finding_nothing(by: str) -> Iterator[None]:
    """Let what finds something personal find nothing, and nothing be remembered of what it found."""
    with patch(f"hub.views.masking.{by}", lambda _: ()):
        masked.cache_clear()
        yield
    masked.cache_clear()


MUTANTS: Final = (
    Mutant(
        name="masks_nothing",
        blames="hub",
        at="market",
        about="public texts are shown as they are",
        patch=lambda: _finding_nothing("found_in"),
    ),
    Mutant(
        name="knows_no_addresses",
        blames="hub",
        at="market",
        about="where somebody lives is shown",
        patch=lambda: _finding_nothing("addresses_in"),
    ),
    Mutant(
        name="logs_what_arrives",
        blames="hub",
        at="market",
        about="messages are logged as they arrive",
        patch=lambda: patch.object(Session, "_admit", _telling),
    ),
    Mutant(
        name="quotes_what_it_refuses",
        blames="hub",
        at="market",
        about="refusals quote the value",
        patch=lambda: patch.object(Shape, "problems", _quoting),
    ),
)
