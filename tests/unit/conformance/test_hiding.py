"""No secret stands in what is kept of a test, however its system writes it; what is no secret stays."""

from __future__ import annotations

import pytest

from conformance.hiding import MASK, secrets_in, without_secrets, without_secrets_in

WRITTEN = [
    b'{"password": "hunter2 horse battery"}',
    b'{"password":"hunter2,or;else&more"}',
    b'{"password":"say \\"hunter2\\" twice"}',
    b'{"body":"{\\"password\\": \\"hunter2 horse\\"}"}',
    b'<wsse:Password Type="http://x#PasswordText">hunter2 horse</wsse:Password>',
    b"<password><![CDATA[hunter2<x]]></password>",
    b"<Auth password='hunter2'/>",
    b'{"pwd":"hunter2"}',
    '{"口令":"hunter2"}'.encode(),
    b"Cookie: session=hunter2",
    b"GET / HTTP/1.1\r\nX-Auth-Token: hunter2\r\n",
    b'{"refresh_token": "hunter2"}',
    b'said: Authorization: Digest username="u", response="0123456789abcdef0123456789abcdef"',
    b"postgresql://hub:hunter2@ss@db/hub",
    b"-----BEGIN PRIVATE KEY-----\nhunter2",
    b"the key slk_0123456789ab_hunter2hunter2 was used",
]


@pytest.mark.parametrize("data", WRITTEN)
def test_a_secret_is_found_and_taken_out_as_a_whole(data: bytes) -> None:
    kept = without_secrets(data)
    assert secrets_in(data)
    assert not secrets_in(kept)
    assert MASK in kept
    for part in (b"hunter2", b"horse", b"0123456789abcdef", b"else"):
        assert part not in kept


OWN = "p&ss\"wörd's <1>/密码"


@pytest.mark.parametrize(
    "written",
    [
        OWN.encode(),
        OWN.encode("gb18030"),
        OWN.encode("utf-16-le"),
        "p&amp;ss&quot;wörd&apos;s &lt;1&gt;/密码".encode(),
        "p&amp;ss\"wörd's &lt;1&gt;/密码".encode(),
        b"p&ss\\\"w\\u00f6rd's <1>/\\u5bc6\\u7801",
        b"p%26ss%22w%C3%B6rd%27s%20%3C1%3E%2F%E5%AF%86%E7%A0%81",
        b"p%26ss%22w%C3%B6rd%27s+%3C1%3E%2F%E5%AF%86%E7%A0%81",
    ],
)
def test_a_connections_own_secret_is_taken_out_in_every_spelling(written: bytes) -> None:
    assert secrets_in(b"<a>" + written + b"</a>", [OWN])
    assert without_secrets(b"<a>" + written + b"</a>", [OWN]) == b"<a>" + MASK + b"</a>"


@pytest.mark.parametrize(
    "data",
    [
        b'{"password": null, "secretary": "Wang", "token": "a7f3"}',
        b"<secretLevel>public</secretLevel><password/>",
        b"http://127.0.0.1:8080/v1/cases?at=2026-03-02T09:00:00",
        b"the password of the office is asked for",
    ],
)
def test_what_is_no_secret_stays(data: bytes) -> None:
    assert without_secrets(data) == data


def test_words_lose_their_secrets_and_what_is_no_character() -> None:
    told = without_secrets_in("file \udcff.csv of postgresql://hub:hunter2@db/hub", [])
    assert told == "file \\udcff.csv of postgresql://hub:[removed]@db/hub"
