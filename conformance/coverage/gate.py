"""Answers whether a connection may go live: yes, no with its reason, or unknown with which of three kinds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.model.certified import CertificateRow

LIVE: Final = "C2"
"""The level that a connection needs to go live (with its data marked as such); credit in scores needs C3."""

STALE: Final = timedelta(minutes=15)
"""How long ago a connection may have been looked at last."""

EXITS: Final = {"yes": 0, "no": 1, "unknown": 5}

Why = Literal["", "unregistered", "revoked", "expired", "suspended", "level", "owed_run", "never_run", "status_stale"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of one connection. `differing` are the bindings in which what runs is not what was certified."""

    connection: str
    is_registered: bool
    certificate: CertificateRow | None
    differing: Sequence[str] = ()
    looked_at: datetime | None = None
    """When the criteria were last looked at; None: never."""
    schema_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer for one connection. `why` is one word; zh and en are sentences."""

    connection: str
    answer: Literal["yes", "no", "unknown"]
    why: Why
    zh: str
    en: str
    level: str = ""
    certificate: str = ""
    schema_version: str = ""

    @property
    def exit_code(self) -> int:
        """Return the command's exit code."""
        return EXITS[self.answer]

    def as_dict(self) -> dict[str, Any]:
        """Return the answer for `--json`."""
        return asdict(self)


def answer(standing: Standing, now: datetime) -> Answer:
    """Answer for one connection at a moment. What is certain comes first: a revoked one is no, not unknown."""
    row = standing.certificate
    if not standing.is_registered:
        return _no(standing, "unregistered", "该连接未登记", "there is no such connection")
    if row is None:
        return _unknown(standing, "never_run", "从未认证", "it was never certified: run the tests")
    refused = _refused(standing, row, now)
    if refused is not None:
        return refused
    if standing.differing:
        listed = ", ".join(standing.differing)
        said = f"what runs differs from what was certified ({listed}): a run is owed"
        return _unknown(standing, "owed_run", f"运行版本与认证不同，待重测：{listed}", said)
    if standing.looked_at is None or abs(now - standing.looked_at) > STALE:
        since = standing.looked_at.isoformat() if standing.looked_at else "never"
        said = f"live traffic was last looked at {since}: start the role conformance"
        return _unknown(standing, "status_stale", "状态已陈旧", said)
    graced = " (in grace 宽限期内)" if row.state == "in_grace" else ""
    level = max(each for each in row.levels if each not in row.suspended)
    return Answer(
        connection=standing.connection,
        answer="yes",
        why="",
        zh=f"可以接入，级别 {level}{graced}",
        en=f"certified at {level} until {row.not_after.date()}{graced}",
        level=level,
        certificate=row.certificate_id,
        schema_version=standing.schema_version,
    )


def _refused(standing: Standing, row: CertificateRow, now: datetime) -> Answer | None:
    """Return why a certificate does not hold; None where it does."""
    why = f"{row.criterion} {row.reason}".strip()
    if row.state == "revoked":
        return _no(standing, "revoked", f"证书已吊销：{why}", f"its certificate was revoked: {why}")
    if row.state == "expired" or now >= row.not_after:
        return _no(standing, "expired", "证书已到期", f"its certificate ended on {row.not_after.date()}")
    if row.state == "suspended" and min(row.suspended, default="C0") <= LIVE:
        return _no(standing, "suspended", f"证书已暂停：{why}", f"its certificate is suspended: {why}")
    if row.level < LIVE:
        return _no(standing, "level", f"级别 {row.level}，上线须 {LIVE}", f"it is at {row.level}: live needs {LIVE}")
    return None


def _no(standing: Standing, why: Why, zh: str, en: str) -> Answer:
    return _said(standing, "no", why, zh, en)


def _unknown(standing: Standing, why: Why, zh: str, en: str) -> Answer:
    return _said(standing, "unknown", why, zh, en)


def _said(standing: Standing, word: Literal["no", "unknown"], why: Why, zh: str, en: str) -> Answer:
    row = standing.certificate
    return Answer(
        connection=standing.connection,
        answer=word,
        why=why,
        zh=zh,
        en=en,
        level=row.level if row else "",
        certificate=row.certificate_id if row else "",
        schema_version=standing.schema_version,
    )
