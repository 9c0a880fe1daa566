"""The arithmetic of experiments against numbers from the literature, and as laws."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.report.odds import above, difference, interval, leads_needed, split_chance

GROUPS = st.integers(1, 5000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_a_shares_interval_is_wilsons(hits, of, low, high):
    """As in Newcombe 1998 (Statistics in Medicine 17, 857), table I, method 3."""
    assert interval(hits, of) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("groups", "low", "high"),
    [((56, 70, 48, 80), 0.0524, 0.3339), ((9, 10, 3, 10), 0.1705, 0.8090), ((10, 10, 0, 20), 0.6791, 1.0)],
)
def test_a_differences_interval_is_newcombes(groups, low, high):
    """As in Newcombe 1998 (Statistics in Medicine 17, 873), table II, method 10."""
    found = difference(*groups)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("value", "freedom", "chance"),
    [
        (3.841459, 1, 0.05),
        (6.634897, 1, 0.01),
        (5.991465, 2, 0.05),
        (7.814728, 3, 0.05),
        (18.307038, 10, 0.05),
        (0, 1, 1),
    ],
)
def test_a_chi_squared_is_the_tables(value, freedom, chance):
    """As in every table of critical values."""
    assert above(value, freedom) == pytest.approx(chance, abs=1e-6)


def test_what_a_verdict_takes_is_fleiss():
    """40 % against 60 %, and one hundredth against two: the textbook's 97 and 2,319, without continuity correction."""
    assert (leads_needed(0.4, 0.6), leads_needed(0.01, 0.02)) == (97, 2319)


@given(GROUPS, GROUPS)
def test_a_difference_lies_in_its_interval_and_turns_round_with_its_groups(one, other):
    """No group has a home advantage."""
    found, turned = difference(*one, *other), difference(*other, *one)
    assert -1 <= found.low <= found.by + 1e-12
    assert found.by - 1e-12 <= found.high <= 1
    assert (found.low, found.high) == pytest.approx((-turned.high, -turned.low))


@given(st.integers(1, 50), st.integers(1, 9), st.integers(1, 9))
def test_a_split_as_agreed_is_never_suspected(times, one, other):
    """Counts that are exactly as the weights are as likely as can be; all on one side are not."""
    assert split_chance([times * one, times * other], [one, other]) == pytest.approx(1)
    assert split_chance([200 * one, 0], [one, one]) < 1e-6


@given(st.floats(0.01, 0.5), st.floats(0.01, 0.2), st.floats(0.01, 0.2))
def test_a_smaller_difference_takes_more_leads(share, more, still_more):
    """Whoever wants to see finer must wait longer."""
    assert leads_needed(share, share + more) > leads_needed(share, share + more + still_more) - 1


def test_nothing_is_said_of_an_empty_group():
    """A share of nobody is no share."""
    assert difference(1, 2, 0, 0) is None
    assert math.isclose(split_chance([], []), 1)
