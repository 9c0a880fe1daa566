"""What a change of policy does at once to where leads stand, told from their rows. It applies nothing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from schemas.facts import Tick
from schemas.lead import Lead, Standing
from streams.journey.compiled import Compiled
from streams.journey.lifecycle import state_of
from streams.journey.score import judge
from streams.journey.turn import Turn


class Shift(Struct, frozen=True):
    """How many leads there are, and how many would move from where to where: states of the lifecycle, else stages."""

    leads: int
    moves: Counter[tuple[str, str]]

    @property
    def percent(self) -> float:
        """The share of leads that would move, of 100."""
        return 100 * self.moves.total() / self.leads if self.leads else 0.0


def shift(rows: Iterable[Lead], policy: Compiled, before: Mapping[str, Compiled]) -> Shift:
    """Every lead judged by another policy on the day that it was judged last, so that nothing fades meanwhile.

    ``before`` holds policies by hash: a move that a lead's own policy only puts off is none of the change's.
    """
    leads, moves = 0, Counter[tuple[str, str]]()
    for lead in rows:
        leads += 1
        if lead.judged_by == policy.hash or not (move := _move(lead, after := _judged(lead, policy))):
            continue
        own = before.get(lead.judged_by)
        if own is None or (move := _move(_judged(lead, own), after)):
            moves[move] += 1
    return Shift(leads, moves)


def _move(before: Lead, after: Lead) -> tuple[str, str] | None:
    """From state to state, else from stage to stage."""
    if after.lifecycle != before.lifecycle:
        return before.lifecycle, after.lifecycle
    return next(_crossings(before, after), None)


def _judged(lead: Lead, policy: Compiled) -> Lead:
    """The lead once the dwell is over, which only puts a move off."""
    standings = {name: _rested(one, name, lead, policy) for name, one in lead.standings.items()}
    rested = replace(lead, judged_by="", standings=standings)
    tick = Tick(id="", lead_id=lead.id, at=lead.seen, seen=lead.seen, due=lead.seen)
    after = judge(rested, rested, Turn(tick, lead, policy))
    return replace(after, lifecycle=state_of(after, lead.seen, policy))


def _rested(standing: Standing, name: str, lead: Lead, policy: Compiled) -> Standing:
    dwell = policy.models[name].dwell if name in policy.models else 0
    return replace(standing, stage_since=min(standing.stage_since, lead.seen - dwell))


def _crossings(before: Lead, after: Lead) -> Iterator[tuple[str, str]]:
    for name in sorted(before.standings.keys() | after.standings.keys()):
        was, now = (lead.standings.get(name, Standing()).stage for lead in (before, after))
        if was != now:
            yield was, now
