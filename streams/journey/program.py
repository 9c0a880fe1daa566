"""Nurture: which programs a lead is in, and why it leaves. Silence always has a reason; it sends nothing itself."""

from msgspec.structs import replace

from schemas.commands import EnterProgram, LeaveProgram
from schemas.lead import Enrolment, Lead
from schemas.reason import Reason
from streams.journey import gate
from streams.journey.entry import last_way_in, left_to_tell, open_routes, routes_of, serves, taken, way_in
from streams.journey.experiment import EVERY_PROGRAM, held_out
from streams.journey.route import Close, Route
from streams.journey.steps import Offer, begin, call_back, hear, look, moved, tell, worth
from streams.journey.turn import Turn

_LEAVES = {
    Reason.WITH_SALES: "sales",
    Reason.CUSTOMER: "sales",
    Reason.NOT_QUALIFIED: "stage",
    Reason.DISQUALIFIED: "stage",
}
Programs = tuple[str, ...]


def nurture(lead: Lead, turn: Turn) -> Lead:
    """A lead that is qualified but not ready is told the next useful thing, when it is due and allowed."""
    lead, then = _met(lead, turn)
    refused = gate.unsuitable(lead, turn.policy) or gate.forbidden(lead, turn.seen)
    if refused is not None:
        for enrolment in lead.enrolments:
            lead = _leave(lead, enrolment, turn, _LEAVES.get(refused, "forbidden"))
        return _silent(call_back(lead, turn), turn, refused)
    pause = gate.paused(lead, turn.seen)
    if pause is not None:
        reason, until = pause
        return _silent(_postponed(lead, until), turn, reason, until)
    given_up = 0 < gate.sets_at(lead, turn.policy) <= turn.seen
    lead = _entered(_kept(lead, turn, given_up=given_up), then, turn, given_up=given_up)
    for enrolment in lead.enrolments:
        if enrolment.due <= turn.seen:
            lead = _told(lead, turn, given_up=given_up)
            break
    if lead.enrolments:
        return lead
    return _silent(lead, turn, Reason.SUNSET if given_up else _nothing(lead, turn))


def _told(lead: Lead, turn: Turn, *, given_up: bool) -> Lead:
    """What is due in the programs that the lead is in, the most valuable first, until nothing more may be sent now.

    A program that has nothing left is followed by the next one. The silent have one more program, or none.
    """
    outranked: Programs = ()
    while True:
        lead, offers, then = _looked(lead, outranked, turn)
        if then:
            lead = _entered(lead, then, turn, given_up=given_up)
        elif offers:
            best = min(offers, key=worth)
            outranked = (*outranked, *(offer.route.id for offer in offers if offer is not best))
            lead = tell(lead, best, turn)
        else:
            return lead


def _looked(lead: Lead, outranked: Programs, turn: Turn) -> tuple[Lead, list[Offer], Programs]:
    """What every program has to offer now, and what follows those that had nothing left."""
    offers: list[Offer] = []
    then: Programs = ()
    for enrolment in lead.enrolments:
        route = turn.policy.routes[enrolment.program]
        ahead, offer = look(lead, enrolment, route, turn, outranked)
        if ahead is None:
            lead, then = _exhausted(lead, enrolment, route, turn), (*then, route.program.then)
        elif ahead is not enrolment:
            lead = moved(lead, enrolment, ahead)
        if offer is not None:
            offers.append(offer)
    return lead, offers, then


def _silent(lead: Lead, turn: Turn, reason: Reason, until: int = 0) -> Lead:
    """Says the standing reason for silence once, when it changes."""
    if lead.silence is reason:
        return lead
    turn.skip(reason, until=until)
    return replace(lead, silence=reason)


def _nothing(lead: Lead, turn: Turn) -> Reason:
    if _held_out(lead, turn) and any(open_routes(lead, turn)):
        return Reason.HOLDOUT
    if not (lead.finished and routes_of(lead, turn.policy)):
        return Reason.NO_PROGRAM
    return Reason.EXHAUSTED if any(program in lead.ordinals for program in lead.finished) else Reason.HOLDOUT


def _held_out(lead: Lead, turn: Turn) -> bool:
    return held_out(EVERY_PROGRAM, turn.policy.policy.sending.holdout, lead.id)


def _postponed(lead: Lead, until: int) -> Lead:
    """A pause moves what is due, so that it is not stale afterwards."""
    for enrolment in lead.enrolments:
        if enrolment.due < until:
            lead = moved(lead, enrolment, replace(enrolment, due=until))
    return lead


# ── the way in ───────────────────────────────────────────────────────────────────────────────────────────────


def _entered(lead: Lead, then: Programs, turn: Turn, *, given_up: bool) -> Lead:
    """The lead in a program of every class that has one open to it; ``then`` are to follow those that ended.

    Held out of one program, it goes on to the next.
    """
    if len(lead.enrolments) == len(turn.policy.classes) or _held_out(lead, turn):
        return lead
    while (route := last_way_in(lead, turn.policy) if given_up else way_in(lead, then, turn)) is not None:
        lead = _enter(lead, route, turn)
    return lead


def _enter(lead: Lead, route: Route, turn: Turn) -> Lead:
    """The lead in a program; or told nothing of it, once, as if it had finished without ever having entered."""
    if held_out(route.id, route.program.holdout, lead.id):
        turn.skip(Reason.HOLDOUT, program=route.id)
        return replace(lead, finished=lead.finished | {route.id: turn.seen}, silence=Reason.HOLDOUT)
    ordinal = lead.ordinals.get(route.id, 0) + 1
    turn.say(EnterProgram, program=route.id, ordinal=ordinal)
    enrolment = begin(lead, route, ordinal, left_to_tell(lead, route) or (), turn)
    ordinals = lead.ordinals | {route.id: ordinal}
    return replace(lead, enrolments=(*lead.enrolments, enrolment), ordinals=ordinals, silence=None)


# ── the way out ──────────────────────────────────────────────────────────────────────────────────────────────


def _met(lead: Lead, turn: Turn) -> tuple[Lead, Programs]:
    """What happened may end a program, or a wait in it; and which programs are to follow."""
    then: Programs = ()
    for enrolment in lead.enrolments:
        route = turn.policy.routes.get(enrolment.program)
        if route is None:
            continue
        for close in route.closes:
            if taken(close, lead, turn):
                lead, then = _ended(lead, enrolment, close, turn), (*then, close.ending.then)
                break
        else:
            heard = hear(lead, enrolment, route, turn) if route.listens else enrolment
            lead = lead if heard is enrolment else moved(lead, enrolment, heard)
    return lead, then


def _ended(lead: Lead, enrolment: Enrolment, close: Close, turn: Turn) -> Lead:
    """A goal that is reached, or an exit, ends the program, all that was to come, and what still waits to be sent."""
    program = enrolment.program
    told = {name: steps for name, steps in lead.told.items() if name != program}
    finished = lead.finished | {program: turn.seen}
    return replace(_leave(lead, enrolment, turn, close.kind, close.ending.id), finished=finished, told=told)


def _leave(lead: Lead, enrolment: Enrolment, turn: Turn, why: str, ending: str = "") -> Lead:
    turn.say(LeaveProgram, program=enrolment.program, ordinal=enrolment.ordinal, why=why, ending=ending)
    lead = replace(lead, enrolments=tuple(one for one in lead.enrolments if one is not enrolment))
    return lead if why == "exhausted" else call_back(lead, turn, enrolment.program)


def _kept(lead: Lead, turn: Turn, *, given_up: bool) -> Lead:
    """A lead stays in its programs for as long as they exist and are for it."""
    for enrolment in lead.enrolments:
        route = turn.policy.routes.get(enrolment.program)
        if route is None:
            lead = _leave(lead, enrolment, turn, "changed")
        elif given_up and route is not turn.policy.last_chance:
            lead = _leave(lead, enrolment, turn, "sunset")
        elif not given_up and route is turn.policy.last_chance:
            lead = _leave(lead, enrolment, turn, "exit", "interest")
        elif not (given_up or serves(route, lead, turn.policy)):
            lead = _leave(lead, enrolment, turn, "stage")
    return lead


def _exhausted(lead: Lead, enrolment: Enrolment, route: Route, turn: Turn) -> Lead:
    """Nothing is left; the steps are remembered, so that what is added later is told."""
    finished = lead.finished | {route.id: turn.seen}
    told = lead.told | {route.id: tuple(step.id for step in route.steps)}
    return replace(_leave(lead, enrolment, turn, "exhausted"), finished=finished, told=told)
