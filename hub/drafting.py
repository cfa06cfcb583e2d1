"""Draws the files of issued papers, keeps them by their digest, and tells the ledger; nothing else waits for it."""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

from hub.acts import drawn
from hub.papers.pdf import pdf_of
from hub.papers.sheet import blocks
from hub.papers.word import docx_of
from hub.trace import traced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hub.model.values import PaperRow
    from hub.ports import Bus, PaperShelf

LOG: Final = logging.getLogger(__name__)

TOGETHER: Final = 20
"""Papers drawn in one step."""

AGAIN_S: Final = 60.0
"""Seconds after which a paper of which the ledger still knows no files is drawn again."""


def files_of(paper: PaperRow, font: str = "") -> Mapping[str, bytes]:
    """Draw a paper from its content: its files by kind."""
    content = paper.content
    sheet, title = blocks(content), f"{content['no']} {content['title']['zh']}"
    day = date.fromisoformat(content["issued_on"])
    return {"docx": docx_of(sheet, title=title, day=day), "pdf": pdf_of(sheet, title=title, font=font)}


@dataclass(slots=True, kw_only=True)
class Draughtsman:
    """Draws what was issued and is not drawn. Belongs to one thread, as its bus does; several may run."""

    shelf: PaperShelf
    bus: Bus
    font: str = ""
    _told: dict[str, float] = field(default_factory=dict)

    def step(self) -> bool:
        """Draw some papers; tell whether there were any. One that cannot be drawn is said and passed over for a while.

        Files are kept before the ledger is told: what it names is there. Drawn twice, the first to be ledgered stands.
        """
        now = time.monotonic()
        self._told = {name: at for name, at in self._told.items() if now - at < AGAIN_S}
        waiting = [
            paper for paper in self.shelf.undrawn(TOGETHER + len(self._told)) if paper.paper_id not in self._told
        ]
        for paper in waiting:
            self._told[paper.paper_id] = now
            self._draw(paper)
        return bool(waiting)

    def _draw(self, paper: PaperRow) -> None:
        try:
            files = files_of(paper, self.font)
        except Exception as fault:  # noqa: BLE001 - one paper of many, passed over
            LOG.error("paper cannot be drawn", extra={"paper_id": paper.paper_id, "fault": traced(fault)})  # noqa: TRY400
            return
        digests = {media: hashlib.sha256(body).hexdigest() for media, body in files.items()}
        self.shelf.keep({digests[media]: (media, body) for media, body in files.items()})
        self.bus.publish([drawn(paper, docx_digest=digests["docx"], pdf_digest=digests["pdf"])])
        LOG.info("paper drawn", extra={"paper_id": paper.paper_id, "no": paper.content["no"]})
