"""What the firm calls a lead: inquiry, MQL, customer, as ``lifecycle.yaml`` derives it. It moves no stage."""

from msgspec.structs import replace

from schemas.commands import MoveLifecycle
from schemas.facts import tag_of
from schemas.lead import Lead, OpenHandoff
from streams.journey import gate
from streams.journey.compiled import Compiled
from streams.journey.score import leading
from streams.journey.turn import Turn


def name(before: Lead, lead: Lead, turn: Turn) -> Lead:
    """Derives the state anew when what it stands on has changed since ``before``, and says so once per crossing."""
    redefined = before.judged_by != turn.policy.hash
    if not redefined and lead.traits is before.traits and not _changed(before, lead, turn):
        return lead
    state = state_of(lead, turn.seen, turn.policy)
    if state == lead.lifecycle:
        return lead
    why = "redefined" if redefined and lead.lifecycle else tag_of(type(turn.fact)).removesuffix(".v1")
    turn.say(MoveLifecycle, before=lead.lifecycle, after=state, why=why)
    return replace(lead, lifecycle=state, lifecycle_since=turn.seen)


def state_of(lead: Lead, seen: int, policy: Compiled) -> str:
    """The last state whose condition holds; the first needs nothing."""
    values = (
        lead.standings[leading(lead)].stage if policy.names_stage else "",
        gate.is_qualified(lead, policy),
        bool(gate.ready_in(lead, policy)),
        _sales(lead.handoff),
        lead.opportunity_until > seen,
        lead.customer,
    )
    return policy.state_of(lead.traits, values)


def _changed(before: Lead, lead: Lead, turn: Turn) -> bool:
    """Whether anything differs that a condition may name, beside traits."""
    if turn.moved or lead.handoff is not before.handoff or lead.customer is not before.customer:
        return True
    if (lead.opportunity_until > turn.seen) is not (before.opportunity_until > before.seen):
        return True
    louder = turn.policy.names_stage and len(lead.standings) > 1 and lead.standings is not before.standings
    return louder and leading(lead) != leading(before)


def _sales(handoff: OpenHandoff | None) -> str:
    if handoff is None:
        return "none"
    return "met" if handoff.met else "accepted" if handoff.accepted else "waiting"
