"""Two axes of integer points, and where each point comes from. The contributions add up to the score, always."""

from collections.abc import Iterator
from typing import Any, Final, Literal

from msgspec.structs import replace

from schemas.commands import MoveStage
from schemas.handoff import Why
from schemas.lead import Lead
from schemas.policy import EngagementRule, Grades
from schemas.units import DAY, day_of
from streams.journey.compiled import WHOLE, Compiled
from streams.journey.turn import Turn

Changes = dict[str, Any]
_NEVER: Final[dict[int, int]] = {}


def judge(before: Lead, lead: Lead, turn: Turn) -> Lead:
    """Scores anew what may have changed since ``before`` (traits, counts, the day, the policy), and moves the stage."""
    changes = _fit_anew(before, lead, turn.policy) | _engagement_anew(before, lead, turn)
    if not changes:
        return lead
    changes |= {"judged_by": turn.policy.hash, "judged_on": day_of(turn.seen)}
    return _move(replace(lead, **changes), turn)


def _fit_anew(before: Lead, lead: Lead, policy: Compiled) -> Changes:
    if lead.judged_by == policy.hash and lead.traits is before.traits:
        return {}
    fit = sum(rule.points for rule, test in policy.fit if test is None or test(lead.traits, None))
    veto = next((v.id for v, test in policy.vetoes if test is None or test(lead.traits, None)), "")
    return {"fit": fit, "veto": veto}


def _engagement_anew(before: Lead, lead: Lead, turn: Turn) -> Changes:
    """On one day, under one policy, only the rules that were fed just now weigh otherwise than before."""
    policy, today = turn.policy, day_of(turn.seen)
    if lead.judged_by != policy.hash or lead.judged_on != today:
        return {"engagement": sum(_points(rule_id, days, today, policy) for rule_id, days in lead.counts.items())}
    if lead.counts is before.counts:
        return {}
    gained = 0
    for rule_id, days in lead.counts.items():
        had = before.counts.get(rule_id, _NEVER)
        if days is not had:
            gained += _points(rule_id, days, today, policy) - _points(rule_id, had, today, policy)
    return {"engagement": lead.engagement + gained}


def _move(lead: Lead, turn: Turn) -> Lead:
    stage = stage_of(lead, turn.seen, turn.policy)
    if stage == lead.stage:
        return lead
    turn.say(
        MoveStage,
        before=lead.stage,
        after=stage,
        why=_why(lead, stage, turn.policy),
        fit=lead.fit,
        engagement=lead.engagement,
        grade=grade_of(lead.fit, lead.engagement, turn.policy.policy.scoring.grades),
    )
    return replace(lead, stage=stage, stage_since=turn.seen)


def stage_of(lead: Lead, seen: int, policy: Compiled) -> str:
    """The last stage that the lead may enter, or may keep. The first one needs nothing.

    Entering takes all points, keeping takes fewer, and nobody moves back before the dwell is over.
    """
    now = policy.stage_index.get(lead.stage, -1)
    reached = 0
    for index, stage in enumerate(policy.stages):
        enough = policy.keeps[index] if index <= now else stage.engagement
        if lead.fit >= stage.fit and lead.engagement >= enough:
            reached = index
    early = reached < now and seen - lead.stage_since < policy.dwell
    return lead.stage if early else policy.stages[reached].id


def _why(lead: Lead, after: str, policy: Compiled) -> Literal["earned", "faded", "unfit", "redefined"]:
    before = policy.stage_index.get(lead.stage)
    if before is None:
        return "redefined" if lead.stage else "earned"
    if policy.stage_index[after] > before:
        return "earned"
    return "unfit" if lead.fit < policy.stages[before].fit else "faded"


def grade_of(fit: int, engagement: int, grades: Grades) -> str:
    """``A1`` to ``D4``: a letter for fit, a digit for engagement."""
    return f"{_place(fit, grades.fit, 'ABCD')}{_place(engagement, grades.engagement, '1234')}"


def _place(points: int, least: tuple[int, int, int], names: str) -> str:
    return names[sum(points < bound for bound in least)]


def fit_of(lead: Lead, policy: Compiled) -> Iterator[Why]:
    """Every fit rule that holds for the lead, with its points."""
    for rule, test in policy.fit:
        if test is None or test(lead.traits, None):
            yield Why(rule=rule.id, says=rule.says, points=rule.points)


def engagement_of(lead: Lead, policy: Compiled, today: int) -> Iterator[Why]:
    """Every engagement rule that has points left today, after caps and decay."""
    for rule_id, days in lead.counts.items():
        points = _points(rule_id, days, today, policy)
        if points:
            yield Why(rule=rule_id, says=policy.engagement[rule_id].says, points=points, last=max(days) * DAY)


def _points(rule_id: str, days: dict[int, int], today: int, policy: Compiled) -> int:
    """A rule of an older policy weighs nothing now."""
    rule = policy.engagement.get(rule_id)
    return 0 if rule is None else _faded(days, rule, today, policy)


def _faded(days: dict[int, int], rule: EngagementRule, today: int, policy: Compiled) -> int:
    """Newest days first, as kept, until ``most`` is used up; each count is worth ``points`` times the day's decay."""
    total, left = 0, rule.most
    for day, count in days.items():
        age = today - day if day < today else 0
        if age > policy.horizon or not left:
            break
        counted = min(count, rule.most_a_day, left)
        left -= counted
        total += counted * policy.decay[age]
    return whole(rule.points * total)


def whole(thousandths: int) -> int:
    """Thousandths of points as points, rounded towards zero."""
    return thousandths // WHOLE if thousandths >= 0 else -(-thousandths // WHOLE)
