"""Local time as people live it, where it is hardest: the hour that spring leaves out and the one that autumn repeats."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.sending import QuietHours
from streams.journey.calendar import add_business_days, next_open

MINUTE = 60_000
EDGES = {  # zone: its two edges of 2026 as UTC; Lord Howe's are of half an hour, Santiago's at midnight
    "Europe/Berlin": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "Europe/London": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "America/New_York": ("2026-03-08T07:00", "2026-11-01T06:00"),
    "America/Santiago": ("2026-09-06T04:00", "2026-04-05T03:00"),
    "Australia/Lord_Howe": ("2026-10-03T15:30", "2026-04-04T15:00"),
}
PLACES = [(zone, datetime.fromisoformat(edge).replace(tzinfo=UTC)) for zone, edges in EDGES.items() for edge in edges]
ids = [f"{zone} {edge:%m-%d}" for zone, edge in PLACES]


def at(moment, zone):
    return datetime.fromtimestamp(moment / 1000, ZoneInfo(zone))


def quiet(start, end, off=()):
    return QuietHours(start=f"{start:%H:%M}", end=f"{end:%H:%M}", days=tuple(sorted(off)))


def is_quiet(moment, zone, hours):
    """What the clock on the wall says, and the calendar beside it."""
    local = at(moment, zone)
    start, end, now = time.fromisoformat(hours.start), time.fromisoformat(hours.end), local.time()
    night = start <= now < end if start <= end else now >= start or now < end
    return night or f"{local:%a}".lower() in hours.days


clocks = st.integers(0, 24 * 4 - 1).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
weekends = st.sets(st.sampled_from(("sat", "sun")))
NIGHT = quiet(time(22), time(2, 30))


@pytest.mark.parametrize(("zone", "edge"), PLACES, ids=ids)
@given(minutes=st.integers(-36 * 60, 36 * 60), hours=st.builds(quiet, clocks, clocks, weekends))
@example(minutes=10, hours=NIGHT)
@example(minutes=-90, hours=NIGHT)
@example(minutes=-1, hours=quiet(time(23, 15), time(0)))
def test_the_first_moment_that_is_not_quiet(zone, edge, minutes, hours):
    """Never in quiet hours by the clock on the wall, and not a minute later than need be.

    Where the clock is set between the two, later by less than it is set: silence may last through an hour that repeats.
    """
    moment = int((edge + timedelta(minutes=minutes)).timestamp()) * 1000
    opens = next_open(moment, zone, hours)
    too_long = sum(not is_quiet(earlier, zone, hours) for earlier in range(moment, opens, MINUTE))
    set_between = at(opens, zone).utcoffset() != at(moment, zone).utcoffset()
    assert not is_quiet(opens, zone, hours)
    assert too_long < 60 if set_between else too_long == 0


@pytest.mark.parametrize(("zone", "edge"), PLACES, ids=ids)
@given(minutes=st.integers(-36 * 60, 36 * 60), days=st.integers(1, 10))
def test_business_days_keep_the_time_of_day(zone, edge, minutes, days):
    """So many weekdays later, at the same time by the clock on the wall (within an hour, where an edge has none)."""
    moment = int((edge + timedelta(minutes=minutes)).timestamp()) * 1000
    before, after = at(moment, zone), at(add_business_days(moment, days, zone), zone)
    passed = [before.date() + timedelta(days=n) for n in range(1, (after.date() - before.date()).days + 1)]
    assert sum(day.weekday() < 5 for day in passed) == days
    assert abs(after.replace(tzinfo=None) - datetime.combine(after.date(), before.time())) <= timedelta(hours=1)
