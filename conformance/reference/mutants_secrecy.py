"""Faults of the hub by which something secret is said: in a log, in a refusal, in a public text."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

from conformance.reference.mutation import Mutant
from hub.deciding import Session
from hub.model.shapes import Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.model.shapes import Problem
    from hub.model.values import Delivery

_ADMIT: Final = Session._admit  # noqa: SLF001 - what the fault is added to
_PROBLEMS: Final = Shape.problems


def _telling(self: Session, delivery: Delivery) -> Any:
    logging.getLogger("hub.deciding").debug("arrived: %s", delivery.body.decode(errors="replace"))
    return _ADMIT(self, delivery)


def _quoting(self: Shape, document: Any) -> Sequence[Problem]:
    return [replace(each, problem=each.quoting) for each in _PROBLEMS(self, document)]


MUTANTS: Final = (
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
