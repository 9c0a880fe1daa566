"""The product's specification: what follows from a fact about a lead. All else carries facts here or commands away."""

from msgspec.structs import replace

from schemas.commands import Command, Suppress
from schemas.facts import Fact
from schemas.lead import Lead
from schemas.reason import Reason
from streams.journey import gate, lifecycle
from streams.journey.clicks import sift
from streams.journey.compiled import Compiled
from streams.journey.entry import reopenings
from streams.journey.handoff import answer, hand_off
from streams.journey.memory import is_news, learn
from streams.journey.program import nurture
from streams.journey.rest import at_rest
from streams.journey.retract import retract
from streams.journey.score import judge
from streams.journey.turn import Turn
from streams.journey.wishes import fulfil


def decide(lead: Lead, fact: Fact, policy: Compiled) -> tuple[Lead, tuple[Command, ...]]:
    """The lead after this fact, and what to do about it. A repeat, or a tick too late, returns the very same lead."""
    if not is_news(lead, fact):
        return lead, ()
    turn = Turn(fact, lead, policy)
    before, lead = lead, learn(lead, turn)
    _suppress(before, lead, turn)
    lead = retract(lead, turn)
    lead = sift(lead, turn)
    lead = judge(before, lead, turn)
    lead = answer(lead, turn)
    lead = hand_off(lead, turn)
    lead = lifecycle.name(before, lead, turn)
    lead = fulfil(lead, turn)
    if not at_rest(before, lead, turn):
        lead = nurture(lead, turn)
    due = next_due(lead, turn.seen, policy)
    return (lead if due == lead.due else replace(lead, due=due)), tuple(turn.commands)


def _suppress(before: Lead, lead: Lead, turn: Turn) -> None:
    """Tells every sender that an address must not be mailed again: once, and again when the reason grows graver."""
    if lead.suppressed is not None and lead.suppressed is not before.suppressed:
        turn.say(Suppress, reason=Reason(lead.suppressed), address=str(lead.traits.get("email", "")))


def next_due(lead: Lead, seen: int, policy: Compiled) -> int:
    """When to look at the lead again (ms), 0 when only a fact can change anything: no lead is silent by accident."""
    awaited = [lead.contacted_until, lead.opportunity_until, lead.cool_until]
    if lead.handoff is not None:
        awaited = [lead.handoff.answer_by]
    else:
        for enrolment in lead.enrolments:
            awaited.append(enrolment.due)
        if lead.finished and len(lead.enrolments) < len(policy.classes):
            awaited += reopenings(lead, policy)
    if policy.timed:
        awaited += [standing.lapses for standing in lead.standings.values()]
    if policy.sunset and lead.handoff is None:
        awaited.append(gate.sets_at(lead, policy))
    if lead.clicks:
        awaited += [click.due for click in lead.clicks if click.state == "waits"]
    due = 0
    for at in awaited:
        if at > seen and (at < due or not due):
            due = at
    return due
