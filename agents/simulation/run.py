"""Leads live through simulated days under one policy. The core is ``streams.journey.simulate``; nothing is sent."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from agents.simulation.tally import Flow, Tally
from agents.volume import Volume
from schemas.commands import Command
from schemas.facts import Fact, PolicyApplied, Tick
from schemas.lead import Lead
from schemas.problem import UserError
from schemas.sample import SampleLead, history_of
from schemas.units import DAY, WEEK, from_iso
from streams.journey.compiled import Compiled
from streams.journey.replay import digest
from streams.journey.simulate import Lived, simulate

START: Final = from_iso("2026-03-02T08:00")  # a Monday
MOST_TOLD: Final = 50
Tell = Callable[[int, int], None]


class Simulated(Struct, frozen=True, kw_only=True):
    """What followed: counts, flows by program, and the timelines of the leads that were asked for (or the first)."""

    policy: str
    start: int
    days: int
    leads: int
    volume: Volume
    handoffs: int
    reasons: dict[str, int]
    lifecycle: dict[str, int]
    weeks: tuple[dict[str, int], ...]
    flows: tuple[Flow, ...]
    timelines: dict[str, tuple[Command, ...]]
    digest: str


def sampled(leads: Mapping[str, SampleLead], count: int) -> dict[str, list[Fact]]:
    """As many leads as asked for, made of the sample leads in turn; beyond one each, they come over a week."""
    several = count > len(leads)
    names = [name for _, name in zip(range(count), _turns(leads), strict=False)]
    made: dict[str, list[Fact]] = {}
    for number, name in enumerate(names):
        lead_id = f"{name}-{number:05}" if several else name
        begins = START + (number * WEEK // max(count, 1) if several else 0)
        made[lead_id] = history_of(_alone(leads[name], lead_id, several=several), lead_id, begins)
    return made


def _turns(leads: Mapping[str, SampleLead]) -> Iterable[str]:
    while True:
        yield from sorted(leads)


def _alone(lead: SampleLead, lead_id: str, *, several: bool) -> SampleLead:
    """Two leads do not share an address."""
    if not several or "email" not in lead.traits:
        return lead
    return replace(lead, traits=lead.traits | {"email": f"{lead_id}@sample.example"})


def by_lead(facts: Iterable[Fact]) -> dict[str, list[Fact]]:
    """A history lead by lead, in the order in which they came. Raises UserError when there is none."""
    found: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        if not isinstance(fact, Tick | PolicyApplied):  # they belong to what did happen
            found[fact.lead_id].append(fact)
    if not found:
        raise UserError("found no facts, expected those of one lead at least")
    return dict(sorted(found.items(), key=lambda lead: (lead[1][0].seen, lead[0])))


def run(policy: Compiled, histories: Mapping[str, list[Fact]], days: int, tell: Tell, only: str = "") -> Simulated:
    """``days`` from the first fact on, lead by lead; ``tell`` hears how many leads are done.

    Timelines are those of ``only``, or of the first leads.
    """
    start = min(facts[0].seen for facts in histories.values())
    until, tally, counts = start + days * DAY, Tally(policy.policy, start), Counter[type[Fact]]()
    timelines: dict[str, list[Command]] = {name: [] for name in ([only] if only else islice(histories, MOST_TOLD))}
    rows: dict[str, Lead] = {}
    for number, facts in enumerate(histories.values(), 1):
        for lived in _lived(facts, policy, rows, until):
            counts[type(lived.fact)] += 1
            for command in lived.commands:
                tally.add(command)
            if lived.after.id in timelines:
                timelines[lived.after.id] += lived.commands
        tell(number, len(histories))
    return Simulated(
        policy=policy.hash,
        start=start,
        days=days,
        leads=len(rows),
        volume=_volume(counts, rows),
        handoffs=tally.handoffs,
        reasons=dict(tally.reasons.most_common()),
        lifecycle=dict(Counter(lead.lifecycle for lead in rows.values()).most_common()),
        weeks=tuple(dict(tally.weeks[week]) for week in range(-(-days // 7))),
        flows=tally.flows(),
        timelines={name: tuple(commands) for name, commands in timelines.items()},
        digest=digest(rows),
    )


def _volume(counts: Counter[type[Fact]], rows: Mapping[str, Lead]) -> Volume:
    facts = counts.total() - counts[Tick]
    return Volume(facts=facts, ticks=counts[Tick], repeats=facts - sum(lead.facts for lead in rows.values()))


def _lived(facts: list[Fact], policy: Compiled, rows: dict[str, Lead], until: int) -> Iterator[Lived]:
    """One lead's days; its row ends up among the others."""
    own: dict[str, Lead] = {}
    within = [fact for fact in facts if fact.seen <= until]
    yield from simulate(lambda: within, policy, own, until)
    rows |= own
