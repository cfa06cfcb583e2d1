"""Decodes what a department sends by itself: one body, in the format and the encoding that its mapping declares."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from connectors.codecs import CODECS, CodecOptions
from connectors.encodings import canonical
from connectors.options import READERS, Options, encoding_of, namespaces_of
from connectors.plausibility import judged
from hub.errors import Misconfigured
from hub.mapping.canonical import FORMAT
from hub.mapping.paths import path_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.options import Declaration
    from hub.model.values import Record

KIND: Final = "push"
"""The kind of connection that is not read: its department sends."""

MEDIA_TYPES: Final[Mapping[str, frozenset[str]]] = {
    "canonical": frozenset({"application/json", "application/cloudevents+json", "application/cloudevents-batch+json"}),
    "json": frozenset({"application/json"}),
    "jsonl": frozenset({"application/x-ndjson", "application/jsonl", "application/x-jsonlines"}),
    "csv": frozenset({"text/csv"}),
    "xml": frozenset({"application/xml", "text/xml"}),
    "xes": frozenset({"application/xml", "text/xml"}),
}
"""By format, the media types under which a body of it comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushFormat:
    """How the bodies of one connection are read."""

    form: str
    options: CodecOptions
    takes_any_text: bool = False
    """Whether texts that were garbled on their way are taken as they come."""

    def takes(self, media_type: str, charset: str) -> bool:
        """Tell whether a body that calls itself so is of this format and encoding; without a charset it is."""
        try:
            is_agreed = not charset or canonical(charset) == self.options.encoding
        except Misconfigured:
            return False
        return media_type in MEDIA_TYPES[self.form] and is_agreed

    def records(self, body: bytes) -> Sequence[Record]:
        """Return every record of a body, a broken one as refused."""
        found = CODECS["json" if self.form == FORMAT else self.form](io.BytesIO(body), self.options)
        return list(found) if self.takes_any_text else [judged(record) for record in found]


def push_format(declaration: Declaration) -> PushFormat:
    """Read what `declaration` says of its bodies; raise Misconfigured with every fault."""
    connect = Options(declaration.connect, file=declaration.connection, environment={})
    options = CodecOptions(
        place=declaration.connection,
        encoding=encoding_of(declaration),
        delimiter=connect.text("delimiter", ","),
        columns=connect.texts("columns"),
        record=connect.text("record", ""),
        rows=path_in(connect.text("rows", "")),
        namespaces=namespaces_of(declaration),
    )
    found = PushFormat(form=connect.choice("format", tuple(MEDIA_TYPES), "json"), options=options,
                       takes_any_text=declaration.read.get("texts") == "any")  # fmt: skip
    connect.no_more(also=READERS)
    connect.done()
    return found
