"""Two axes of integer points in each model, and where each point comes from. The contributions add up, always."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from msgspec.structs import replace

from schemas.handoff import Why
from schemas.lead import Lead, Standing
from schemas.units import DAY, day_of
from streams.journey import stage
from streams.journey.compiled import Compiled
from streams.journey.model import Judge, Pot
from streams.journey.past import Past
from streams.journey.points import points, shares
from streams.journey.turn import Turn

_NEW: Final = Standing()


class Change(NamedTuple):
    """What may weigh otherwise than when the row was judged: traits, everything done, or what was done just now."""

    before: Lead
    traits: bool
    anew: bool
    past: Past


def judge(before: Lead, lead: Lead, turn: Turn) -> Lead:
    """Scores anew what may have changed since ``before`` (traits, counts, the day, the policy), and moves stages."""
    policy, today = turn.policy, day_of(turn.seen)
    redefined = lead.judged_by != policy.hash
    traits, anew = redefined or lead.traits is not before.traits, redefined or lead.judged_on != today
    lapsed = 0 < lead.lapses <= turn.seen
    if not (traits or anew or lapsed or lead.counts is not before.counts):
        return lead
    change = Change(before, traits, anew, Past(lead.counts, today))
    fed = _fed(lead, change, policy)
    standings = {}
    for name, model in policy.models.items():
        standing, pots = lead.standings.get(name, _NEW), fed.get(name)
        if traits or anew or lapsed or pots or standing.overstayed:
            standing = stage.move(_scored(standing, lead, change, pots or {}, model), lead, change.past, model, turn)
        standings[name] = standing
    due = _lapses(standings, change.past, turn) if policy.timed else 0
    return replace(lead, standings=standings, judged_by=policy.hash, judged_on=today, lapses=due)


def _fed(lead: Lead, change: Change, policy: Compiled) -> dict[str, dict[str, Pot]]:
    """By model, the pots that may weigh otherwise now. On one day, under one policy, those that were just fed."""
    before = {} if change.anew else change.before.counts
    found: dict[str, dict[str, Pot]] = defaultdict(dict)
    for key, days in lead.counts.items():
        if days is not before.get(key) and key in policy.pots:  # else a rule of an older policy: it weighs nothing now
            pot = policy.pots[key]
            found[pot.model][pot.name] = pot
    return found


def _scored(standing: Standing, lead: Lead, change: Change, pots: dict[str, Pot], model: Judge) -> Standing:
    fit, veto, engagement = standing.fit, standing.veto, 0 if change.anew else standing.engagement
    if change.traits:
        fit = sum(rule.points for rule in model.fit.passed(lead.traits))
    if change.traits or model.windows:
        veto = next((veto.id for veto in model.vetoes.passed(lead.traits, change.past)), "")
    for pot in pots.values():
        engagement += points(pot, lead.counts, model, change.past.today)
        if not change.anew:
            engagement -= points(pot, change.before.counts, model, change.past.today)
    if model.patterns:
        engagement += _patterns(lead, change.past, model)
        if not change.anew:
            engagement -= _patterns(change.before, Past(change.before.counts, change.past.today), model)
    return replace(standing, fit=fit, veto=veto, engagement=engagement)


def _patterns(lead: Lead, past: Past, model: Judge) -> int:
    return sum(pattern.points for pattern in model.patterns.passed(lead.traits, past))


def _lapses(standings: dict[str, Standing], past: Past, turn: Turn) -> int:
    """When to judge anew though nothing happens (ms), 0 for never."""
    models = turn.policy.models.items()
    ahead = (stage.lapses(standings[name], past, model, turn.seen) for name, model in models)
    return min((at for found in ahead for at in found), default=0)


def leading(lead: Lead, among: Iterable[str] = ()) -> str:
    """The model that speaks loudest for the lead: no veto, then most points, then the first that was declared."""
    names = tuple(among) or tuple(lead.standings)
    return max(names, key=lambda name: _loudness(lead.standings[name]), default="main")


def _loudness(standing: Standing) -> tuple[bool, int]:
    return not standing.veto, standing.fit + standing.engagement


def fit_of(lead: Lead, model: Judge) -> Iterator[Why]:
    """Every fit rule that holds for the lead, with its points."""
    for rule in model.fit.passed(lead.traits):
        yield Why(rule=rule.id, says=rule.says, points=rule.points)


def engagement_of(lead: Lead, model: Judge, today: int) -> Iterator[Why]:
    """Every engagement rule and pattern that has points today, after caps, groups and decay."""
    for pot in model.pots:
        told: dict[str, int] = defaultdict(int)
        for share in shares(pot, lead.counts, model, today):
            told[share.rule.key] += share.points
        for rule in pot.rules:
            if told.get(rule.key):
                last = max(lead.counts[rule.key]) * DAY
                yield Why(rule=rule.rule.id, says=rule.rule.says, points=told[rule.key], last=last)
    for pattern in model.patterns.passed(lead.traits, Past(lead.counts, today)):
        yield Why(rule=pattern.id, says=pattern.says, points=pattern.points)
