"""Caps, groups and decay: what counts are worth is a function of the counts alone."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.authored import Cap
from schemas.model import MAIN, EngagementRule, Group, Model
from streams.journey.model import Judge
from streams.journey.past import Past, Window
from streams.journey.points import once_more, points, shares, takes
from tests.journey.agreed import agreed

AGREED = agreed()
TODAY = 20_600
HORIZON = 180
days_ago = st.lists(st.integers(0, 40), min_size=1, max_size=60)
caps = st.lists(st.tuples(st.integers(1, 6), st.integers(2, 20)), max_size=2)


def judge(*rules, groups=()):
    """The main model with these engagement rules alone."""
    scoring = replace(AGREED.scoring, fit=(), engagement=rules, groups=groups)
    return Judge(MAIN, Model(scoring=scoring, stages=AGREED.stages), AGREED.lifecycle)


def rule(id_="pricing", **parts):
    """An engagement rule on the price list, 10 points."""
    return EngagementRule(**{"id": id_, "says": id_, "on": "pricing.viewed", "points": 10} | parts)


def told(scored, ago):
    """The counts that a row keeps after counts so many days ago, in this order."""
    days = {}
    for n in ago:
        days = once_more(days, TODAY - n, scored, TODAY)
    return days


def all_of(ago):
    """Every count, as if rows were endless."""
    return {TODAY - n: ago.count(n) for n in sorted(set(ago))}


@given(days_ago, caps, st.integers(1, 5), st.integers(1, 12))
def test_no_window_counts_more_than_its_cap(ago, windows, most_a_day, most):
    """A day, any run of days of a cap's length, and all in all: never more than agreed."""
    own = tuple(Cap(most=n, within=f"{within} days") for n, within in windows)
    scored = judge(rule(caps=own, most_a_day=most_a_day, most=most)).rules[0]
    counted = dict(takes(told(scored, ago), scored, TODAY))
    assert max(counted.values(), default=0) <= most_a_day
    assert sum(counted.values()) <= most
    for n, within in windows:
        for start in range(TODAY - 60, TODAY + 1):
            assert sum(counted.get(day, 0) for day in range(start, start + within)) <= n


@given(days_ago, caps, st.integers(1, 5), st.integers(1, 12), st.randoms())
def test_what_a_row_forgets_would_not_count_and_order_is_nothing(ago, windows, most_a_day, most, dice):
    """The bounded counts, in any order of arrival, come to what all of them would."""
    own = tuple(Cap(most=n, within=f"{within} days") for n, within in windows)
    scored = judge(rule(caps=own, most_a_day=most_a_day, most=most)).rules[0]
    wanted = takes(all_of(ago), scored, TODAY)
    for _ in range(3):
        assert takes(told(scored, ago), scored, TODAY) == wanted
        dice.shuffle(ago)


@given(days_ago, st.integers(1, 5), st.integers(1, 12), st.integers(1, 40))
def test_a_window_is_answered_by_what_a_row_keeps(ago, times, more, within):
    """For up to as many times as the rule's ``most``: the same answer as from every count."""
    scored = judge(rule(most=times + more)).rules[0]
    window = Window("pricing", times, within)
    assert window.holds(Past({"pricing": told(scored, ago)}, TODAY)) is (sum(n < within for n in ago) >= times)


@given(days_ago, st.integers(1, 60))
def test_time_alone_makes_a_window_untrue_exactly_when_it_says(ago, within):
    """It holds until the moment at which it lapses, and never again by itself."""
    scored, window = judge(rule()).rules[0], Window("pricing", 2, within)
    days = told(scored, ago)
    held = [day for day in range(TODAY, TODAY + 70) if window.holds(Past({"pricing": days}, day))]
    until = window.lapses(Past({"pricing": days}, TODAY)) // 86_400_000
    assert held == (list(range(TODAY, until)) if until else [])


@given(days_ago, days_ago, st.integers(1, 100), st.integers(1, 60))
def test_a_group_sums_and_is_capped_and_each_next_weighs_no_more(one, two, each_next, most):
    """Shares add up to the points; never more than ``most``; a later count adds no more than the same one earlier."""
    group = Group(id="looks", says="Looks", rules=("pricing", "again"), most=most, each_next=each_next)
    model = judge(rule(), rule("again", points=7), groups=(group,))
    counts = {scored.key: told(scored, ago) for scored, ago in zip(model.rules, (one, two), strict=True)}
    [pot] = model.pots
    worth = points(pot, counts, TODAY)
    assert worth == sum(share.points for share in shares(pot, counts, TODAY)) <= most
    alone = sum(points(pot, counts, TODAY) for pot in judge(rule(), rule("again", points=7)).pots)
    assert worth <= alone + 1  # each rule is rounded once, a group once for both


def test_diminishing_returns_by_hand():
    """Three views today at 10 points, half for each next one: 10, 5, 2; at most 16 in all."""
    for most, wanted in ((99, [10, 5, 2]), (16, [10, 5, 1])):
        model = judge(rule(), groups=(Group(id="g", says="G", rules=("pricing",), most=most, each_next=50),))
        found = shares(model.pots[0], {"pricing": {TODAY: 3}}, TODAY)
        assert [share.points for share in found] == wanted


@given(days_ago, caps, st.booleans())
def test_points_only_fade(ago, windows, grouped):
    """Without news, no day brings points; beyond the horizon nothing is left."""
    own = tuple(Cap(most=n, within=f"{within} days") for n, within in windows)
    groups = (Group(id="g", says="G", rules=("pricing",), most=30, each_next=70),) if grouped else ()
    model = judge(rule(caps=own), groups=groups)
    counts = {"pricing": told(model.rules[0], ago)}
    worth = [points(model.pots[0], counts, day) for day in range(TODAY, TODAY + HORIZON + 2)]
    assert worth == sorted(worth, reverse=True)
    assert worth[-1] == 0
