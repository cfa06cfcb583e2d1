"""What a dossier says in words: what it holds and how to verify it by hand, the alert's story, its clocks' reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.supervision.alert_cycle import MOVES
from hub.supervision.instants import written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import tzinfo

    from hub.model.values import AlertRow, ClockRow

_README: Final = """监察预警卷宗 Dossier of a supervision alert

alert.json          预警全文 the alert as it stands
summary.txt         经过 its story in words
derivation.txt      时限推算 how each deadline was counted, step by step
clocks.json         时限 its clocks and the case's
evidence.json       证据 what was found, and every event of the case with its times, digest and place in the ledger
history.json        处理经过、申诉、复核 every move, appeal and review
papers.json papers/ 文书 the papers issued, and whether they were received
ledger/entries.json 账本条目 the ledger entries that this rests on
ledger/heads.json   链头（已签名） the heads of the ledger's chains, signed
ledger/chain-*      链 (where exported with --chain) the links from those entries to the heads
manifest.json       清单（已签名） SHA-256 of every part, signed

Verify it 核验:  sunlight alert dossier --verify FILE --key <the centre's public key>   (needs no hub and no network)

By hand: the SHA-256 of every part stands in manifest.json. The signatures are Ed25519 over the JSON without
`signature`, keys sorted, no spaces. The hash of a ledger entry is SHA-256(previous hash || header as JSON without
spaces); the header is [generation, partition, position, kind, subject, outcome, time, SHA-256 of the body]. Bodies of
events are not in here: they hold more of the case than this dossier may show; whoever may see one can compare it with
the SHA-256 in its header.
"""

_HUB_MOVES: Final[Mapping[str, str]] = {
    "raise": "系统发出 raised by the hub",
    "clear": "自动解除 cleared by the hub",
    "excuse": "依据新证据撤销 excused by late evidence",
}


def readme_text() -> str:
    """Return what a third party reads first."""
    return _README


def summary_text(alert: AlertRow) -> str:
    """Tell an alert's story, a line for each move."""
    return "\n".join([*_about(alert), "", "处理经过 history", *_history(alert), ""])


def _about(alert: AlertRow) -> Iterator[str]:
    document = alert.document
    name = document.get("name", {"zh": alert.rule_id, "en": ""})
    yield f"监察编号 supervision no.: {document.get('supervision_no', '')}"
    yield f"规则 rule: {alert.rule_id} {name['zh']} {name['en']}"
    yield f"级别 level: {alert.level}    状态 state: {alert.state}"
    yield f"责任部门 responsible department: {alert.department_id}"
    yield f"对象 about: {document['case']['case_no'] if 'case' in document else alert.subject}"
    yield f"监察结果 finding: {document['finding']['zh']}"
    yield f"                  {document['finding']['en']}"
    yield f"依据 basis: {document.get('basis', '')}"
    for each in document["evidence"]:
        yield f"证据 evidence: {each['field']} = {each['value']}  (应为 expected: {each.get('expected', '—')})"


def _history(alert: AlertRow) -> Iterator[str]:
    for each in alert.document.get("history", ()):
        move = MOVES.get(each["move"])
        called = f"{move.zh} {move.en}" if move else _HUB_MOVES.get(each["move"], each["move"])
        said = " ".join(each[name] for name in ("ground", "note", "due_on", "to_whom") if name in each)
        states = f"{each['from'] or '—'} → {each['to']}"
        yield f"{each['at']}  {called}  {each['by']} ({each['role']})  {states}  {said}".rstrip()


def derivation_text(clocks: Sequence[ClockRow], zone: tzinfo) -> str:
    """Tell of each clock how its due moment came about, step by step."""
    return "\n".join(line for clock in clocks for line in _derived(clock, zone))


def _derived(clock: ClockRow, zone: tzinfo) -> Iterator[str]:
    yield f"{clock.kind} {clock.occurrence} ({clock.subject}): {clock.state}, 到期 due {written(clock.due_at, zone)}"
    yield f"    依据 basis: {clock.basis}; 日历 calendar: {clock.calendar_version}"
    for place, sentence in enumerate(clock.derivation, 1):
        yield f"    {place}. {sentence}"
    yield ""
