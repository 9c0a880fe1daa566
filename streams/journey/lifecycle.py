"""What the firm calls a lead: inquiry, MQL, customer, as ``lifecycle.yaml`` derives it. It moves no stage."""

from msgspec.structs import replace

from schemas.commands import MoveLifecycle
from schemas.facts import Traits, tag_of
from schemas.lead import Lead, OpenHandoff, Standing
from streams.journey import gate
from streams.journey.compiled import Compiled
from streams.journey.score import leading
from streams.journey.turn import Turn


def name(before: Lead, lead: Lead, turn: Turn) -> Lead:
    """Derives the state anew when what it stands on has changed since ``before``, and says so once per crossing."""
    redefined = before.judged_by != turn.policy.hash
    if not redefined and _stands(before, before.seen) == _stands(lead, turn.seen) and lead.traits is before.traits:
        return lead
    state = state_of(lead, turn.seen, turn.policy)
    if state == lead.lifecycle:
        return lead
    why = "redefined" if redefined and lead.lifecycle else tag_of(type(turn.fact)).removesuffix(".v1")
    turn.say(MoveLifecycle, before=lead.lifecycle, after=state, why=why)
    return replace(lead, lifecycle=state, lifecycle_since=turn.seen)


def state_of(lead: Lead, seen: int, policy: Compiled) -> str:
    """The last state whose condition holds; the first needs nothing."""
    standing = standing_of(lead, seen, policy)
    holding = (id_ for id_, test in reversed(policy.lifecycle) if test is None or test(standing, None))
    return next(holding, policy.lifecycle[0][0])


def standing_of(lead: Lead, seen: int, policy: Compiled) -> Traits:
    """What a lifecycle's condition may name: the traits, and ``schemas.policy.STANDING``."""
    return {
        **lead.traits,
        "stage": lead.standings[leading(lead)].stage,
        "qualified": bool(gate.qualified_in(lead, policy)),
        "ready": bool(gate.ready_in(lead, policy)),
        "sales": _sales(lead.handoff),
        "opportunity": lead.opportunity_until > seen,
        "customer": lead.customer,
    }


def _stands(lead: Lead, seen: int) -> tuple[dict[str, Standing], OpenHandoff | None, bool, bool]:
    return lead.standings, lead.handoff, lead.opportunity_until > seen, lead.customer


def _sales(handoff: OpenHandoff | None) -> str:
    if handoff is None:
        return "none"
    return "met" if handoff.met else "accepted" if handoff.accepted else "waiting"
