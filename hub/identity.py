"""Decides who may use the gateway, and for what: API keys that expire, kept only as digests."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

from hub.errors import Fault, Misconfigured
from hub.model.organisations import is_organisation

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

Kind = Literal["connection", "person", "subscriber"]
"""Who holds a key: a department's system, a person at the console, or a system that follows the feed."""

PREFIX: Final = "slk"
"""What every token begins with, so that scanners of repositories and logs can find a leaked one."""

SECRET_BYTES: Final = 32
"""Bytes of randomness in a secret: too many to search, so that a plain SHA-256 of it is enough."""

KEY_ID_BYTES: Final = 6
"""Bytes of a key id (12 hexadecimal digits): it names a key in lists and is no secret."""

SCOPES: Final = {
    "cases:read": "cases of the classes public and intranet, the summary and the accounting",
    "cases:read:restricted": "restricted cases too",
    "cases:read:secret": "secret cases too",
    "alerts:read": "alerts, of those cases that the key may see",
    "alerts:answer": "signing for, answering, rectifying and appealing the alerts of the key's department",
    "alerts:supervise": "confirming, sending back, verifying and closing alerts; orders and escalation",
    "alerts:review": "deciding appeals: never of somebody who has acted on the alert",
    "papers:commission": "issuing the supervisory commission's recommendations 监察建议书",
    "papers:justice": "issuing the justice department's opinions and decisions 意见书, 决定书",
    "complaints:handle": "complaints sent to the key's department: reading, signing for, returning and answering them",
    "complaints:centre": "every complaint that is not secret: sending it, deciding, following up, closing",
    "catalogue:propose": "proposing changes of the catalogue, of the key's department where it has one",
    "catalogue:review": "approving and refusing changes of the catalogue: never one's own",
    "feed:read:public": "the public feed",
    "feed:read:intranet": "the intranet feed",
    "feed:read:restricted": "the restricted feed",
    "quarantine:read": "what was refused and why, never its bytes",
    "scores:read": "scores, how they came about, and truthfulness; a department's key derives its own alone",
    "conformance:read": "where connections stand in certification; a department's key sees its own alone",
    "conformance:act": "running a test again, disputing a verdict, opening its evidence: of the key's department",
    "conformance:review": "deciding disputed verdicts: never one's own",
    "metrics:read": "the figures for Prometheus",
    "records:write": "sending the records of the connection that the key is named after",
    "admin": "everything",
}
"""What a key can be given, and what it means."""

_NAMED: Final = frozenset({"admin", "cases:read:secret", "records:write"}) | frozenset(
    {"alerts:answer", "alerts:supervise", "alerts:review", "catalogue:propose", "catalogue:review"}
    | {"complaints:handle", "complaints:centre"}
    | {"papers:commission", "papers:justice", "conformance:act", "conformance:review"}
)
"""What only somebody with a name may do."""

LOCAL_SCOPES: Final = frozenset(SCOPES) - _NAMED
"""What whoever sits at the machine may do on loopback while there are no keys."""

_TOKEN: Final = re.compile(rf"{PREFIX}_([0-9a-f]{{{2 * KEY_ID_BYTES}}})_[A-Za-z0-9_-]{{43}}")
_UNKNOWN: Final = "0" * 64
"""Compared with where no key is found, so that both ways take the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One holder of a key. Instants are aware UTC; `expires_at` None: never."""

    key_id: str
    name: str
    kind: Kind
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    department_id: str = ""
    """The department that a person belongs to; empty for those of the centre."""

    def may(self, scope: str) -> bool:
        """Tell whether this holder has `scope`."""
        return scope in self.scopes or "admin" in self.scopes

    def is_valid(self, now: datetime) -> bool:
        """Tell whether the key is neither revoked nor expired at `now`."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A key as it is made: `token` is shown once, `key_hash` is all that is kept of it."""

    token: str
    key_hash: str
    identity: Identity


def issue(
    name: str,
    *,
    kind: str,
    scopes: Collection[str],
    now: datetime,
    expires_at: datetime | None = None,
    department_id: str = "",
) -> Issued:
    """Make a key for `name`; Misconfigured names everything that is wrong with the wish."""
    faults = [*_name_faults(name, kind), *_scope_faults(scopes), *_department_faults(scopes, department_id)]
    if expires_at is not None and expires_at <= now:
        faults.append(Fault(code="key.expires", problem="the key would expire before it is used"))
    if faults:
        raise Misconfigured(*faults)
    key_id = secrets.token_hex(KEY_ID_BYTES)
    token = f"{PREFIX}_{key_id}_{secrets.token_urlsafe(SECRET_BYTES)}"
    identity = Identity(
        key_id=key_id,
        name=name.strip(),
        kind=kind,  # type: ignore[arg-type]  # checked above
        scopes=frozenset(scopes),
        created_at=now,
        expires_at=expires_at,
        department_id=department_id,
    )
    return Issued(token=token, key_hash=digest(token), identity=identity)


def _name_faults(name: str, kind: str) -> list[Fault]:
    faults = []
    if not name.strip():
        faults.append(Fault(code="key.name", problem="a key has a name", hint="say whose it is"))
    if kind not in get_args(Kind):
        faults.append(
            Fault(code="key.kind", problem=f"unknown kind {kind!r}", hint=f"one of {_listed(get_args(Kind))}")
        )
    return faults


def _scope_faults(scopes: Collection[str]) -> list[Fault]:
    hint = f"any of {_listed(SCOPES)}"
    if not scopes:
        return [Fault(code="key.scope", problem="a key without scopes opens nothing", hint=hint)]
    return [
        Fault(code="key.scope", problem=f"unknown scope {scope!r}", hint=hint)
        for scope in sorted(scopes)
        if scope not in SCOPES
    ]


def _department_faults(scopes: Collection[str], department_id: str) -> list[Fault]:
    if department_id and not is_organisation(department_id):
        problem = f"{department_id!r} is no organisation code"
        return [Fault(code="key.department", problem=problem, hint="18 or 9 characters, e.g. 11321200014000028L")]
    if "alerts:answer" in scopes and not department_id:
        hint = "say whose: --department 11321200014000028L"
        return [Fault(code="key.department", problem="alerts are answered for a department", hint=hint)]
    if "complaints:handle" in scopes and not department_id:
        hint = "say whose: --department 11321200014000028L"
        return [Fault(code="key.department", problem="complaints are handled for a department", hint=hint)]
    return []


def _listed(words: Collection[str]) -> str:
    return ", ".join(words)


def digest(token: str) -> str:
    """Return the SHA-256 of a token in hexadecimal: what the store keeps."""
    return hashlib.sha256(token.encode()).hexdigest()


def authenticate(token: str, find: Callable[[str], tuple[Identity, str] | None], now: datetime) -> Identity | None:
    """Return who holds `token`, or None if it is malformed, unknown, wrong, revoked or expired.

    `find` looks up (identity, key hash) by key id. The comparison takes the same time whatever differs.
    """
    match = _TOKEN.fullmatch(token)
    found = find(match[1]) if match else None
    identity, expected = found or (None, _UNKNOWN)
    same = hmac.compare_digest(digest(token), expected)
    return identity if same and identity is not None and identity.is_valid(now) else None
