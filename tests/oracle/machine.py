"""What may follow what in a case's life, as domain.md, section 6.2, tells it: a plain table of states."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.oracle.clocks import Case

WORK = "accepted in_progress"
OPEN = "received awaiting_supplement accepted in_progress suspended decided"
FILED = "filed investigated notified hearing heard"
AFTER = "decided served executed closed"
TABLE = """
case.received | - | received
case.supplement_requested | received | awaiting_supplement
case.supplement_received | awaiting_supplement | received
case.accepted | received | accepted
case.not_accepted | received | rejected
joint.dispatched | WORK | in_progress
joint.opinion | WORK | in_progress
stage.started | WORK | in_progress
stage.completed | WORK | in_progress
stage.returned | WORK | in_progress
special.started | WORK | suspended
special.ended | suspended | in_progress
case.extended | WORK | in_progress
case.decided | WORK | decided
case.closed | decided WORK | closed
case.delivered | closed | delivered
case.withdrawn | OPEN | withdrawn
penalty.filed | - registered | filed
penalty.investigated | filed | investigated
penalty.notified | filed investigated notified | notified
penalty.legal_reviewed | FILED |
penalty.decided | FILED | decided
penalty.dismissed | FILED | decided
penalty.collected | AFTER |
penalty.deposited | AFTER |
penalty.served | decided | served
penalty.executed | decided served | executed
penalty.published | AFTER |
penalty.closed | decided served executed | closed
coercion.approved | - imposed | approved
coercion.imposed | - approved | imposed
coercion.decided | imposed | decided
coercion.closed | decided lifted | closed
inspection.planned | - | planned
inspection.carried_out | - planned | carried_out
inspection.result | carried_out | concluded
inspection.closed | concluded rechecked | closed
deal.announced | - | announced
deal.registered | announced | enrolled
deal.opened | announced enrolled | opened
deal.evaluated | opened | evaluated
deal.result_published | opened evaluated awarded | result_published
deal.awarded | opened evaluated result_published | awarded
deal.contract_signed | awarded | contracted
deal.closed | awarded contracted | closed
complaint.registered | - | registered
complaint.accepted | registered | accepted
complaint.not_accepted | registered | rejected
complaint.transferred | registered accepted returned | registered
complaint.dispatched | registered accepted returned | dispatched
complaint.assist_asked | dispatched signed_for in_progress |
complaint.returned | dispatched signed_for | returned
complaint.arbitrated | dispatched signed_for returned | returned
complaint.redispatched | returned | dispatched
complaint.signed | dispatched | signed_for
complaint.started | dispatched signed_for | in_progress
complaint.extension_requested | dispatched signed_for in_progress |
complaint.extension_refused | dispatched signed_for in_progress |
complaint.extended | dispatched signed_for in_progress |
complaint.assisted | dispatched signed_for in_progress |
complaint.replied | dispatched signed_for in_progress | replied
complaint.followed_up | replied | followed_up
complaint.reworked | replied followed_up | in_progress
complaint.linked | registered accepted dispatched signed_for in_progress returned | linked
complaint.withdrawn | registered accepted dispatched signed_for in_progress returned replied followed_up | withdrawn
complaint.closed | replied followed_up | closed
"""
AHEAD = ("coercion.approved", "deal.result_published")
"""What may come after what it usually precedes, and then does not lead back."""

PROGRESS = (
    "- received=registered=planned=announced awaiting_supplement=enrolled accepted=filed=approved dispatched returned "
    "signed_for in_progress=imposed=carried_out=opened investigated evaluated notified=result_published hearing heard "
    "suspended decided=concluded=awarded=replied lifted=served=rectifying=followed_up executed=rechecked=contracted "
    "rejected=withdrawn=terminated=closed=linked revoked delivered voided"
)
PLACE = {state: place for place, states in enumerate(PROGRESS.split()) for state in states.split("=")}
MOVES: dict[str, tuple[set[str], str]] = {}
for _line in TABLE.strip().splitlines():
    _name, _from, _to = (part.strip() for part in _line.split("|"))
    for _word, _states in (("WORK", WORK), ("OPEN", OPEN), ("FILED", FILED), ("AFTER", AFTER)):
        _from = _from.replace(_word, _states)
    MOVES[_name] = (set(_from.split()), _to)


def disorders(case: Case) -> int:
    """Count the events that stand where they may not: after what they must precede."""
    if case.about["family"] == "complaint":
        return sum(fault == "R21" for fault in case.faults.values())
    count, state = 0, "-"
    simple = case.about.get("procedure") == "simplified"
    for place, each in enumerate(case.events):
        if each.type not in MOVES:
            continue
        before, after = MOVES[each.type]
        lawful = state in before or (simple and each.type == "penalty.decided" and state in ("-", "registered"))
        if not lawful and state != "-":
            later = {MOVES[e.type][1] for e in case.events[place + 1 :] if e.type in MOVES}
            late = PLACE[state] > max(PLACE[name] for name in before)
            count += PLACE[after] <= PLACE[state] and after != state if after else late or bool(later & before)
        if after and ((lawful and each.type not in AHEAD) or PLACE[after] > PLACE[state]):
            state = after
    fees, papers = case.all("fee.charged"), case.all("doc.issued")
    for early, first in ((fees, case.all("case.accepted")), (papers, case.all("case.decided"))):
        count += sum(bool(first) and each.occurred_at < first[0].occurred_at for each in early)
    return count
