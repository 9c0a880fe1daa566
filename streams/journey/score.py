"""Two axes of integer points in each model, and where each point comes from. The contributions add up, always."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from schemas.handoff import Why
from schemas.lead import Lead, Standing
from schemas.model import MAIN
from schemas.units import DAY
from streams.journey import stage
from streams.journey.compiled import Compiled
from streams.journey.model import Judge, Pot
from streams.journey.past import Days, Past
from streams.journey.points import gained, points, points_alone, shares
from streams.journey.turn import Turn

_NEW: Final = Standing()
_NEVER: Final[Days] = {}


def judge(before: Lead, lead: Lead, turn: Turn) -> Lead:
    """Scores anew what may have changed since ``before`` (traits, counts, the day, the policy), and moves stages.

    A model of which nothing changed, and that time alone does not move, is not looked at.
    """
    policy, today = turn.policy, turn.seen // DAY
    introduced = lead.judged_by != policy.hash or lead.traits is not before.traits
    anew = introduced or lead.judged_on != today
    if not (anew or turn.fed or turn.late):
        return lead
    past = Past(lead.counts, today)
    gains, groups = _all(lead, past, policy) if anew else _gains(before, lead, past, turn)
    standings = {}
    for name, model in policy.models.items():
        standing, gain = lead.standings.get(name, _NEW), gains.get(name)
        if anew:
            engagement = gain or 0
        elif gain:
            engagement = standing.engagement + gain
        elif standing.overstayed or 0 < standing.lapses <= turn.seen or (gain is not None and _is_watched(model, turn)):
            engagement = standing.engagement
        else:
            standings[name] = standing
            continue
        if introduced or model.vetoes_look_back:
            scored = _scored(standing, lead, engagement, past, model, introduced=introduced)
        else:
            scored = standing if engagement == standing.engagement else replace(standing, engagement=engagement)
        standings[name] = judged = stage.move(scored, lead, past, model, turn)
        if judged.stage != standing.stage or judged.veto != standing.veto:
            turn.moved = True
    return replace(lead, standings=standings, groups=groups, judged_by=policy.hash, judged_on=today)


def _is_watched(model: Judge, turn: Turn) -> bool:
    """Whether counts that add nothing may move the lead, by a window."""
    return not model.looks_at.isdisjoint(turn.fed)


def _scored(standing: Standing, lead: Lead, engagement: int, past: Past, model: Judge, *, introduced: bool) -> Standing:
    fit = sum(rule.points for rule in model.fit.passed(lead.traits)) if introduced else standing.fit
    veto = next((veto.id for veto in model.vetoes.passed(lead.traits, past)), "")
    return replace(standing, fit=fit, veto=veto, engagement=engagement)


Gains = tuple[dict[str, int], dict[str, int]]
"""By model, what was gained; and what each group is worth."""


def _all(lead: Lead, past: Past, policy: Compiled) -> Gains:
    """What everything that was done is worth today."""
    gains: dict[str, int] = {}
    groups: dict[str, int] = {}
    together: dict[str, Pot] = {}
    for key, days in lead.counts.items():
        pot = policy.pots.get(key)
        if pot is None:  # a rule of an older policy weighs nothing now
            continue
        if pot.alone is None:
            together[pot.name] = pot
        else:
            gains[pot.model] = gains.get(pot.model, 0) + points_alone(days, pot.alone, pot.decay, past.today)
    for pot in together.values():
        groups[pot.name] = worth = points(pot, lead.counts, past.today)
        gains[pot.model] = gains.get(pot.model, 0) + worth
    for name, model in policy.models.items():
        if model.patterns:
            gains[name] = gains.get(name, 0) + _patterns(lead, past, model)
    return gains, groups


def _gains(before: Lead, lead: Lead, past: Past, turn: Turn) -> Gains:
    """For models that were fed, what this adds to their engagement since ``before``, both seen from the same day."""
    gains: dict[str, int] = {}
    together: dict[str, Pot] = {}
    counts, had, policy = lead.counts, before.counts, turn.policy
    for key in turn.fed:
        pot = policy.pots.get(key)
        if pot is None:
            continue
        if pot.alone is None:
            together[pot.name] = pot
        else:
            gain = gained(pot.alone, counts[key], had.get(key, _NEVER), pot.decay, past.today)
            gains[pot.model] = gains.get(pot.model, 0) + gain
    groups = lead.groups.copy() if together else lead.groups
    for name, pot in together.items():
        was = groups.get(name)
        groups[name] = worth = points(pot, counts, past.today)
        gain = worth - (points(pot, had, past.today) if was is None else was)
        gains[pot.model] = gains.get(pot.model, 0) + gain
    if not policy.looking.keys().isdisjoint(turn.fed):
        for name, gain in _patterns_gained(before, lead, past, turn).items():
            gains[name] += gain
    return gains, groups


def _patterns_gained(before: Lead, lead: Lead, past: Past, turn: Turn) -> dict[str, int]:
    """By model, what the patterns that look at the rules fed are worth more than ``before``."""
    looking, gains = turn.policy.looking, dict[str, int]()
    told, earlier = set[tuple[str, str]](), Past(before.counts, past.today)
    for key in turn.fed:
        for one in looking.get(key, ()):
            if one.window is not None:  # one more count never closes it
                gain = int(one.window.holds(past) and not one.window.holds(earlier))
            elif (one.model, one.id) not in told:
                told.add((one.model, one.id))
                gain = one.test(lead.traits, past) - one.test(lead.traits, earlier)
            else:
                continue
            if gain:
                gains[one.model] = gains.get(one.model, 0) + one.points * gain
    return gains


def _patterns(lead: Lead, past: Past, model: Judge) -> int:
    return sum(pattern.points for pattern in model.patterns.passed(lead.traits, past))


def leading(lead: Lead, among: Iterable[str] = ()) -> str:
    """The model that speaks loudest for the lead: no veto, then most points, then the first that was declared."""
    names = tuple(among or lead.standings)
    if len(names) == 1:
        return names[0]
    return max(names, key=lambda name: _loudness(lead.standings[name]), default=MAIN)


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
        for share in shares(pot, lead.counts, today):
            told[share.rule.key] += share.points
        for rule in pot.rules:
            if told.get(rule.key):
                last = max(lead.counts[rule.key]) * DAY
                yield Why(rule=rule.rule.id, says=rule.rule.says, points=told[rule.key], last=last)
    for pattern in model.patterns.passed(lead.traits, Past(lead.counts, today)):
        yield Why(rule=pattern.id, says=pattern.says, points=pattern.points)
