"""When points that fade will move a lead, so that it is looked at on that day. It moves nobody."""

from bisect import bisect_left

from schemas.lead import Standing
from schemas.units import DAY
from streams.journey.model import Judge, Pot
from streams.journey.past import Past
from streams.journey.points import fading, points


def fades(standing: Standing, past: Past, judge: Judge) -> int:
    """The first day (ms) on which fading alone crosses a bound that the stages compare with, 0 for never.

    What was gained only falls, so a search by halves finds the day; where something was lost too, each day is tried.
    """
    place, now = judge.index[standing.stage], standing.engagement
    keep = judge.rungs[place].keep if place else now + 1
    rises = may_rise(standing, past, judge)
    if keep > now and not rises:
        return 0  # nothing to lose; or it is lost, and the move waits for the end of the dwell
    worth = [fading(pot, past.counts, past.today) for pot in judge.pots if _is_counted(pot, past)]
    steady = now - sum(one(0) for one in worth)  # patterns do not fade
    bounds = [rung.engagement for rung in judge.rungs[place + 1 :] if rung.engagement > now]

    def crosses(days: int) -> bool:
        then = steady + sum(one(days) for one in worth)
        return then < keep <= now or any(then >= bound for bound in bounds)

    days = range(judge.horizon + 2)
    if judge.losses.isdisjoint(past.counts):
        found = bisect_left(days, x=True, lo=1, key=crosses)
    else:
        found = next((ahead for ahead in days[1:] if crosses(ahead)), len(days))
    return (past.today + found) * DAY if found < len(days) else 0


def may_rise(standing: Standing, past: Past, judge: Judge) -> bool:
    """Whether a lead has lost so much that it would reach a bound of the stages if that came back."""
    if judge.losses.isdisjoint(past.counts):
        return False
    best = standing.engagement
    for pot in judge.losing:
        if pot.alone is None:  # a group, in which others may win what was lost
            best += pot.most or 0
        best -= points(pot, past.counts, past.today)
    return any(standing.engagement < rung.engagement <= best for rung in judge.rungs)


def _is_counted(pot: Pot, past: Past) -> bool:
    return any(rule.key in past.counts for rule in pot.rules)
