"""Why a lead stands where it stands: every point with the fact behind it, and every decision. It decides nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from schemas.commands import Command, Discount
from schemas.facts import Fact, PolicyApplied, Tick, tag_of
from schemas.lead import Lead
from schemas.model import MAIN
from schemas.units import Millis, day_of
from streams.journey.compiled import Compiled
from streams.journey.lifecycle import state_of
from streams.journey.memory import hit_by
from streams.journey.model import Judge
from streams.journey.past import Days, Past
from streams.journey.points import shares
from streams.journey.replay import Find, UnknownError, told
from streams.journey.score import fit_of, judge
from streams.journey.stage import grade_of
from streams.journey.turn import Turn


class Contribution(Struct, frozen=True, kw_only=True):
    """Points of one fact under one rule of a model, after caps, groups and decay.

    ``fact`` is empty for who the lead is, and for a pattern, which many facts make.
    """

    rule: str
    says: str
    points: int
    axis: Literal["fit", "engagement"]
    model: str = MAIN
    fact: str = ""
    at: Millis = 0
    policy: str = ""


class Decision(Struct, frozen=True, kw_only=True):
    """One command, and the kind of the fact that it followed from."""

    command: Command
    fact: str


class Explanation(Struct, frozen=True, kw_only=True):
    """The lead's row as a look at ``as_of`` finds it, its grades by model, what its points are made of, all decided."""

    lead: Lead
    as_of: Millis
    grades: dict[str, str]
    contributions: tuple[Contribution, ...]
    decisions: tuple[Decision, ...]


def explain(facts: Sequence[Fact], lead_id: str, policy: Compiled | None, find: Find, at: Millis = 0) -> Explanation:
    """One lead's history, told in full as of ``at``, or of its last fact; ``facts`` may hold other leads' too.

    Raises UnknownError for a stranger.
    """
    own = [fact for fact in facts if isinstance(fact, PolicyApplied) or fact.lead_id == lead_id]
    rows: dict[str, Lead] = {}
    decisions: list[Decision] = []
    hits: dict[str, list[Fact]] = defaultdict(list)
    for fact, commands, after, force in told(own.__iter__, rows, policy, find):
        before = rows.get(lead_id, Lead(id=lead_id))
        if after is not before:
            for rule in hit_by(before, fact, force):
                hits[rule.key].append(fact)
        rows[lead_id] = after
        decisions += [Decision(command=command, fact=tag_of(type(fact)).removesuffix(".v1")) for command in commands]
    if lead_id not in rows:
        raise UnknownError(f'found no fact about "{lead_id}", expected at least one')
    force = policy or find(rows[lead_id].judged_by)
    lead = looked_at(rows[lead_id], at, force)
    weightless = _weightless(lead, decisions)
    weighs = {key: [fact for fact in found if fact.id not in weightless] for key, found in hits.items()}
    contributions = tuple(
        one for model in force.models.values() for one in _contributions(lead, weighs, model, force.hash)
    )
    return Explanation(
        lead=lead,
        as_of=max(at, lead.seen),
        grades={name: grade_of(standing, force.models[name].grades) for name, standing in lead.standings.items()},
        contributions=contributions,
        decisions=tuple(decisions),
    )


def looked_at(lead: Lead, at: Millis, policy: Compiled) -> Lead:
    """The row as a look at this moment would find it, points faded and stages left; nothing follows from it."""
    if at <= lead.seen:
        return lead
    after = judge(lead, lead, Turn(Tick(id="", lead_id=lead.id, at=at, seen=at, due=at), lead, policy))
    state = state_of(after, at, policy)
    return after if state == lead.lifecycle else replace(after, lifecycle=state, lifecycle_since=at)


def _contributions(lead: Lead, hits: Mapping[str, list[Fact]], model: Judge, policy: str) -> Iterator[Contribution]:
    """All that speaks for and against the lead in one model; it adds up to fit and engagement."""
    for why in fit_of(lead, model):
        yield Contribution(rule=why.rule, says=why.says, points=why.points, axis="fit", model=model.name, policy=policy)
    counts = {key: _days(found) for key, found in hits.items()}
    for pattern in model.patterns.passed(lead.traits, Past(counts, lead.judged_on)):
        yield Contribution(
            rule=pattern.id,
            says=pattern.says,
            points=pattern.points,
            axis="engagement",
            model=model.name,
            policy=policy,
        )
    for pot in model.pots:
        left = {rule.key: _newest_first(hits.get(rule.key, ())) for rule in pot.rules}
        for share in shares(pot, counts, lead.judged_on):
            fact = next(fact for fact in left[share.rule.key] if day_of(fact.at) == share.day)
            yield Contribution(
                rule=share.rule.rule.id,
                says=share.rule.rule.says,
                points=share.points,
                axis="engagement",
                model=model.name,
                fact=fact.id,
                at=fact.at,
                policy=policy,
            )


def _weightless(lead: Lead, decisions: Sequence[Decision]) -> frozenset[str]:
    """The facts that were discounted or taken back, and clicks that still wait for their verdict."""
    said = (d.command for d in decisions)
    void = {name for command in said if isinstance(command, Discount) for name in command.engagement}
    return frozenset(void | {click.id for click in lead.clicks if click.state == "waits"})


def _days(facts: Sequence[Fact]) -> Days:
    """How often on which day, as a row counts it."""
    return dict(sorted(Counter(day_of(fact.at) for fact in facts).items(), reverse=True))


def _newest_first(facts: Sequence[Fact]) -> Iterator[Fact]:
    return iter(sorted(facts, key=lambda fact: (-fact.at, fact.id)))
