"""The way into programs: which are for a lead as it stands, and which of them is open to it. It leads nobody in."""

from collections.abc import Iterator, Sequence

from schemas.lead import Lead
from schemas.units import day_of
from streams.journey import gate
from streams.journey.compiled import Compiled, rank
from streams.journey.past import Past
from streams.journey.route import Close, Route
from streams.journey.turn import Turn


def way_in(lead: Lead, then: Sequence[str], turn: Turn) -> Route | None:
    """A program that is open to the lead: one that is to follow (``then``), else that with the highest priority."""
    routes = tuple(open_routes(lead, turn))
    return next((route for route in routes if route.id in then), routes[0] if routes else None)


def last_way_in(lead: Lead, policy: Compiled) -> Route | None:
    """The last chance of those who fell silent, once for each time."""
    last = policy.last_chance
    if last is None or lead.enrolments or lead.finished.get(last.id, -1) >= gate.alive_at(lead):
        return None
    return last


def serves(route: Route, lead: Lead, policy: Compiled) -> bool:
    """Whether the program is for the lead's stage, in which it is worth nurturing."""
    model = route.program.model
    return lead.standings[model].stage in route.program.stages and gate.qualifies(lead, policy.models[model])


def taken(close: Close, lead: Lead, turn: Turn) -> bool:
    """Whether a goal is reached, or an exit taken, in this turn."""
    if close.hears is None:
        return close.test is None or close.test(lead.traits, Past(lead.counts, day_of(turn.seen)))
    return any(close.hears(fact) and (close.test is None or close.test(lead.traits, fact)) for fact in turn.heard)


def left_to_tell(lead: Lead, route: Route) -> tuple[str, ...] | None:
    """The steps that a lead was told who had been told all, when there are more by now; else None."""
    told = lead.told.get(route.id)
    return told if told is not None and any(step.id not in told for step in route.steps) else None


def reopenings(lead: Lead, policy: Compiled) -> list[int]:
    """When the programs of the lead's stages that it has finished open again (ms)."""
    routes = _of_free_classes(lead, policy)
    return [lead.finished[r.id] + r.again_after for r in routes if r.again_after and r.id in lead.finished]


def routes_of(lead: Lead, policy: Compiled) -> tuple[Route, ...]:
    """The programs for the stages in which the lead is qualified, in every model, the most important first."""
    found = [policy.routes_for.get((name, lead.standings[name].stage), ()) for name in gate.qualified_in(lead, policy)]
    if len(found) == 1:
        return found[0]
    return tuple(sorted((route for routes in found for route in routes), key=rank))


def _of_free_classes(lead: Lead, policy: Compiled) -> Sequence[Route]:
    """A lead is in one program of each class at a time."""
    routes = routes_of(lead, policy)
    if not lead.enrolments:
        return routes
    taken = [policy.routes[one.program].program.class_ for one in lead.enrolments if one.program in policy.routes]
    return [route for route in routes if route.program.class_ not in taken]


def open_routes(lead: Lead, turn: Turn) -> Iterator[Route]:
    """The programs that the lead may enter now, the most important first."""
    past = Past(lead.counts, day_of(turn.seen))
    for route in _of_free_classes(lead, turn.policy):
        if route is turn.policy.last_chance or not _may_enter(lead, route, turn.seen):
            continue
        if not (route.test is None or route.test(lead.traits, past)):
            continue
        if not any(close.hears is None and taken(close, lead, turn) for close in route.closes):
            yield route


def _may_enter(lead: Lead, route: Route, seen: int) -> bool:
    """For the first time, again once the agreed time has passed, or since something was added that it was not told."""
    finished = lead.finished.get(route.id)
    if finished is None:
        return True
    again = route.again_after is not None and finished < seen and seen >= finished + route.again_after
    return again or left_to_tell(lead, route) is not None
