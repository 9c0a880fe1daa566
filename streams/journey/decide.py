"""The product's specification: what follows from a fact about a lead. All else carries facts here or commands away."""

from msgspec.structs import replace

from schemas.commands import Command, Suppress
from schemas.facts import EngagementRetracted, Fact, FormSubmitted
from schemas.lead import Lead
from schemas.reason import Reason
from streams.journey import lifecycle
from streams.journey.clicks import OF_MAIL, sift
from streams.journey.compiled import Compiled
from streams.journey.due import next_due
from streams.journey.handoff import ENDINGS, answer, hand_off
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
    turn, kind = Turn(fact, lead, policy), type(fact)
    before, lead = lead, learn(lead, turn)
    if lead.suppressed is not before.suppressed:
        _suppress(lead, turn)
    if kind is EngagementRetracted:
        lead = retract(lead, turn)
    if lead.clicks or kind in OF_MAIL:
        lead = sift(lead, turn)
    lead = judge(before, lead, turn)
    if lead.handoff is not None or kind in ENDINGS:
        lead = answer(lead, turn)
    if lead.handoff is None:
        lead = hand_off(lead, turn)
    lead = lifecycle.name(before, lead, turn)
    if lead.wishes or kind is FormSubmitted:
        lead = fulfil(lead, turn)
    if not at_rest(before, lead, turn):
        lead = nurture(lead, turn)
    due = next_due(lead, turn.seen, policy)
    return (lead if due == lead.due else replace(lead, due=due)), tuple(turn.commands)


def _suppress(lead: Lead, turn: Turn) -> None:
    """Tells every sender that an address must not be mailed again: once, and again when the reason grows graver."""
    if lead.suppressed is not None:
        turn.say(Suppress, reason=Reason(lead.suppressed), address=str(lead.traits.get("email", "")))
