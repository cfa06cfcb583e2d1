"""What XML codecs share: whose word counts for the encoding, and a parser that resolves nothing and reaches nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lxml import etree

from connectors.encodings import BOM, UTF_8, canonical
from hub.errors import Misconfigured, Refused, Rejection

if TYPE_CHECKING:
    from connectors.codecs.common import CodecOptions

KEPT_BYTES: Final = 1 << 16
"""How much of a file that cannot be read at all is kept as evidence."""

_DECLARED: Final = re.compile(rb"""\A\s*<\?xml[^>]*\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


def encoding_of(prologue: bytes, options: CodecOptions) -> str:
    """Return the operator's encoding; raise Refused where the file declares another."""
    found = _DECLARED.match(prologue.removeprefix(BOM))
    if found is None:
        return options.encoding
    name = found.group(1).decode()
    try:
        encoding = canonical(name)
    except Misconfigured as unreadable:
        raise _conflict(f"the file declares the encoding {name}, which cannot be read") from unreadable
    if encoding != options.encoding:
        raise _conflict(f"the file declares the encoding {name}, its connection {options.encoding}")
    return encoding


def _conflict(problem: str) -> Refused:
    hint = "declare what the system really writes, in the file and under read.encoding alike"
    return Refused(Rejection(stage="decode", code="decode.encoding-conflict", problem=problem, hint=hint))


def parsed(text: bytes) -> etree._Element:
    """Parse UTF-8 XML without entities, DTD, network, comments; raise lxml's XMLSyntaxError."""
    parser = etree.XMLParser(
        encoding=UTF_8,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    return etree.fromstring(text, parser)


def local(element: etree._Element) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]
