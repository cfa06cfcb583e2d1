"""Who asks too often is told apart by what one subscriber has, however many addresses that is."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from gateway.public.guard import Pace, caller


def asked_from(host: str, forwarded: str = "") -> Request:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    return Request({"type": "http", "headers": headers, "client": (host, 1)})


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("testclient", "testclient", True),
    ],
)
def test_one_subscribers_addresses_are_one_caller(one: str, other: str, *, is_same: bool) -> None:
    assert (caller(asked_from(one), 0) == caller(asked_from(other), 0)) is is_same
    behind = [caller(asked_from("10.0.0.1", f"198.51.100.1, {each}"), 1) for each in (one, other)]
    assert (behind[0] == behind[1]) is is_same


def test_a_thousand_addresses_of_one_network_have_one_pace() -> None:
    pace = Pace(5, 60.0, now=lambda: 0.0)
    let = [pace.may(caller(asked_from(f"2001:db8::{n:x}"), 0)) for n in range(1, 1000)]
    assert sum(let) == 5
