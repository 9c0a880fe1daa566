"""Two axes of integer points, and where each point comes from. The contributions add up to the score, always."""

from collections.abc import Iterator
from typing import Literal

from msgspec.structs import replace

from schemas.commands import MoveStage
from schemas.handoff import Why
from schemas.lead import Lead
from schemas.policy import EngagementRule, Grades
from schemas.units import DAY, day_of
from streams.journey.compiled import WHOLE, Compiled
from streams.journey.turn import Turn


def judge(lead: Lead, turn: Turn) -> Lead:
    """Scores anew when something that counts has changed (a fact, the day, the policy), and moves the stage."""
    today = day_of(turn.seen)
    if lead.judged_by == turn.policy.hash and lead.judged_on == today:
        return lead
    fit = sum(why.points for why in fit_of(lead, turn.policy))
    engagement = sum(why.points for why in engagement_of(lead, turn.policy, today))
    veto = next((v.id for v, test in turn.policy.vetoes if test is None or test(lead.traits, None)), "")
    lead = replace(lead, fit=fit, engagement=engagement, veto=veto, judged_by=turn.policy.hash, judged_on=today)
    return _move(lead, turn)


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
        rule = policy.engagement.get(rule_id)
        if rule is None:  # a rule of an older policy: its counts weigh nothing now
            continue
        points = _faded(days, rule, today, policy)
        if points:
            yield Why(rule=rule_id, says=rule.says, points=points, last=max(days) * DAY)


def _faded(days: dict[int, int], rule: EngagementRule, today: int, policy: Compiled) -> int:
    """Newest days first until ``most`` is used up; each count is worth ``points`` times the day's decay."""
    total, left = 0, rule.most
    for day in sorted(days, reverse=True):
        age = max(0, today - day)
        if age > policy.horizon or not left:
            break
        counted = min(days[day], rule.most_a_day, left)
        left -= counted
        total += counted * policy.decay[age]
    return whole(rule.points * total)


def whole(thousandths: int) -> int:
    """Thousandths of points as points, rounded towards zero."""
    return thousandths // WHOLE if thousandths >= 0 else -(-thousandths // WHOLE)
