"""Waits in authors' words, where the lead is: business days, weekdays, times of day, holidays, clocks that change."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.sending import QuietHours
from schemas.units import DAY, HOUR, Wait, from_iso, iso, millis, waiting
from streams.journey.calendar import add_business_days, after, is_holiday, next_open

BERLIN = "Europe/Berlin"
PATTERN = re.compile(Wait.__metadata__[0].pattern)
WORDS = [
    # what was written, from when on, until when (all in Berlin; 2026-03-27 is a Friday, clocks change on the 29th)
    ("3 days", "2026-03-02T09:00", "2026-03-05T09:00"),
    ("3 business days", "2026-03-26T09:00", "2026-03-31T09:00"),
    ("0 business days", "2026-03-28T09:00", "2026-03-28T09:00"),
    ("1 business day", "2026-04-02T09:00", "2026-04-07T09:00"),  # Good Friday and Easter Monday are in the list
    ("until 10:00", "2026-03-02T09:00", "2026-03-02T10:00"),
    ("until 10:00", "2026-03-02T10:00", "2026-03-02T10:00"),
    ("until 10:00", "2026-03-02T10:01", "2026-03-03T10:00"),
    ("until Tuesday 10:00", "2026-03-02T09:00", "2026-03-03T10:00"),
    ("until tuesday 10:00", "2026-03-03T10:01", "2026-03-10T10:00"),
    ("until Monday 10:00", "2026-03-27T12:00", "2026-03-30T10:00"),
    ("2 days until Tuesday 10:00", "2026-03-02T09:00", "2026-03-10T10:00"),
    ("2 business days until 08:30", "2026-03-27T17:00", "2026-04-01T08:30"),
]
EASTER = frozenset({"2026-04-03", "2026-04-06", "12-25"})


def at(local):
    """A moment in Berlin."""
    return round(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(BERLIN)).timestamp() * 1000)


@pytest.mark.parametrize(("words", "begins", "ends"), WORDS)
def test_a_wait_ends_when_its_words_say(words, begins, ends):
    """In the lead's zone, the change of clocks included; business days are Mondays to Fridays without holidays."""
    assert PATTERN.search(words)
    assert iso(after(at(begins), waiting(words), BERLIN, EASTER)) == iso(at(ends))


@pytest.mark.parametrize(
    "words", ["3 dayz", "until Funday 10:00", "until 25:00", "Tuesday", "", "until", "3 days 10:00"]
)
def test_other_words_are_no_wait(words):
    """The shape refuses them, so that no journey meets one."""
    assert not PATTERN.search(words)


moments = st.integers(from_iso("2025-01-01T00:00"), from_iso("2027-12-31T00:00"))
zones = st.sampled_from(["UTC", BERLIN, "America/New_York", "Asia/Kolkata", "Pacific/Auckland"])


@given(moments, st.integers(0, 30), st.sampled_from(["minutes", "hours", "days", "weeks"]), zones)
def test_a_plain_length_needs_no_calendar(moment, count, unit, zone):
    """As many milliseconds as it says, wherever the lead is."""
    assert after(moment, waiting(f"{count} {unit}"), zone) == moment + millis(f"{count} {unit}")


@given(moments, zones, st.sampled_from(["mon", "wed", "sun"]), st.integers(0, 23), st.integers(0, 10))
def test_until_a_weekday_is_within_a_week_of_the_length_and_on_that_day(moment, zone, day, hour, days):
    """Never before the length is over, never more than a week (and an hour of changed clocks) after it."""
    name = {"mon": "Monday", "wed": "Wednesday", "sun": "Sunday"}[day]
    ends = after(moment, waiting(f"{days} days until {name} {hour:02}:00"), zone)
    assert 0 <= ends - (moment + days * DAY) <= 7 * DAY + HOUR
    assert datetime.fromtimestamp(ends / 1000, ZoneInfo(zone)).strftime("%A") == name


@given(moments, zones, st.integers(1, 12))
def test_business_days_are_counted_one_by_one(moment, zone, days):
    """One more is the next day that is neither a weekend nor a holiday."""
    before = add_business_days(moment, days - 1, zone, EASTER)
    local = datetime.fromtimestamp(before / 1000, ZoneInfo(zone)) + timedelta(days=1)
    while local.weekday() > 4 or is_holiday(local, EASTER):
        local += timedelta(days=1)
    assert add_business_days(moment, days, zone, EASTER) == round(local.timestamp() * 1000)


@given(moments, zones)
def test_nothing_opens_in_quiet_hours_outside_the_window_or_on_a_holiday(moment, zone):
    """The first open moment is open, and asking it again changes nothing."""
    quiet = QuietHours(start="18:00", end="08:00", days=("sat", "sun"))
    window = QuietHours(start="11:30", end="09:30")
    opens = next_open(moment, zone, quiet, window, holidays=EASTER)
    local = datetime.fromtimestamp(opens / 1000, ZoneInfo(zone))
    assert local.weekday() < 5
    assert "09:30" <= f"{local:%H:%M}" < "11:30"
    assert not is_holiday(local, EASTER)
    assert next_open(opens, zone, quiet, window, holidays=EASTER) == opens


def test_a_holiday_of_every_year_is_one_every_year():
    """Christmas is listed once."""
    assert is_holiday(datetime(2026, 12, 25, tzinfo=UTC), EASTER)
    assert is_holiday(datetime(2031, 12, 25, tzinfo=UTC), EASTER)
    assert not is_holiday(datetime(2027, 4, 3, tzinfo=UTC), EASTER)


def test_a_year_of_holidays_stops_nobody():
    """Somebody lists every day: the wait ends all the same."""
    every = frozenset(f"{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 32))
    assert add_business_days(at("2026-03-02T09:00"), 2, BERLIN, every) > at("2026-03-02T09:00")
    assert next_open(at("2026-03-02T09:00"), BERLIN, holidays=every) > at("2026-03-02T09:00")
