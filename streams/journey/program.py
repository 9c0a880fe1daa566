"""Nurture: which program a lead is in, and why it leaves. Silence always has a reason; it sends nothing itself."""

from collections.abc import Iterator

from msgspec.structs import replace

from schemas.commands import EnterProgram, LeaveProgram
from schemas.lead import Enrolment, Lead
from schemas.reason import Reason
from schemas.units import day_of
from streams.journey import gate
from streams.journey.compiled import Compiled, rank
from streams.journey.past import Past
from streams.journey.route import Close, Route
from streams.journey.steps import advance, begin, hear
from streams.journey.turn import Turn

_LEAVES = {
    Reason.WITH_SALES: "sales",
    Reason.CUSTOMER: "sales",
    Reason.NOT_QUALIFIED: "stage",
    Reason.DISQUALIFIED: "stage",
}


def nurture(lead: Lead, turn: Turn) -> Lead:
    """A lead that is qualified but not ready is told the next useful thing, when it is due and allowed."""
    lead, then = _met(lead, turn)
    refused = gate.unsuitable(lead, turn.policy) or gate.forbidden(lead, turn.seen)
    if refused is not None:
        return _silent(_leave(lead, turn, _LEAVES.get(refused, "forbidden")), turn, refused)
    pause = gate.paused(lead, turn.seen)
    if pause is not None:
        reason, until = pause
        return _silent(_postponed(lead, until), turn, reason, until)
    if 0 < gate.sets_at(lead, turn.policy) <= turn.seen:
        return _last_told(lead, turn)
    return _told(_kept(lead, turn), then, turn)


def _told(lead: Lead, then: str, turn: Turn) -> Lead:
    """What is due, in the program that the lead is in; when that has nothing left, in the next one."""
    while (enrolled := lead if lead.enrolment else _entered(lead, then, turn)).enrolment is not None:
        enrolment, route = enrolled.enrolment, turn.policy.routes[enrolled.enrolment.program]
        lead, ahead = advance(enrolled, enrolment, route, turn)
        if ahead is not None:
            return lead if ahead is enrolment else replace(lead, enrolment=ahead)
        lead, then = _exhausted(lead, enrolment, route, turn), route.program.then
    return _silent(lead, turn, _nothing(lead, turn))


def _last_told(lead: Lead, turn: Turn) -> Lead:
    """The silent have one more program, or none."""
    last = turn.policy.last_chance
    if lead.enrolment is not None and (last is None or lead.enrolment.program != last.id):
        lead = _leave(lead, turn, "sunset")
    if last is None or (lead.enrolment is None and lead.finished.get(last.id, -1) >= gate.alive_at(lead)):
        return _silent(lead, turn, Reason.SUNSET)
    entered = lead if lead.enrolment is not None else _enter(lead, last, turn)
    if (enrolment := entered.enrolment) is None:
        return entered
    lead, ahead = advance(entered, enrolment, last, turn)
    if ahead is not None:
        return lead if ahead is enrolment else replace(lead, enrolment=ahead)
    return _silent(_exhausted(lead, enrolment, last, turn), turn, Reason.SUNSET)


def _silent(lead: Lead, turn: Turn, reason: Reason, until: int = 0) -> Lead:
    """Says the standing reason for silence once, when it changes."""
    if lead.silence is reason:
        return lead
    turn.skip(reason, until=until)
    return replace(lead, silence=reason)


def _nothing(lead: Lead, turn: Turn) -> Reason:
    return Reason.EXHAUSTED if lead.finished and routes_of(lead, turn.policy) else Reason.NO_PROGRAM


def _postponed(lead: Lead, until: int) -> Lead:
    """A pause moves what is due, so that it is not stale afterwards."""
    if lead.enrolment is None or lead.enrolment.due >= until:
        return lead
    return replace(lead, enrolment=replace(lead.enrolment, due=until))


# ── the way in ───────────────────────────────────────────────────────────────────────────────────────────────


def _open_route(lead: Lead, then: str, turn: Turn) -> Route | None:
    """The program ``then`` when it is open to the lead, else the one with the highest priority that is."""
    routes = tuple(_open_routes(lead, turn))
    return next((route for route in routes if route.id == then), routes[0] if routes else None)


def _serves(route: Route, lead: Lead, policy: Compiled) -> bool:
    model = route.program.model
    return lead.standings[model].stage in route.program.stages and gate.qualifies(lead, policy.models[model])


def _open_routes(lead: Lead, turn: Turn) -> Iterator[Route]:
    past = Past(lead.counts, day_of(turn.seen))
    for route in routes_of(lead, turn.policy):
        if route is turn.policy.last_chance or not _may_enter(lead, route, turn.seen):
            continue
        if not (route.test is None or route.test(lead.traits, past)):
            continue
        if not any(close.hears is None and _taken(close, lead, turn) for close in route.closes):
            yield route


def _may_enter(lead: Lead, route: Route, seen: int) -> bool:
    """For the first time, again once the agreed time has passed, or since something was added that it was not told."""
    finished = lead.finished.get(route.id)
    if finished is None:
        return True
    again = route.again_after is not None and finished < seen and seen >= finished + route.again_after
    return again or _has_more(lead, route)


def _has_more(lead: Lead, route: Route) -> bool:
    told = lead.told.get(route.id)
    return told is not None and any(step.id not in told for step in route.steps)


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


def _entered(lead: Lead, then: str, turn: Turn) -> Lead:
    """The lead in the next program that is open to it, or as it was."""
    route = _open_route(lead, then, turn)
    return lead if route is None else _enter(lead, route, turn)


def _enter(lead: Lead, route: Route, turn: Turn) -> Lead:
    ordinal = lead.ordinals.get(route.id, 0) + 1
    turn.say(EnterProgram, program=route.id, ordinal=ordinal)
    done = lead.told.get(route.id, ()) if _has_more(lead, route) else ()
    enrolment = begin(lead, route, ordinal, done, turn)
    return replace(lead, enrolment=enrolment, ordinals=lead.ordinals | {route.id: ordinal}, silence=None)


# ── the way out ──────────────────────────────────────────────────────────────────────────────────────────────


def _met(lead: Lead, turn: Turn) -> tuple[Lead, str]:
    """What happened may end the program, or a wait in it; and which program is to follow."""
    enrolment = lead.enrolment
    route = turn.policy.routes.get(enrolment.program) if enrolment is not None else None
    if route is None or enrolment is None:
        return lead, ""
    for close in route.closes:
        if _taken(close, lead, turn):
            return _ended(lead, close, turn), close.ending.then
    heard = hear(lead, enrolment, route, turn) if route.listens else enrolment
    return (lead if heard is enrolment else replace(lead, enrolment=heard)), ""


def _ended(lead: Lead, close: Close, turn: Turn) -> Lead:
    """A goal that is reached, or an exit, ends the program and all that was to come."""
    if lead.enrolment is None:
        return lead
    program = lead.enrolment.program
    told = {name: steps for name, steps in lead.told.items() if name != program}
    finished = lead.finished | {program: turn.seen}
    return replace(_leave(lead, turn, close.kind, close.ending.id), finished=finished, told=told)


def _taken(close: Close, lead: Lead, turn: Turn) -> bool:
    if close.hears is None:
        return close.test is None or close.test(lead.traits, Past(lead.counts, day_of(turn.seen)))
    return any(close.hears(fact) and (close.test is None or close.test(lead.traits, fact)) for fact in turn.heard)


def _leave(lead: Lead, turn: Turn, why: str, ending: str = "") -> Lead:
    if lead.enrolment is None:
        return lead
    turn.say(LeaveProgram, program=lead.enrolment.program, ordinal=lead.enrolment.ordinal, why=why, ending=ending)
    return replace(lead, enrolment=None)


def _kept(lead: Lead, turn: Turn) -> Lead:
    """A lead stays in its program for as long as that is for its stage, and exists."""
    if lead.enrolment is None:
        return lead
    route = turn.policy.routes.get(lead.enrolment.program)
    if route is None:
        return _leave(lead, turn, "changed")
    if route is turn.policy.last_chance:
        return _leave(lead, turn, "exit", "interest")
    return lead if _serves(route, lead, turn.policy) else _leave(lead, turn, "stage")


def _exhausted(lead: Lead, enrolment: Enrolment, route: Route, turn: Turn) -> Lead:
    """Nothing is left; the steps are remembered, so that what is added later is told."""
    finished = lead.finished | {route.id: turn.seen}
    told = lead.told | {route.id: tuple(step.id for step in route.steps)}
    left = _leave(replace(lead, enrolment=enrolment), turn, "exhausted")
    return replace(left, finished=finished, told=told)
