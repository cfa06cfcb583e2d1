"""The citizens' service centre (政务服务中心): one SOAP service that speaks for several departments.

It is as such services are: GBK envelopes, and one text parameter that holds a whole XML document which calls itself
gb2312. Rows are asked for by a window of their time of change, page by page, with an HTTP login.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from conformance.reference.web import Asked, Told, WebSystem, has_login

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

PAGE: Final = 50
"""Rows of one answer."""

USER: Final = "hub"

WSDL: Final = """<?xml version="1.0" encoding="utf-8"?>
<wsdl:definitions targetNamespace="urn:centre" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:tns="urn:centre"
    xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <wsdl:types><xs:schema targetNamespace="urn:centre" elementFormDefault="qualified">
    <xs:element name="queryCases"><xs:complexType><xs:sequence>
      <xs:element name="begin" type="xs:string"/><xs:element name="end" type="xs:string"/>
      <xs:element name="page" type="xs:int"/></xs:sequence></xs:complexType></xs:element>
    <xs:element name="queryCasesResponse"><xs:complexType><xs:sequence>
      <xs:element name="return" type="xs:string"/></xs:sequence></xs:complexType></xs:element>
  </xs:schema></wsdl:types>
  <wsdl:message name="in"><wsdl:part name="parameters" element="tns:queryCases"/></wsdl:message>
  <wsdl:message name="out"><wsdl:part name="parameters" element="tns:queryCasesResponse"/></wsdl:message>
  <wsdl:portType name="Centre"><wsdl:operation name="queryCases">
    <wsdl:input message="tns:in"/><wsdl:output message="tns:out"/></wsdl:operation></wsdl:portType>
  <wsdl:binding name="CentreSoap" type="tns:Centre">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="queryCases"><soap:operation soapAction="urn:centre:queryCases"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation></wsdl:binding>
  <wsdl:service name="Centre"><wsdl:port name="Centre" binding="tns:CentreSoap">
    <soap:address location="LOCATION"/></wsdl:port></wsdl:service>
</wsdl:definitions>"""

_ENVELOPE: Final = (
    '<?xml version="1.0" encoding="GBK"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
    "<soap:Body>{}</soap:Body></soap:Envelope>"
)
_KIND: Final = "text/xml; charset=GBK"
_FAULT: Final = "<soap:Fault><faultcode>soap:Client</faultcode><faultstring>{}</faultstring></soap:Fault>"


class ServiceCentre:
    """The centre: rows are put in as its staff key them in, and asked for by whoever knows the password."""

    def __init__(self, password: str) -> None:
        """Begin empty."""
        self._password = password
        self.wsdl = WSDL
        self._rows: list[Mapping[str, str]] = []
        self._web = WebSystem(self._answer)

    @property
    def environment(self) -> Mapping[str, str]:
        """Return where it is, by the names that its mapping uses."""
        return {"CENTRE_URL": f"{self._web.url}/centre", "CENTRE_PASSWORD": self._password}

    def put(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Take rows in, in the place of those of the same SBLSH: each cell a text; GXSJ is the time of change."""
        by_number = {row["SBLSH"]: row for row in (*self._rows, *rows)}
        self._rows = sorted(by_number.values(), key=lambda row: row["GXSJ"])

    def close(self) -> None:
        """Stop."""
        self._web.close()

    def _answer(self, asked: Asked) -> Told:
        if not asked.body:
            return Told(200, "text/xml", self.wsdl.replace("LOCATION", f"{self._web.url}/centre").encode())
        if not has_login(asked, USER, self._password):
            return Told(401, _KIND, b"")
        found = re.search(
            r"<(?:\w+:)?begin>(.*?)</.*?end>(.*?)</.*?page>(\d+)</", asked.body.decode("gb18030"), re.DOTALL
        )
        if found is None:
            return self._enveloped(500, _FAULT.format("queryCases: begin, end, page"))
        begin, end, page = found[1], found[2], int(found[3])
        rows = [row for row in self._rows if begin <= row["GXSJ"] <= end][(page - 1) * PAGE : page * PAGE]
        listed = "".join(f"<BJ>{''.join(_cell(*each) for each in row.items())}</BJ>" for row in rows)
        inner = escape(f'<?xml version="1.0" encoding="gb2312"?><BJS>{listed}</BJS>')
        told = f'<queryCasesResponse xmlns="urn:centre"><return>{inner}</return></queryCasesResponse>'
        return self._enveloped(200, told)

    @staticmethod
    def _enveloped(status: int, content: str) -> Told:
        return Told(status, _KIND, _ENVELOPE.format(content).encode("gb18030"))


def _cell(name: str, value: str) -> str:
    return f"<{name}>{escape(value)}</{name}>"


def written(moment: datetime) -> str:
    """Write a moment as the centre does: its own wall clock, to the second."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")
