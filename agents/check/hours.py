"""Rules about the hours in which we may write: quiet hours, windows and holidays leave some of them open."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from agents.check.draft import Draft
from schemas.problem import Problem
from schemas.sending import EVERYWHERE, QuietHours, Sending
from schemas.units import DAY, MINUTE, WEEK, WEEKDAYS, from_iso
from schemas.words import counted
from streams.journey.calendar import is_holiday, next_open
from streams.journey.route import outside

LEAST: Final = 15 * MINUTE
_AHEAD: Final = timedelta(days=60)
_MONDAY: Final = from_iso("2026-03-02T00:00")


def closed_hours(draft: Draft) -> Iterator[Problem]:
    """Quiet hours leave some time to write in: a quarter of an hour in one piece, on one day of the week at least.

    With every hour of every day quiet, nothing is ever sent. Leave a day, or some hours, in which we may write.
    """
    if draft.sending is None:
        return
    quiet = draft.sending.value.quiet_hours
    if (longest := _longest(quiet)) < LEAST:
        at = ("quiet_hours", "days") if len(set(quiet.days)) == len(WEEKDAYS) else ("quiet_hours",)
        message = (
            f"found quiet hours that leave {_said(longest)} in any week, expected 15 minutes in one piece at least"
        )
        yield draft.sending.problem(at, "closed-hours", message)


def closed_window(draft: Draft) -> Iterator[Problem]:
    """A program's window leaves some time outside quiet hours: a quarter of an hour in one piece at least.

    The time in which a program writes and the hours in which nobody is written to leave nothing between them: its
    e-mails would wait for ever.
    """
    for program in draft.programs.values():
        window = outside(program.value.window)
        if window is None or draft.sending is None or _longest(draft.sending.value.quiet_hours) < LEAST:
            continue
        if (longest := _longest(draft.sending.value.quiet_hours, window)) < LEAST:
            message = (
                f"found a window that quiet hours (sending.yaml) leave {_said(longest)} of in any week, expected 15 "
                "minutes in one piece at least"
            )
            yield program.problem(("window",), "closed-window", message)


def closed_days(draft: Draft, today: date) -> Iterator[Problem]:
    """Holidays leave days on which we may write: one within sixty days, in each country, for each program's window.

    Where every day that quiet hours and the window leave open is a holiday, e-mails wait for months. Take out what is
    no holiday, or widen the window.
    """
    if draft.sending is None:
        return
    quiet, until = draft.sending.value.quiet_hours, today + _AHEAD
    if country := _shut(draft.sending.value, today, quiet):
        message = (
            f"found holidays{_where(country)} on every day until {until} that quiet hours leave, expected one without"
        )
        yield draft.sending.problem(("holidays", country), "closed-days", message)
        return
    for program in draft.programs.values():
        window = outside(program.value.window)
        if window is not None and (country := _shut(draft.sending.value, today, quiet, window)):
            message = f"found holidays{_where(country)} on every day until {until} of this window, expected one without"
            yield program.problem(("window",), "closed-days", message)


def _shut(sending: Sending, today: date, *quiet: QuietHours) -> str:
    """The first country in which all days that are open in any week are holidays from this day on, or ""."""
    openings = [opening for opening in _openings(*quiet) if opening[1] - opening[0] >= LEAST]
    weekdays = {day % 7 for begin, end in openings for day in range(begin // DAY, -(-end // DAY))}
    days = [day for day in _days(today) if day.weekday() in weekdays]
    for country in sorted(sending.holidays, key=lambda country: country != EVERYWHERE):
        holidays = frozenset({*sending.holidays[country], *sending.holidays.get(EVERYWHERE, ())})
        if days and all(is_holiday(day, holidays) for day in days):
            return country
    return ""


def _days(first: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range(_AHEAD.days))


def _where(country: str) -> str:
    return "" if country == EVERYWHERE else f" in {country}"


def _longest(*quiet: QuietHours) -> int:
    return max((end - begin for begin, end in _openings(*quiet)), default=0)


def _openings(*quiet: QuietHours) -> list[tuple[int, int]]:
    """The stretches of a week, from Monday on (ms), in which no hour is quiet, and a day more to see its end."""
    clocks = {from_iso(f"1970-01-01T{clock}") for hours in quiet for clock in (hours.start, hours.end)}
    edges = [day + clock for day in range(0, WEEK + DAY, DAY) for clock in sorted({0, *clocks})]
    found: list[tuple[int, int]] = []
    for begin, end in pairwise([*edges, WEEK + DAY]):
        if next_open(_MONDAY + begin, "UTC", *quiet) != _MONDAY + begin:
            continue
        if found and found[-1][1] == begin:
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return found


def _said(length: int) -> str:
    return f"{counted(length // MINUTE, 'minute')} in one piece" if length else "no time"
