"""A key opens only what it was given, only for as long as it lasts, and nothing kept of it opens anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Misconfigured
from hub.identity import LOCAL_SCOPES, SCOPES, authenticate, digest, issue
from hub.store.identities import Identities
from hub.store.migrate import migrate

if TYPE_CHECKING:
    from pathlib import Path

    from hub.identity import Issued

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def a_key(*scopes: str, expires_at: datetime | None = None) -> Issued:
    return issue("duty desk", kind="person", scopes=scopes or ("cases:read",), now=NOW, expires_at=expires_at)


def holder(issued: Issued, token: str, now: datetime = NOW) -> str | None:
    """Return the key id of who holds `token` where `issued` is all there is."""
    known = {issued.identity.key_id: (issued.identity, issued.key_hash)}
    found = authenticate(token, known.get, now)
    return found.key_id if found else None


def test_the_token_names_its_key_and_opens_it() -> None:
    issued = a_key()
    assert issued.token.startswith(f"slk_{issued.identity.key_id}_")
    assert holder(issued, issued.token) == issued.identity.key_id


def test_two_keys_are_never_the_same() -> None:
    assert len({a_key().token for _ in range(100)}) == 100


def test_what_is_kept_is_not_the_secret() -> None:
    issued = a_key()
    assert issued.token.split("_", 2)[2] not in repr((issued.identity, issued.key_hash))
    assert issued.key_hash == digest(issued.token)
    assert holder(issued, issued.key_hash) is None


@given(st.text(max_size=80))
def test_no_other_text_opens_a_key(text: str) -> None:
    issued = a_key()
    assert holder(issued, text) is None
    assert holder(issued, issued.token + text) == (None if text else issued.identity.key_id)


@given(st.integers(min_value=0, max_value=59), st.sampled_from("ABCxyz019_-"))
def test_a_token_with_one_character_changed_opens_nothing(place: int, other: str) -> None:
    issued = a_key()
    changed = issued.token[:place] + other + issued.token[place + 1 :]
    assert (holder(issued, changed) is None) == (changed != issued.token)


def test_a_key_ends_at_its_expiry_to_the_microsecond() -> None:
    issued = a_key(expires_at=NOW + timedelta(days=90))
    last = NOW + timedelta(days=90)
    assert holder(issued, issued.token, last - timedelta(microseconds=1)) is not None
    assert holder(issued, issued.token, last) is None


def test_a_scope_opens_itself_alone_and_admin_everything() -> None:
    assert a_key("cases:read").identity.may("cases:read")
    assert not a_key("cases:read").identity.may("cases:read:restricted")
    assert not a_key("feed:read:restricted").identity.may("feed:read:intranet")
    assert all(a_key("admin").identity.may(scope) for scope in SCOPES)


def test_whoever_sits_at_the_machine_sees_no_secret_case() -> None:
    assert "cases:read:secret" not in LOCAL_SCOPES
    assert "admin" not in LOCAL_SCOPES


def test_everything_wrong_with_a_wish_is_told_at_once() -> None:
    with pytest.raises(Misconfigured) as told:
        issue(" ", kind="robot", scopes=["cases:write", "cases:read"], now=NOW, expires_at=NOW)
    assert [fault.code for fault in told.value.faults] == ["key.name", "key.kind", "key.scope", "key.expires"]


def test_a_key_without_scopes_is_refused() -> None:
    with pytest.raises(Misconfigured, match="opens nothing"):
        issue("duty desk", kind="person", scopes=[], now=NOW)


def a_store(folder: Path) -> Identities:
    url = f"sqlite:///{folder}/hub.db"
    migrate(url)
    return Identities(url)


def test_a_kept_key_is_found_as_it_was_issued(tmp_path: Path) -> None:
    kept, issued = a_store(tmp_path), a_key("cases:read", "alerts:read", expires_at=NOW + timedelta(days=1))
    kept.add(issued)
    assert kept.find(issued.identity.key_id) == (issued.identity, issued.key_hash)
    assert authenticate(issued.token, kept.find, NOW) == issued.identity
    assert kept.find("0" * 12) is None
    kept.close()


def test_a_revoked_key_opens_nothing_and_stays_in_the_list(tmp_path: Path) -> None:
    kept, issued = a_store(tmp_path), a_key()
    assert not kept.any()
    kept.add(issued)
    assert kept.revoke(issued.identity.key_id, NOW)
    assert not kept.revoke(issued.identity.key_id, NOW)
    assert authenticate(issued.token, kept.find, NOW) is None
    assert [who.revoked_at for who, _ in kept.list()] == [NOW]
    assert kept.any(), "revoking the last key must not open the gateway"
    kept.close()


def test_the_last_use_of_a_key_is_remembered(tmp_path: Path) -> None:
    kept, issued = a_store(tmp_path), a_key()
    kept.add(issued)
    kept.seen(issued.identity.key_id, NOW + timedelta(hours=2))
    assert [used for _, used in kept.list()] == [NOW + timedelta(hours=2)]
    kept.close()
