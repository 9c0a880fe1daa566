"""The buying journey as a machine: who enters a stage, stays, is moved back, and why. It scores nothing."""

from msgspec.structs import replace

from schemas.commands import Crossing, FlagOverstay, MoveStage
from schemas.facts import Tick
from schemas.lead import Lead, Standing
from schemas.model import Grades
from schemas.units import DAY
from streams.journey.fading import fades, may_rise
from streams.journey.model import Judge, Rung
from streams.journey.past import Past
from streams.journey.turn import Turn


def move(standing: Standing, lead: Lead, past: Past, judge: Judge, turn: Turn) -> Standing:
    """Moves the lead to the last stage that it may enter or keep; nobody moves back before the dwell is over.

    Entering takes all points, keeping takes fewer. A stay that is too long ends as declared.
    """
    moved = _moved(standing, lead, past, judge, turn)
    lapses = standing.lapses
    if moved.stage_since != standing.stage_since or 0 < lapses <= turn.seen or lead.judged_by != turn.policy.hash:
        looks = _lapses if isinstance(turn.fact, Tick) else _next_look
        lapses = looks(moved, past, judge, turn.seen)
    elif _is_sooner(moved, past, judge, turn):
        at = _next_look(moved, past, judge, turn.seen)
        lapses = min(at, lapses) if at and lapses else at or lapses
    return moved if lapses == moved.lapses else replace(moved, lapses=lapses)


def _is_sooner(standing: Standing, past: Past, judge: Judge, turn: Turn) -> bool:
    """Whether the day that was worked out may be too late by now: a window opened, a count makes others weigh less."""
    if 0 < standing.lapses <= (past.today + 1) * DAY:
        return False
    if not judge.touchy.isdisjoint(turn.fed) or (turn.fed and may_rise(standing, past, judge)):
        return True
    return not standing.lapses and judge.rungs[judge.index[standing.stage]].keep > 0  # a row of an older release


def _moved(standing: Standing, lead: Lead, past: Past, judge: Judge, turn: Turn) -> Standing:
    now = judge.index.get(standing.stage, -1)
    best = _reached(standing, now, lead, past, judge)
    if best == now:
        return _stayed(standing, judge.rungs[now], judge, turn) if judge.rungs[now].at_most else standing
    if best < now and turn.seen - standing.stage_since < judge.dwell:
        return standing
    why: Crossing = "redefined" if now < 0 and standing.stage else "earned"
    return _crossed(standing, best, why if best > now else _reason(standing, judge.rungs[now]), judge, turn)


def _reached(standing: Standing, now: int, lead: Lead, past: Past, judge: Judge) -> int:
    """The last stage whose conditions hold; the first one needs nothing. Who overstayed climbs by new interest only."""
    fit, engagement = standing.fit, standing.engagement
    fresh = not standing.overstayed or lead.interest_at > standing.overstayed
    ahead = fresh and (now < 0 or engagement >= judge.ahead[now])
    for place in range(len(judge.rungs) - 1 if ahead else now, 0, -1):
        rung = judge.rungs[place]
        if fit < rung.fit or engagement < (rung.keep if place <= now else rung.engagement):
            continue
        if rung.leave is not None and rung.leave(lead.traits, past):
            continue
        if place <= now or rung.enter is None or rung.enter(lead.traits, past):
            return place
    return 0


def _reason(standing: Standing, rung: Rung) -> Crossing:
    if standing.fit < rung.fit:
        return "unfit"
    return "faded" if standing.engagement < rung.keep else "left"


def _stayed(standing: Standing, rung: Rung, judge: Judge, turn: Turn) -> Standing:
    """What is declared for a stay that is too long: a move back, or a flag, once a stay."""
    flagged = standing.overstayed > standing.stage_since
    if flagged or turn.seen - standing.stage_since < rung.at_most:
        return standing
    if rung.then is not None:
        return replace(_crossed(standing, rung.then, "overstayed", judge, turn), overstayed=turn.seen)
    turn.say(FlagOverstay, model=judge.name, stage=rung.id, days=(turn.seen - standing.stage_since) // DAY)
    return replace(standing, overstayed=turn.seen)


def _crossed(standing: Standing, after: int, why: Crossing, judge: Judge, turn: Turn) -> Standing:
    stage = judge.rungs[after].id
    turn.say(
        MoveStage,
        model=judge.name,
        before=standing.stage,
        after=stage,
        why=why,
        days=(turn.seen - standing.stage_since) // DAY if standing.stage else 0,
        fit=standing.fit,
        engagement=standing.engagement,
        grade=grade_of(standing, judge.grades),
    )
    return replace(standing, stage=stage, stage_since=turn.seen, overstayed=0)


def _lapses(standing: Standing, past: Past, judge: Judge, seen: int) -> int:
    """When time alone may move the lead (ms), 0 for never: a window closes, points fade, a dwell or a stay is over."""
    found = [*_stay(standing, judge), fades(standing, past, judge)]
    found += [window.lapses(past) for window in judge.windows if window.rule in past.counts]
    return min([at for at in found if at > seen], default=0)


def _next_look(standing: Standing, past: Past, judge: Judge, seen: int) -> int:
    """When to work that out (ms), 0 for never: not at once, since whoever has just done something may do more.

    Windows close and what was lost comes back from tomorrow on; a lead moves back when its dwell is over.
    """
    tomorrow = (past.today + 1) * DAY
    if not judge.looks_at.isdisjoint(past.counts) or may_rise(standing, past, judge):
        return tomorrow
    dwells, ends = _stay(standing, judge)
    found = max(dwells, tomorrow) if dwells else 0
    return ends if seen < ends and (ends < found or not found) else found


def _stay(standing: Standing, judge: Judge) -> tuple[int, int]:
    """When the dwell is over, before which nobody moves back, and when the stay is too long (ms); 0 for never."""
    place = judge.index[standing.stage]
    at_most = judge.rungs[place].at_most
    return standing.stage_since + judge.dwell if place else 0, standing.stage_since + at_most if at_most else 0


def grade_of(standing: Standing, grades: Grades) -> str:
    """``A1`` to ``D4``: a letter for fit, a digit for engagement."""
    return f"{_place(standing.fit, grades.fit, 'ABCD')}{_place(standing.engagement, grades.engagement, '1234')}"


def _place(points: int, least: tuple[int, int, int], names: str) -> str:
    return names[sum(points < bound for bound in least)]
