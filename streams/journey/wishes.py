"""What a lead asked for: it goes at once, outside caps and quiet hours. It knows no program."""

from typing import Final

from msgspec.structs import replace

from schemas.facts import FormSubmitted
from schemas.lead import Lead, Wish
from schemas.reason import Reason
from streams.journey import gate
from streams.journey.compiled import REQUESTED
from streams.journey.content import withheld
from streams.journey.route import TimedStep
from streams.journey.steps import order
from streams.journey.turn import Turn

_MAY_COME: Final = (Reason.NO_ADDRESS, Reason.NO_BASIS)


def fulfil(lead: Lead, turn: Turn) -> Lead:
    """What the lead asked for goes at once, outside caps and quiet hours; only the law can stop it.

    A form may overtake the consent that came with it, so a wish that lacks only that waits for as long as it may.
    """
    fact = turn.fact
    asked = fact.requested if isinstance(fact, FormSubmitted) else ""
    if asked:
        lead = replace(lead, wishes=lead.wishes | {asked: Wish(fact=fact.id, at=fact.at)})
    for email in tuple(lead.wishes):
        lead = _answer(lead, email, turn, new=email == asked)
    return lead


def _answer(lead: Lead, email: str, turn: Turn, *, new: bool) -> Lead:
    refused = _unfulfillable(lead, email, turn)
    waits = refused in _MAY_COME
    if refused is not None and (new or not waits):
        turn.skip(refused, email=email)
    if waits:
        return lead
    wishes = {name: wish for name, wish in lead.wishes.items() if name != email}
    if refused is not None:
        return replace(lead, wishes=wishes)
    step = TimedStep(lead.wishes[email].fact, email, 0, turn.policy.pauses.requested)
    order(lead, turn, REQUESTED, step, 0)
    return replace(lead, wishes=wishes, received=lead.received | {email: turn.seen})


def _unfulfillable(lead: Lead, email: str, turn: Turn) -> Reason | None:
    known = turn.policy.policy.emails.get(email)
    if known is None or known.kind != "requested":
        return Reason.UNKNOWN_CONTENT
    if turn.seen - lead.wishes[email].at > turn.policy.pauses.requested:
        return Reason.STALE
    return withheld(turn.policy.policy, email, turn.seen) or gate.forbidden(lead, turn.seen)
