"""Why a lead stands where it stands: every point with the fact behind it, and every decision. It decides nothing."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from schemas.commands import Command
from schemas.facts import Fact, PolicyApplied
from schemas.lead import Lead
from schemas.policy import EngagementRule
from schemas.units import Millis, day_of
from streams.journey.compiled import Compiled
from streams.journey.memory import hit_by
from streams.journey.replay import Find, UnknownError, told
from streams.journey.score import fit_of, whole


class Contribution(Struct, frozen=True, kw_only=True):
    """Points of one fact under one rule, after caps and decay; ``fact`` is empty for who the lead is."""

    rule: str
    says: str
    points: int
    fact: str = ""
    at: Millis = 0
    policy: str = ""


class Decision(Struct, frozen=True, kw_only=True):
    """One command, and the kind of the fact that it followed from."""

    command: Command
    fact: str


class Explanation(Struct, frozen=True, kw_only=True):
    """The lead's row, what its points are made of, and all that was decided."""

    lead: Lead
    contributions: tuple[Contribution, ...]
    decisions: tuple[Decision, ...]


def explain(facts: Sequence[Fact], lead_id: str, policy: Compiled | None, find: Find) -> Explanation:
    """One lead's history, told in full; ``facts`` may hold other leads' too. Raises UnknownError for a stranger."""
    own = [fact for fact in facts if isinstance(fact, PolicyApplied) or fact.lead_id == lead_id]
    rows: dict[str, Lead] = {}
    decisions: list[Decision] = []
    hits: dict[str, list[Fact]] = defaultdict(list)
    for fact, commands, after, force in told(own, rows, policy, find):
        before = rows.get(lead_id, Lead(id=lead_id))
        if after is not before:
            for rule in hit_by(before, fact, force):
                hits[rule.id].append(fact)
        rows[lead_id] = after
        decisions += [Decision(command=command, fact=type(fact).__name__) for command in commands]
    if lead_id not in rows:
        raise UnknownError(f'found no fact about "{lead_id}", expected at least one')
    lead, force = rows[lead_id], policy or find(rows[lead_id].judged_by)
    contributions = (*_fit(lead, force), *_engagement(hits, lead.judged_on, force))
    return Explanation(lead=lead, contributions=contributions, decisions=tuple(decisions))


def _fit(lead: Lead, policy: Compiled) -> Iterator[Contribution]:
    for why in fit_of(lead, policy):
        yield Contribution(rule=why.rule, says=why.says, points=why.points, policy=policy.hash)


def _engagement(hits: Mapping[str, list[Fact]], today: int, policy: Compiled) -> Iterator[Contribution]:
    for rule_id, found in hits.items():
        if rule_id in policy.engagement:  # else a rule of an older policy: it weighs nothing now
            yield from _shares(policy.engagement[rule_id], found, today, policy)


def _shares(rule: EngagementRule, facts: list[Fact], today: int, policy: Compiled) -> Iterator[Contribution]:
    """Newest first until the caps are used up, as the score does; rounding is carried on, so that shares add up."""
    left, before, total = rule.most, 0, 0
    by_day: dict[int, int] = {}
    for fact in sorted(facts, key=lambda fact: (-fact.at, fact.id)):
        day = day_of(fact.at)
        age, by_day[day] = max(0, today - day), by_day.get(day, 0) + 1
        if not left or age > policy.horizon or by_day[day] > rule.most_a_day:
            continue
        left -= 1
        total += policy.decay[age]
        so_far = whole(rule.points * total)
        share, before = so_far - before, so_far
        yield Contribution(rule=rule.id, says=rule.says, points=share, fact=fact.id, at=fact.at, policy=policy.hash)
