"""A program's steps: what a lead is told next, and when. It knows neither why the lead is here nor where it goes."""

from collections.abc import Container
from typing import NamedTuple

from msgspec.structs import replace

from schemas.commands import CancelContent, SendContent
from schemas.lead import Enrolment, Lead, Pending
from schemas.reason import Reason
from schemas.units import DAY, day_of
from streams.journey import gate
from streams.journey.calendar import after, zone_of
from streams.journey.compiled import REQUESTED
from streams.journey.content import withheld
from streams.journey.experiment import chosen
from streams.journey.past import Past
from streams.journey.route import Route, TimedStep
from streams.journey.turn import Turn, send_key


def begin(lead: Lead, route: Route, ordinal: int, done: tuple[str, ...], turn: Turn) -> Enrolment:
    """The clock of the steps starts when it happened, so a history's steps are stale, not sent."""
    anchor = min(turn.fact.at, turn.seen)
    enrolment = Enrolment(program=route.id, ordinal=ordinal, anchor=anchor, due=anchor, done=done)
    return _timed(lead, enrolment, route, turn)


def hear(lead: Lead, enrolment: Enrolment, route: Route, turn: Turn) -> Enrolment:
    """The event that the next step waits for has come in time: its wait begins."""
    step = _next(enrolment, route)
    if step is None or step.hears is None or enrolment.heard == step.id:
        return enrolment
    heard = [f.at for f in turn.heard if enrolment.anchor <= f.at < enrolment.due and step.hears(f)]
    if not heard:
        return enrolment
    anchor = min(*heard, turn.seen)
    return replace(enrolment, heard=step.id, anchor=anchor, due=_due(lead, anchor, step, turn))


class Offer(NamedTuple):
    """A step that may be sent now."""

    enrolment: Enrolment
    route: Route
    step: TimedStep


def worth(offer: Offer) -> tuple[int, int, str]:
    """The order of value, the most valuable first: the program's priority, then the step's."""
    return -offer.route.program.priority, -offer.step.priority, offer.route.id


def look(
    lead: Lead, enrolment: Enrolment, route: Route, turn: Turn, outranked: Container[str]
) -> tuple[Enrolment | None, Offer | None]:
    """Every step that is due is dropped or put off, with a reason, up to the first that may be sent now, if any.

    ``outranked`` are the programs whose room another has just taken. No enrolment when no step is left.
    """
    while (step := _next(enrolment, route)) is not None:
        if turn.seen < enrolment.due:
            return enrolment, None
        step, dropped = _chosen(lead, enrolment, step, turn.seen)
        pause = _not_now(lead, step.email, route, turn, outranked) if dropped is None else (dropped, 0)
        if pause is None:
            return enrolment, Offer(enrolment, route, step)
        reason, until = pause
        turn.skip(reason, program=route.id, email=step.email, until=until)
        if until:
            return replace(enrolment, due=until), None
        enrolment = _done(lead, replace(enrolment, anchor=enrolment.due), step, route, turn)
    return None, None


def tell(lead: Lead, offer: Offer, turn: Turn) -> Lead:
    """Sends what was offered."""
    enrolment, route, step = offer
    key, until = order(lead, turn, route.id, step, enrolment.ordinal)
    waits = {key: Pending(program=route.id, step=step.id, email=step.email, until=until)}
    still = {known: one for known, one in lead.pending.items() if one.until >= turn.seen}
    lead = replace(_received(lead, step.email, route, turn), pending=still | waits)
    return moved(lead, enrolment, _done(lead, replace(enrolment, anchor=turn.seen), step, route, turn))


def moved(lead: Lead, enrolment: Enrolment, ahead: Enrolment) -> Lead:
    """The lead with its time in a program gone on."""
    return replace(lead, enrolments=tuple(ahead if one is enrolment else one for one in lead.enrolments))


def _not_now(lead: Lead, email: str, route: Route, turn: Turn, outranked: Container[str]) -> tuple[Reason, int] | None:
    """Why a step has to wait, and until when (ms); 0 when it is passed over, as its program or its class asks for."""
    if (held := withheld(turn.policy.policy, email, turn.seen)) is not None:
        return held, 0 if route.program.withheld == "skip" else turn.seen + DAY
    pause = gate.not_now(lead, turn.seen, turn.policy, route)
    if pause is None or pause[0] is not Reason.FREQUENCY_CAP:
        return pause
    return Reason.OUTRANKED if route.id in outranked else pause[0], 0 if route.gives_way else pause[1]


def _next(enrolment: Enrolment, route: Route) -> TimedStep | None:
    """The first step not done yet: content is a queue, so a step that was added earlier is still told."""
    for step in route.steps:
        if step.id not in enrolment.done:
            return step
    return None


def _chosen(lead: Lead, enrolment: Enrolment, step: TimedStep, seen: int) -> tuple[TimedStep, Reason | None]:
    """A step that is due as it is for this lead, and why it is not sent after all."""
    missing = _missing(lead, enrolment, step, seen)
    if missing is not None and not step.otherwise:
        return step, missing
    if missing is not None:
        step = step._replace(email=step.otherwise, variants=())
    elif step.variants:
        own = chosen(f"{enrolment.program}/{step.id}", step.variants, lead.id)
        step = step._replace(email=own.email, variant=own.id, subject=own.subject)
    if step.email in lead.received or any(variant.email in lead.received for variant in step.variants):
        return step, Reason.ALREADY_RECEIVED
    late = seen > enrolment.due + step.within or 0 < step.send_by < seen
    return step, Reason.STALE if late else None


def _missing(lead: Lead, enrolment: Enrolment, step: TimedStep, seen: int) -> Reason | None:
    """What the step asks for and this lead has not."""
    if step.hears is not None and enrolment.heard != step.id:
        return Reason.NOT_HEARD
    meant = step.test is None or step.test(lead.traits, Past(lead.counts, day_of(seen)))
    return None if meant else Reason.NOT_MEANT


def _done(lead: Lead, enrolment: Enrolment, step: TimedStep, route: Route, turn: Turn) -> Enrolment:
    return _timed(lead, replace(enrolment, done=(*enrolment.done, step.id), heard=""), route, turn)


def _timed(lead: Lead, enrolment: Enrolment, route: Route, turn: Turn) -> Enrolment:
    """When to look at the next step: what it waits for ends its wait early."""
    step = _next(enrolment, route)
    if step is None:
        return enrolment
    waits = step.hears is not None
    due = enrolment.anchor + step.at_most if waits else _due(lead, enrolment.anchor, step, turn)
    return replace(enrolment, due=due)


def _due(lead: Lead, anchor: int, step: TimedStep, turn: Turn) -> int:
    if step.until is None:
        return anchor + step.wait
    zone = zone_of(lead, turn.policy.policy.brand).name
    return after(anchor, step.until, zone, turn.policy.holidays_in(lead.traits.get("country")))


def _received(lead: Lead, email: str, route: Route, turn: Turn) -> Lead:
    since, name = turn.seen - turn.policy.remembers, route.program.class_
    of_late = (*(at for at in lead.sent.get(name, ()) if at > since), turn.seen)
    return replace(lead, received=lead.received | {email: turn.seen}, sent=lead.sent | {name: of_late}, silence=None)


def call_back(lead: Lead, turn: Turn, program: str = "") -> Lead:
    """What was ordered by a program, or by any, and may still wait, is not to be sent any more."""
    if not lead.pending:
        return lead
    for key, one in lead.pending.items():
        if program in ("", one.program) and one.until >= turn.seen:
            turn.say(CancelContent, send_key=key, email=one.email, program=one.program, step=one.step)
    left = {key: one for key, one in lead.pending.items() if program not in ("", one.program)}
    return replace(lead, pending=left)


def order(lead: Lead, turn: Turn, program: str, step: TimedStep, ordinal: int) -> tuple[str, int]:
    """Says that the step's e-mail is to be sent, once, before its time is over: its send key, and until when (ms)."""
    zone = zone_of(lead, turn.policy.policy.brand)
    key, not_after = send_key(lead.id, program, step.id, step.email, ordinal), turn.seen + step.within
    not_after = min(not_after, step.send_by) if step.send_by else not_after
    turn.say(
        SendContent,
        send_key=key,
        email=step.email,
        kind="requested" if program == REQUESTED else "nurture",
        not_after=not_after,
        program=program,
        step="" if program == REQUESTED else step.id,
        variant=step.variant,
        subject=step.subject,
        to=str(lead.traits["email"]),
        traits=lead.traits,
        zone=zone.name,
        zone_source=zone.source,
    )
    return key, not_after
