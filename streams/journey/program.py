"""Nurture: which program a lead is in, and what it is told next. Silence always has a reason."""

from collections.abc import Iterator

from msgspec.structs import replace

from schemas.commands import EnterProgram, LeaveProgram, SendContent
from schemas.facts import FormSubmitted
from schemas.lead import Enrolment, Lead, Wish
from schemas.reason import Reason
from schemas.units import day_of
from streams.journey import gate
from streams.journey.calendar import zone_of
from streams.journey.compiled import REQUESTED, Compiled, Route, TimedStep, rank
from streams.journey.past import Past
from streams.journey.turn import Turn, send_key

_MAY_COME = (Reason.NO_ADDRESS, Reason.NO_BASIS)
_LEAVES = {
    Reason.WITH_SALES: "sales",
    Reason.CUSTOMER: "sales",
    Reason.NOT_QUALIFIED: "stage",
    Reason.DISQUALIFIED: "stage",
}


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
    _send(lead, turn, REQUESTED, TimedStep(lead.wishes[email].fact, email, 0, turn.policy.pauses.requested), 0)
    return replace(lead, wishes=wishes, received=lead.received | {email: turn.seen})


def _unfulfillable(lead: Lead, email: str, turn: Turn) -> Reason | None:
    known = turn.policy.policy.emails.get(email)
    if known is None or known.kind != "requested":
        return Reason.UNKNOWN_CONTENT
    if turn.seen - lead.wishes[email].at > turn.policy.pauses.requested:
        return Reason.STALE
    return gate.forbidden(lead, turn.seen)


def nurture(lead: Lead, turn: Turn) -> Lead:
    """A lead that is qualified but not ready is told the next useful thing, when it is due and allowed."""
    refused = gate.unsuitable(lead, turn.policy) or gate.forbidden(lead, turn.seen)
    if refused is not None:
        return _silent(_leave(lead, turn, refused), turn, refused)
    pause = gate.paused(lead, turn.seen)
    if pause is not None:
        reason, until = pause
        return _silent(_postponed(lead, until), turn, reason, until)
    lead = _enrol(lead, turn)
    return lead if lead.enrolment is None else _advance(lead, lead.enrolment, turn)


def _silent(lead: Lead, turn: Turn, reason: Reason, until: int = 0) -> Lead:
    """Says the standing reason for silence once, when it changes."""
    if lead.silence is reason:
        return lead
    turn.skip(reason, until=until)
    return replace(lead, silence=reason)


def _leave(lead: Lead, turn: Turn, refused: Reason) -> Lead:
    if lead.enrolment is None:
        return lead
    why = _LEAVES.get(refused, "forbidden")
    turn.say(LeaveProgram, program=lead.enrolment.program, ordinal=lead.enrolment.ordinal, why=why)
    return replace(lead, enrolment=None)


def _postponed(lead: Lead, until: int) -> Lead:
    """A pause moves what is due, so that it is not stale afterwards."""
    if lead.enrolment is None or lead.enrolment.due >= until:
        return lead
    return replace(lead, enrolment=replace(lead.enrolment, due=until))


# ── which program ────────────────────────────────────────────────────────────────────────────────────────────


def _enrol(lead: Lead, turn: Turn) -> Lead:
    current = lead.enrolment
    if current is not None:
        route = turn.policy.routes.get(current.program)
        if route is not None and route in routes_of(lead, turn.policy):
            return lead
        why = "stage" if route is not None else "changed"
        turn.say(LeaveProgram, program=current.program, ordinal=current.ordinal, why=why)
        lead = replace(lead, enrolment=None)
    route = next(_open_routes(lead, turn), None)
    if route is not None:
        return _enter(lead, route, turn)
    known = routes_of(lead, turn.policy)
    return _silent(lead, turn, Reason.EXHAUSTED if known and lead.finished else Reason.NO_PROGRAM)


def _open_routes(lead: Lead, turn: Turn) -> Iterator[Route]:
    past = Past(lead.counts, day_of(turn.seen))
    for route in routes_of(lead, turn.policy):
        finished = lead.finished.get(route.id)
        again = finished is None or (route.again_after is not None and turn.seen >= finished + route.again_after)
        if again and (route.test is None or route.test(lead.traits, past)):
            yield route


def reopenings(lead: Lead, policy: Compiled) -> list[int]:
    """When the programs of the lead's stages that it has finished open again (ms)."""
    routes = routes_of(lead, policy)
    return [lead.finished[r.id] + r.again_after for r in routes if r.again_after and r.id in lead.finished]


def routes_of(lead: Lead, policy: Compiled) -> tuple[Route, ...]:
    """The programs for the stages in which the lead is qualified, in every model, the most important first."""
    found = [policy.routes_for.get((name, lead.standings[name].stage), ()) for name in gate.qualified_in(lead, policy)]
    if len(found) == 1:
        return found[0]
    return tuple(sorted((route for routes in found for route in routes), key=rank))


def _enter(lead: Lead, route: Route, turn: Turn) -> Lead:
    """The clock of the steps starts when it happened, so a history's steps are stale, not sent."""
    ordinal = lead.ordinals.get(route.id, 0) + 1
    turn.say(EnterProgram, program=route.id, ordinal=ordinal)
    anchor = min(turn.fact.at, turn.seen)
    enrolment = Enrolment(program=route.id, ordinal=ordinal, anchor=anchor, due=anchor + route.steps[0].wait)
    return replace(lead, enrolment=enrolment, ordinals=lead.ordinals | {route.id: ordinal}, silence=None)


# ── which step ───────────────────────────────────────────────────────────────────────────────────────────────


def _advance(lead: Lead, enrolment: Enrolment, turn: Turn) -> Lead:
    """Does every step that is due: sends it, defers it, or drops it with a reason."""
    route = turn.policy.routes[enrolment.program]
    while (step := _next_step(enrolment, route)) is not None:
        if turn.seen < enrolment.due:
            return lead if enrolment is lead.enrolment else replace(lead, enrolment=enrolment)
        dropped = _undeliverable(lead, enrolment, step, turn.seen)
        if dropped is not None:
            turn.skip(dropped, program=route.id, email=step.email)
            enrolment = _done(enrolment, step, route, enrolment.due)
            continue
        wait = gate.not_now(lead, turn.seen, zone_of(lead, turn.policy.policy.brand), turn.policy)
        if wait is not None:
            turn.skip(wait[0], program=route.id, email=step.email, until=wait[1])
            return replace(lead, enrolment=replace(enrolment, due=wait[1]))
        _send(lead, turn, route.id, step, enrolment.ordinal)
        lead = _received(lead, step.email, turn)
        enrolment = _done(enrolment, step, route, turn.seen)
    return _exhausted(lead, enrolment, turn)


def _next_step(enrolment: Enrolment, route: Route) -> TimedStep | None:
    """The first step not done yet: content is a queue, so a step that was added earlier is still told."""
    return next((step for step in route.steps if step.id not in enrolment.done), None)


def _undeliverable(lead: Lead, enrolment: Enrolment, step: TimedStep, seen: int) -> Reason | None:
    if step.email in lead.received:
        return Reason.ALREADY_RECEIVED
    return Reason.STALE if seen > enrolment.due + step.within else None


def _done(enrolment: Enrolment, step: TimedStep, route: Route, anchor: int) -> Enrolment:
    enrolment = replace(enrolment, done=(*enrolment.done, step.id), anchor=anchor)
    following = _next_step(enrolment, route)
    return enrolment if following is None else replace(enrolment, due=anchor + following.wait)


def _received(lead: Lead, email: str, turn: Turn) -> Lead:
    longest = max((within for _, within in turn.policy.caps), default=0)
    sent = (*(at for at in lead.sent if at > turn.seen - longest), turn.seen)
    return replace(lead, received=lead.received | {email: turn.seen}, sent=sent, silence=None)


def _exhausted(lead: Lead, enrolment: Enrolment, turn: Turn) -> Lead:
    turn.say(LeaveProgram, program=enrolment.program, ordinal=enrolment.ordinal, why="exhausted")
    finished = lead.finished | {enrolment.program: turn.seen}
    return _silent(replace(lead, enrolment=None, finished=finished), turn, Reason.EXHAUSTED)


def _send(lead: Lead, turn: Turn, program: str, step: TimedStep, ordinal: int) -> None:
    zone = zone_of(lead, turn.policy.policy.brand)
    turn.say(
        SendContent,
        send_key=send_key(lead.id, program, step.id, step.email, ordinal),
        email=step.email,
        kind="requested" if program == REQUESTED else "nurture",
        not_after=turn.seen + step.within,
        program=program,
        step="" if program == REQUESTED else step.id,
        to=str(lead.traits["email"]),
        traits=lead.traits,
        zone=zone.name,
        zone_source=zone.source,
    )
