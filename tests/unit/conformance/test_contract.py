"""A contract is read with all that it takes parts from; a name that leads nowhere, or a part that is away, is told."""

from __future__ import annotations

import pytest

from conformance.contract import Contract, contract_digest, read_contract

WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:xs="http://www.w3.org/2001/XMLSchema"
  xmlns:t="urn:t" xmlns:c="urn:c" targetNamespace="urn:t" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/">
  <types><xs:schema><xs:import namespace="urn:c" schemaLocation="../parts/c.xsd"/></xs:schema></types>
  <message name="ask"><part name="body" element="c:ask"/></message>
  <portType name="P"><operation name="ask"><input message="t:ask"/></operation></portType>
  <binding name="B" type="t:P"><operation name="ask"/></binding>
  <service name="S"><port name="B" binding="t:B"><soap:address location="http://one/"/></port></service>
</definitions>"""
PART = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:c="urn:c" targetNamespace="urn:c">
  <xs:element name="ask" type="c:Asked"/>
  <xs:complexType name="Asked"><xs:attribute ref="xml:lang"/></xs:complexType>
</xs:schema>"""


def contract(wsdl: str = WSDL, part: str = PART) -> Contract:
    documents = {"http://h/a/s?wsdl": wsdl, "http://h/parts/c.xsd": part}
    return read_contract("http://h/a/s?wsdl", lambda at: documents[at].encode())


def test_a_whole_contract_has_its_parts_its_operations_and_no_name_that_leads_nowhere() -> None:
    found = contract()
    assert list(found.documents) == ["http://h/a/s?wsdl", "http://h/parts/c.xsd"]
    assert (found.operations, found.unresolved()) == (["ask"], [])


@pytest.mark.parametrize(
    ("old", "new", "nowhere"),
    [
        ('element="c:ask"', 'element="c:asc"', "{urn:c}asc (element) in /a/s"),
        ('message="t:ask"', 'message="t:asc"', "{urn:t}asc (message) in /a/s"),
        ('type="t:P"', 'type="t:Q"', "{urn:t}Q (portType) in /a/s"),
        ('type="c:Asked"', 'type="c:Told"', "{urn:c}Told (type) in /parts/c.xsd"),
        ('type="c:Asked"', 'type="Asked"', "{}Asked (type) in /parts/c.xsd"),
    ],
)
def test_a_name_that_leads_nowhere_is_told_with_its_document(old: str, new: str, nowhere: str) -> None:
    assert contract(WSDL.replace(old, new), PART.replace(old, new)).unresolved() == [nowhere]


def test_the_digest_changes_with_a_part_and_not_with_where_the_service_is() -> None:
    assert contract(WSDL.replace("http://one/", "http://two/")).digest == contract().digest
    assert contract(part=PART.replace("Asked", "Told")).digest != contract().digest
    alone = read_contract("http://h/s", lambda _: b'<d xmlns="urn:d"/>')
    assert alone.digest == contract_digest(b'<d xmlns="urn:d"/>')


@pytest.mark.parametrize(
    ("part", "problem"), [("<xs:schema", "parts/c.xsd"), (PART.replace("../parts", "http://elsewhere"), "")]
)
def test_a_part_that_is_broken_or_elsewhere_is_refused(part: str, problem: str) -> None:
    wsdl = WSDL if problem else WSDL.replace("../parts", "http://elsewhere")
    with pytest.raises(ValueError, match=problem or "takes parts from elsewhere"):
        contract(wsdl, part)
