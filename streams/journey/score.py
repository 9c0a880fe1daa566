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
from streams.journey.points import gained, points, shares
from streams.journey.turn import Turn

_NEW: Final = Standing()
_NEVER: Final[Days] = {}
_NOTHING: Final[dict[str, Days]] = {}


def judge(before: Lead, lead: Lead, turn: Turn) -> Lead:
    """Scores anew what may have changed since ``before`` (traits, counts, the day, the policy), and moves stages."""
    policy, today = turn.policy, turn.seen // DAY
    redefined = lead.judged_by != policy.hash
    introduced, anew = redefined or lead.traits is not before.traits, redefined or lead.judged_on != today
    lapsed = policy.timed and any(0 < standing.lapses <= turn.seen for standing in lead.standings.values())
    if not (introduced or anew or lapsed or lead.counts is not before.counts):
        return lead
    past = Past(lead.counts, today)
    gains, standings = _gains(lead.counts, _NOTHING if anew else before.counts, today, policy), {}
    for name, model in policy.models.items():
        standing = lead.standings.get(name, _NEW)
        if introduced or anew or lapsed or name in gains or standing.overstayed:
            engagement = gains.get(name, 0) + (0 if anew else standing.engagement)
            if model.patterns:
                had = 0 if anew else _patterns(before, Past(before.counts, today), model)
                engagement += _patterns(lead, past, model) - had
            scored = _scored(standing, lead, engagement, past, model, introduced=introduced)
            standing = stage.move(scored, lead, past, model, turn)
        standings[name] = standing
    return replace(lead, standings=standings, judged_by=policy.hash, judged_on=today)


def _scored(standing: Standing, lead: Lead, engagement: int, past: Past, model: Judge, *, introduced: bool) -> Standing:
    fit, veto = standing.fit, standing.veto
    if introduced:
        fit = sum(rule.points for rule in model.fit.passed(lead.traits))
    if introduced or model.vetoes_look_back:
        veto = next((veto.id for veto in model.vetoes.passed(lead.traits, past)), "")
    return replace(standing, fit=fit, veto=veto, engagement=engagement)


def _gains(counts: dict[str, Days], before: dict[str, Days], today: int, policy: Compiled) -> dict[str, int]:
    """By model, what counts add to its engagement since ``before``, both seen from the same day."""
    gains: dict[str, int] = {}
    together: dict[str, Pot] = {}
    for key, days in counts.items():
        had = before.get(key, _NEVER)
        if days is had:
            continue
        pot = policy.pots.get(key)
        if pot is None:  # a rule of an older policy weighs nothing now
            continue
        if pot.alone is None:
            together[pot.name] = pot
            continue
        gain = gained(days, had, pot.alone, pot.decay, today)
        gains[pot.model] = gains.get(pot.model, 0) + gain
    for pot in together.values():
        gain = points(pot, counts, today) - points(pot, before, today)
        gains[pot.model] = gains.get(pot.model, 0) + gain
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
