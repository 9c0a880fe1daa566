"""Time as it is written and as it is counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.units import DAY, HOUR, MINUTE, WEEK, day_of, from_iso, iso, millis

MOMENTS = st.integers(0, 4_102_444_800_000)


@pytest.mark.parametrize(
    ("written", "counted"),
    [("0 days", 0), ("1 minute", MINUTE), ("12 hours", 12 * HOUR), ("3 days", 3 * DAY), ("2 weeks", 2 * WEEK)],
)
def test_a_duration_is_a_number_and_a_unit(written, counted):
    """Singular and plural."""
    assert millis(written) == counted


@pytest.mark.parametrize(
    "written", ["", "3", "3d", "3 months", "-1 days", "1.5 days", "3  days", "10000 days", "3 days "]
)
def test_what_is_no_duration_is_refused_with_an_example(written):
    """The sentence says what was found and what was expected."""
    with pytest.raises(ValueError, match='expected a number and a unit like "3 days"'):
        millis(written)


@given(MOMENTS)
def test_a_moment_survives_iso_8601(at):
    """Milliseconds, UTC, both ways."""
    assert from_iso(iso(at)) == at
    assert iso(at).endswith("Z")


@given(MOMENTS)
def test_a_time_without_a_zone_is_utc(at):
    """The machine's own zone plays no part."""
    assert from_iso(iso(at).removesuffix("Z")) == at


@given(MOMENTS)
def test_a_day_is_a_utc_day(at):
    """Its number times its length is its midnight."""
    assert 0 <= at - day_of(at) * DAY < DAY
