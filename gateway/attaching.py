"""Lists the files of a case and hands them out: to those who may see the case, under its class as it is now."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from starlette.requests import Request  # noqa: TC002 - the framework reads it at run time
from starlette.responses import Response, StreamingResponse

from gateway import words
from gateway.casefile import is_complaint_hidden_from, labelled, local
from gateway.problems import Problem, json_response
from gateway.rights import view_of
from hub.attachments.sealing import Damaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import tzinfo

    from gateway.reading import Parts, Row
    from hub.model.attachments import Attachment

_DIGEST: Final = re.compile("[0-9a-f]{64}")

_SEPARATORS: Final = re.compile(r"[/\\:\x00-\x1f\x7f]")
"""What a name to save under does not hold."""

_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "no-store",
}
"""A file is saved, never shown: what the class of its case becomes later holds for no copy that a cache has."""


def told(attachment: Attachment, zone: tzinfo) -> dict[str, Any]:
    """Tell a file: never where its department keeps it."""
    is_there = attachment.state == "available"
    return {
        "name": attachment.name,
        "media_type": attachment.media_type,
        "size": attachment.size_bytes,
        "sha256": attachment.sha256,
        "state": attachment.state,
        "state_label": labelled(words.label(words.ATTACHMENT_STATES, attachment.state)),
        "problem": attachment.problem,
        "said": attachment.said,
        "next_at": local(attachment.next_at, zone),
        "changed_at": local(attachment.changed_at, zone),
        "href": f"/v1/cases/{attachment.case_id}/attachments/{attachment.sha256}" if is_there else None,
    }


def files_of(parts: Parts, row: Row, view: str) -> Sequence[Attachment]:
    """Return the files of a case that a view may see: on the intranet none of a complaint."""
    return () if is_complaint_hidden_from(row, view) else parts.attachments(row["case_id"])


def listed(parts: Parts, row: Row, view: str) -> list[dict[str, Any]]:
    """Tell the files of a case that a view may see."""
    return [told(each, parts.zone) for each in files_of(parts, row, view)]


class Attaching:
    """The endpoints on the files of a case."""

    def __init__(self, parts: Parts, case: Callable[[Request, str], Row]) -> None:
        """Work through `parts`; `case` looks up a case that the asker may see."""
        self._parts, self._case = parts, case

    def listed(self, request: Request, case_id: str) -> Response:
        """List the files of a case: names, types, sizes, digests, and whether each is there."""
        case = self._case(request, case_id)
        view = view_of(request.state.who, case["department_id"])
        return json_response({"case_id": case["case_id"], "items": listed(self._parts, case, view)})

    def file(self, request: Request, case_id: str, sha256: str) -> Response:
        """Hand out a file of a case: it is the one that the case names, or it is not handed out."""
        case = self._case(request, case_id)
        view = view_of(request.state.who, case["department_id"])
        return handed(self._parts, files_of(self._parts, case, view), sha256)


def handed(parts: Parts, files: Sequence[Attachment], sha256: str) -> Response:
    """Hand out one of `files`: it is the one that the case names, or it is not handed out."""
    found = _of_digest(files, sha256)
    if found is None:
        raise Problem(404, "no-attachment", "this case names no such file", hint="see the case's attachments")
    kept, content = (parts.kept_file(sha256), parts.kept_file(sha256)) if found.state == "available" else (None, None)
    if kept is None or content is None:
        detail = f"the file is {found.state}: {found.said or found.problem or 'not fetched yet'}"
        raise Problem(404, "not-there", detail, hint="`sunlight attachments` lists why; it may be tried again")
    if _sha256(kept) != sha256:
        hint = "restore the folder of attachments from a backup"
        raise Problem(500, "attachment-changed", "the file is not the one that the case names", hint=hint)
    name = quote(_SEPARATORS.sub("_", found.name), safe="")
    headers = {
        **_HEADERS,
        "Content-Length": str(found.size_bytes),
        "Content-Disposition": f"attachment; filename*=utf-8''{name}",
    }
    return StreamingResponse(content, media_type=found.media_type, headers=headers)


def _of_digest(known: Sequence[Attachment], sha256: str) -> Attachment | None:
    return next((each for each in known if each.sha256 == sha256), None) if _DIGEST.fullmatch(sha256) else None


def _sha256(parts: Iterable[bytes]) -> str:
    """Return the digest of a file; of one that is damaged none."""
    digest = hashlib.sha256()
    try:
        for part in parts:
            digest.update(part)
    except Damaged:
        return ""
    return digest.hexdigest()
