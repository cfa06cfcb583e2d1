"""Has zeep write the message of a WSDL's operation, and says why it cannot, where it cannot load the WSDL."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit, urlunsplit

import requests.exceptions
import zeep
from lxml import etree
from zeep import exceptions as wrong
from zeep.cache import InMemoryCache
from zeep.transports import Transport

from connectors.soap_envelope import ENVELOPES, headers_of
from hub.errors import HubError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.http.client import HttpClient
    from connectors.options import Options

_NAME: Final = re.compile(r"\{(\w+)\}")
_RAW: Final = "write the request out instead: request: |, with version and action"


class _LocalTransport(Transport):
    """Reads what a WSDL is made of: files of this machine, and of the service's own host; nothing from elsewhere."""

    def __init__(self, client: HttpClient) -> None:
        super().__init__(cache=InMemoryCache())  # type: ignore[no-untyped-call]
        self._client = client

    def load(self, url: str) -> bytes:
        """Return the document at `url`."""
        if "://" in url and not url.startswith("file://"):
            return self._client.ask("GET", self._client.joined(url)).body
        return Path(url.removeprefix("file://")).read_bytes()


class WsdlRequest:
    """The message of one operation; see connectors.soap.Message."""

    def __init__(self, client: zeep.Client, operation: str, arguments: Mapping[str, Any] | str, encoding: str) -> None:
        """Call `operation` with `arguments`, texts in which {names} are filled in, or with one text alone."""
        self._client, self._operation, self._arguments, self.encoding = client, operation, arguments, encoding
        self._bound = client.service._binding.get(operation)  # noqa: SLF001 - zeep has no other way to the SOAPAction

    def names(self) -> frozenset[str]:
        """See Message."""
        return frozenset(name for text in _texts(self._arguments) for name in _NAME.findall(text))

    def envelope(self, values: Mapping[str, str]) -> etree._Element:
        """See Message."""
        filled, service = _filled(self._arguments, values), self._client.service
        alone, named = ((), filled) if isinstance(filled, dict) else ((filled,), {})
        message: etree._Element = self._client.create_message(service, self._operation, *alone, **named)
        return message

    def headers(self) -> Mapping[str, str]:
        """See Message."""
        return headers_of(_version(self._client), self._bound.soapaction or "", self.encoding)


def _version(client: zeep.Client) -> str:
    space = client.service._binding.nsmap["soap-env"]  # noqa: SLF001 - the binding alone knows its version
    return next(version for version, known in ENVELOPES.items() if known == space)


def wsdl_request(connect: Options, client: HttpClient, encoding: str) -> WsdlRequest:
    """Read `wsdl`, `operation` and `arguments`; faults are noted, an unusable message is returned with them.

    `argument` stands for them where the message is one text.
    """
    path, operation = connect.text("wsdl"), connect.text("operation")
    arguments, text = connect.section("arguments").plain(), connect.text("argument", "")
    if arguments and text:
        connect.fault("argument", "and arguments exclude each other", "write one of them")
    try:
        return WsdlRequest(loaded(path, client), operation, text or arguments, encoding)
    except Exception as failed:  # noqa: BLE001 - zeep lets whatever it meets through; each is given its name
        problem = f"zeep cannot load {path}: {cause_of(failed)}".replace(path, shown(path))
        connect.fault("wsdl", problem, _RAW, code="source.wsdl")
        return _Unusable(encoding)  # type: ignore[return-value]


def shown(address: str) -> str:
    """Return an address without the login and the parameters that it may have: it is shown and logged."""
    if "://" not in address:
        return address
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def loaded(path: str, client: HttpClient) -> zeep.Client:
    """Load a WSDL; raise whatever zeep raises. It warns of parts that it leaves out: what is missing shows in use."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return zeep.Client(path, transport=_LocalTransport(client))


class _Unusable:
    """Stands for a message that there is none of, until the faults are told."""

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding

    def names(self) -> frozenset[str]:
        return frozenset()


_CAUSES: Final[tuple[tuple[type[BaseException], str, str], ...]] = (
    (FileNotFoundError, "", "a file that it takes parts from is not there"),
    (IsADirectoryError, "", "it takes parts from a folder"),
    (HubError, "", "a part of it lies at an address that cannot be read"),
    (requests.exceptions.RequestException, "", "a part of it lies at an address that cannot be read"),
    (wrong.XMLParseError, "doesn't match", "an import names another namespace than the file has"),
    (wrong.XMLParseError, "No namespace defined", "it uses a prefix that it does not define"),
    (IndexError, "No definition", "it names a message or type that no part of it defines"),
    (NotImplementedError, "schemaLocation", "it imports a schema without saying where that is"),
    (wrong.XMLSyntaxError, "", "it, or a part of it, is no well-formed XML"),
    (etree.XMLSyntaxError, "", "it, or a part of it, is no well-formed XML"),
    (wrong.NamespaceError, "", "it names a namespace that no part of it defines"),
    (wrong.LookupError, "", "it names a type, element or message that no part of it defines"),
    (wrong.IncompleteMessage, "", "a message has no part that can be written"),
    (wrong.IncompleteOperation, "", "an operation has no message"),
    (wrong.DTDForbidden, "", "it brings definitions of its own (a DTD)"),
    (wrong.EntitiesForbidden, "", "it brings entities of its own"),
    (wrong.UnexpectedElementError, "", "its schema has an element where none may stand"),
    (AttributeError, "", "its schema uses what is defined later, which zeep resolves in order only"),
    (AssertionError, "", "its schema breaks a rule that zeep relies on"),
    (KeyError, "", "it refers to what it does not define"),
    (ValueError, "service", "it declares no service"),
    (RecursionError, "", "its schema holds itself without end"),
    (ValueError, "", "a value in it is none that zeep takes"),
    (TypeError, "", "a part of it lacks what zeep expects"),
    (NotImplementedError, "", "it uses what zeep does not know"),
)


def cause_of(failed: BaseException) -> str:
    """Name why zeep could not load a WSDL, with what it said itself."""
    said = " ".join(str(failed).split())[:160]
    for kind, word, cause in _CAUSES:
        if isinstance(failed, kind) and word in said:
            return f"{cause} ({type(failed).__name__}: {said})"
    return f"{type(failed).__name__}: {said}"


def _texts(value: Any) -> list[str]:  # noqa: ANN401 - any YAML
    if isinstance(value, dict):
        return [text for child in value.values() for text in _texts(child)]
    if isinstance(value, list):
        return [text for child in value for text in _texts(child)]
    return [value] if isinstance(value, str) else []


def _filled(value: Any, values: Mapping[str, str]) -> Any:  # noqa: ANN401 - any YAML
    if isinstance(value, dict):
        return {name: _filled(child, values) for name, child in value.items()}
    if isinstance(value, list):
        return [_filled(child, values) for child in value]
    if not isinstance(value, str):
        return value
    for name, text in values.items():
        value = value.replace("{" + name + "}", text)
    return value
