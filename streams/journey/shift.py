"""What a change of policy does at once to where leads stand, told from their rows. It applies nothing."""

from collections import Counter
from collections.abc import Iterable, Iterator

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


def shift(rows: Iterable[Lead], policy: Compiled) -> Shift:
    """Every lead judged by another policy on the day that it was judged last, so that nothing fades meanwhile."""
    leads, moves = 0, Counter[tuple[str, str]]()
    for lead in rows:
        leads += 1
        after = _judged(lead, policy)
        if after.lifecycle != lead.lifecycle:
            moves[lead.lifecycle, after.lifecycle] += 1
        elif changed := next(_crossings(lead, after), None):
            moves[changed] += 1
    return Shift(leads, moves)


def _judged(lead: Lead, policy: Compiled) -> Lead:
    """The lead once the dwell is over, which only puts a move off."""
    if lead.judged_by == policy.hash:
        return lead
    rested = replace(lead, standings={name: _rested(one, name, lead, policy) for name, one in lead.standings.items()})
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
