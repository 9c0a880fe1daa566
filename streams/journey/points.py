"""From counts to points: caps, groups and decay, as a function of the counts, whatever order they came in.

The newest count first. So a new one can only push older ones out, and what lies behind the last that counts never will.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from streams.journey.model import WHOLE, Pot, Scored
from streams.journey.past import Days

_MILLION: Final = WHOLE * WHOLE
_NEVER: Final[Days] = {}


class Share(NamedTuple):
    """What one count of a rule adds to its pot, in whole points; the shares of a pot add up to its points."""

    rule: Scored
    day: int
    points: int


def once_more(days: Days, day: int, rule: Scored, today: int) -> Days:
    """The counts with one more, as far back as any may still count: newest first, ``most`` in all."""
    if today - day > rule.horizon:
        return days
    had = days.get(day)
    if had is not None:
        more = days.copy()
        more[day] = had + 1
        if had >= rule.most_a_day:
            return more  # no more counts than before
    elif not days or day > next(iter(days)):
        more = {day: 1, **days}
    else:
        more = dict(sorted((days | {day: 1}).items(), reverse=True))
    if sum(more.values()) < rule.most:
        return more
    last = _last(more, rule, today)
    return more if last == next(reversed(more)) else {newer: times for newer, times in more.items() if newer >= last}


def _last(days: Days, rule: Scored, today: int) -> int:
    """The day on which ``most`` is used up, or the oldest one."""
    left = rule.most
    for day, times in takes(days, rule, today):
        left -= times
        if not left:
            return day
    return next(reversed(days))


def takes(days: Days, rule: Scored, today: int) -> list[tuple[int, int]]:
    """How many count on which day: newest first, within the horizon and under every cap."""
    left, most_a_day, oldest, caps = rule.most, rule.most_a_day, today - rule.horizon, rule.caps
    found: list[tuple[int, int]] = []
    for day, times in days.items():
        if not left or day < oldest:
            break
        counted = times if times < most_a_day else most_a_day  # noqa: FURB136 - a call of min would cost the most here
        if counted > left:  # noqa: PLR1730
            counted = left
        if caps:
            for most, within in caps:
                counted = min(counted, most - sum(taken for newer, taken in found if newer < day + within))
        if counted:
            found.append((day, counted))
            left -= counted
    return found


def points(pot: Pot, counts: Mapping[str, Days], today: int) -> int:
    """What the counts of a pot's rules are worth today, in whole points."""
    if pot.alone is not None:
        return points_alone(counts.get(pot.alone.key, _NEVER), pot.alone, pot.decay, today)
    shares, decay, worth = pot.shares, pot.decay, pot.worth
    total, weighed, done, most, last = 0, 0, 0, (pot.most or 0) * _MILLION, len(shares) - 1
    for minus_day, place, times in _merged(pot, counts, today):
        done += times
        weighs = shares[done] if done < last else shares[last]
        ago = today + minus_day
        total += worth[place] * (decay[ago] if ago > 0 else WHOLE) * (weighs - weighed)
        weighed = weighs
        if total >= most:
            return pot.most or 0
    return whole(total, _MILLION)


def gained(rule: Scored, days: Days, had: Days, decay: tuple[int, ...], today: int) -> int:
    """What the counts of a rule outside any group are worth more than those that it ``had``, both seen today.

    Hot, and most often it is one more today, not more than counts: that is the rule's points, not a fraction less.
    """
    times, before = days.get(today, 0), had.get(today, 0)
    if times == before + 1 <= rule.most_a_day and not rule.caps:
        kept_all = len(days) == (len(had) if before else len(had) + 1)
        if kept_all and sum(days.values()) <= rule.most:
            return rule.points
    return points_alone(days, rule, decay, today) - points_alone(had, rule, decay, today)


def points_alone(days: Days, rule: Scored, decay: tuple[int, ...], today: int) -> int:
    """What the counts of a rule outside any group are worth. Hot: most rules have no caps over several days."""
    if rule.caps:
        total = sum(times * decay[max(0, today - day)] for day, times in takes(days, rule, today))
        return whole(rule.points * total, WHOLE)
    total, left, most_a_day, oldest = 0, rule.most, rule.most_a_day, today - rule.horizon
    for day, times in days.items():
        if day < oldest or not left:
            break
        counted = times if times < most_a_day else most_a_day  # noqa: FURB136 - a call of min would cost the most here
        if counted > left:  # noqa: PLR1730
            counted = left
        left -= counted
        total += counted * (decay[today - day] if day < today else WHOLE)
    return whole(rule.points * total, WHOLE)


def fading(pot: Pot, counts: Mapping[str, Days], today: int) -> Callable[[int], int]:
    """What the counts of a pot's rules will be worth so many days after today (``points``), asked of many days."""
    parts, weighed, done = [], 0, 0
    for minus_day, place, times in _merged(pot, counts, today):
        done += times
        weighs = _share(pot, done)
        parts.append((today + minus_day, pot.rules[place].points * (weighs - weighed)))
        weighed = weighs
    most, decay, last = pot.most, pot.decay, len(pot.decay)

    def worth(days: int) -> int:
        total = 0
        for ago, weight in parts:
            age = ago + days
            if age >= last:
                break  # beyond the horizon, as all that follow, which are older
            total += weight * (decay[age] if age > 0 else WHOLE)
            if most is not None and total >= most * _MILLION:
                return most
        return whole(total, _MILLION)

    return worth


def shares(pot: Pot, counts: Mapping[str, Days], today: int) -> Iterator[Share]:
    """Each count's own points: what the pot is worth with it less what it is worth with the newer ones only."""
    total, told, done = 0, 0, 0
    for minus_day, place, times in _merged(pot, counts, today):
        rule, fade = pot.rules[place], pot.decay[max(0, today + minus_day)]
        for _ in range(times):
            total += rule.points * fade * (_share(pot, done + 1) - _share(pot, done))
            done += 1
            so_far = whole(total if pot.most is None else min(total, pot.most * _MILLION), _MILLION)
            yield Share(rule, -minus_day, so_far - told)
            told = so_far


def _merged(pot: Pot, counts: Mapping[str, Days], today: int) -> list[tuple[int, int, int]]:
    """What counts of a pot's rules, the newest first, on one day in the order of the group.

    Each as minus the day, the place of its rule, and how often.
    """
    found: list[tuple[int, int, int]] = []
    sources = 0
    for place, rule in enumerate(pot.rules):
        days = counts.get(rule.key)
        if not days:
            continue
        sources += 1
        if rule.caps:
            found += [(-day, place, times) for day, times in takes(days, rule, today)]
            continue
        left, most_a_day, oldest = rule.most, rule.most_a_day, today - rule.horizon
        for day, times in days.items():  # as ``takes`` without caps, which most rules are, and this is hot
            counted = times if times < most_a_day else most_a_day  # noqa: FURB136 - see takes
            if day < oldest:
                break
            if counted >= left:
                found.append((-day, place, left))
                break
            left -= counted
            found.append((-day, place, counted))
    if sources > 1:
        found.sort()
    return found


def _share(pot: Pot, counts: int) -> int:
    """What so many counts weigh in a pot, in thousandths of one."""
    return pot.shares[min(counts, len(pot.shares) - 1)] if pot.shares else counts * WHOLE


def whole(parts: int, of: int) -> int:
    """So many parts of a point as points, rounded towards zero."""
    return parts // of if parts >= 0 else -(-parts // of)
