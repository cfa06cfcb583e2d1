"""Reads the forms of the public site: a few fields of text, and no file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

FIELDS: Final = 40
"""Most fields of a form: twice what any of ours has."""


async def form_of(request: Request) -> Mapping[str, str]:
    """Return the fields of a form, the last of a name where one comes twice."""
    async with request.form(max_files=0, max_fields=FIELDS) as form:
        return {name: value for name, value in form.multi_items() if isinstance(value, str)}
