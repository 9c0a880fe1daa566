"""A lead at rest: nothing is due, and nothing that programs look at has changed. It decides nothing."""

from typing import Final

from schemas.lead import Lead
from schemas.reason import Reason
from streams.journey.due import is_called
from streams.journey.turn import Turn

_REFUSED: Final = frozenset(
    {
        Reason.WITH_SALES,
        Reason.CUSTOMER,
        Reason.NOT_QUALIFIED,
        Reason.DISQUALIFIED,
        Reason.NO_ADDRESS,
        Reason.COMPLAINED,
        Reason.UNSUBSCRIBED,
        Reason.HARD_BOUNCE,
        Reason.NO_BASIS,
        Reason.BASIS_EXPIRED,
    }
)
"""Why nothing at all is sent, whatever the lead does: only what ``_stands`` looks at ends such a silence."""


def at_rest(before: Lead, lead: Lead, turn: Turn) -> bool:
    """Whether ``nurture`` would find what it found last, so that asking it again changes nothing and says nothing."""
    if not _stands(before, lead, turn) or (turn.late and is_called(before, turn.seen, turn.policy)):
        return False
    return _waits(before, lead, turn) if lead.enrolments else lead.silence in _REFUSED and not lead.pending


def _stands(before: Lead, lead: Lead, turn: Turn) -> bool:
    """Whether the lead stands where it stood, under the same policy, and may be written to as before."""
    if turn.moved or before.judged_by != turn.policy.hash:
        return False
    if lead.handoff is not before.handoff or lead.customer is not before.customer:
        return False
    return lead.traits is before.traits and lead.bases is before.bases and lead.suppressed is before.suppressed


def _waits(before: Lead, lead: Lead, turn: Turn) -> bool:
    """Whether the lead's programs wait for nothing but time, and it may be in no other."""
    if len(lead.enrolments) < len(turn.policy.classes):
        return False
    if lead.contacted_until != before.contacted_until or lead.opportunity_until != before.opportunity_until:
        return False
    for basis in lead.bases.values():
        if basis.expires is not None:
            return False
    for enrolment in lead.enrolments:
        route = turn.policy.routes.get(enrolment.program)
        if route is None or route.closes or route.listens or route is turn.policy.last_chance:
            return False
    return True
