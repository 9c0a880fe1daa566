"""When a provider is asked, how often, and when not at all: the breaker, the rate, the daily cap."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.mail.breaker import EVIDENCE, Breaker
from agents.mail.cap import DailyCap, share, tomorrow
from agents.mail.port import Accepted, Halted, NotNow, Refused, Unknown
from agents.mail.throttle import MOST
from schemas.units import DAY
from tests.agents.sending import NOW, SteppedThrottle

MIDNIGHT = 20_454 * DAY  # 2026-01-01T00:00Z


class Time:
    """Seconds that a test moves."""

    def __init__(self):
        self.at = 0.0

    def __call__(self):
        return self.at


def broken(clock):
    """A breaker that has just opened on evidence."""
    breaker = Breaker(clock)
    for _ in range(EVIDENCE):
        breaker.failed()
    return breaker


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ("x" * (EVIDENCE - 1), "closed"),
        ("x" * EVIDENCE, "open"),
        ("." * 10 + "x" * EVIDENCE, "closed"),
        ("." * 5 + "x" * 5, "open"),
        ("x." * 4 + "x", "open"),
        ("x.." * 10, "closed"),
        ("." * 100 + "x" * 9, "closed"),
        ("." * 100 + "x" * 10, "open"),
    ],
)
def test_it_opens_on_evidence(answers, state):
    """Five failures, and at least half of what was answered lately: one bad answer among many stops nobody."""
    breaker = Breaker(Time())
    for answer in answers:
        (breaker.failed if answer == "x" else breaker.succeeded)()
    assert breaker.state == state


def test_old_failures_are_no_evidence():
    """What failed more than a minute ago says nothing of now."""
    clock = Time()
    breaker = Breaker(clock)
    for _ in range(3 * EVIDENCE):
        breaker.failed()
        clock.at += 20
    assert breaker.state == "closed"


def test_one_probe_at_a_time_closes_it_again():
    """Half-open lets one request through; the others wait until it has answered, or was cancelled long ago."""
    clock = Time()
    breaker = broken(clock)
    assert breaker.wait() == 5
    clock.at += 5
    assert (breaker.state, breaker.wait()) == ("half_open", 0)
    breaker.begin()
    assert breaker.wait() == 15
    clock.at += 15
    assert breaker.wait() == 0, "a probe that was cancelled blocks nobody for ever"
    breaker.begin()
    breaker.succeeded()
    assert (breaker.state, breaker.wait()) == ("closed", 0)


def test_each_probe_that_fails_doubles_the_wait_up_to_five_minutes():
    """A provider that stays ill is asked more and more seldom, never less than every five minutes."""
    clock, waits = Time(), []
    breaker = broken(clock)
    for _ in range(9):
        waits.append(breaker.wait())
        clock.at += waits[-1]
        breaker.begin()
        breaker.failed()
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    clock.at += 300
    breaker.begin()
    breaker.succeeded()
    for _ in range(EVIDENCE):
        breaker.failed()
    assert breaker.wait() == 5, "a success starts again from the beginning"


def test_late_answers_of_an_open_breaker_change_nothing():
    """Requests that were under way when it opened end as they may."""
    breaker = broken(Time())
    breaker.succeeded()
    breaker.failed()
    assert (breaker.state, breaker.wait()) == ("open", 5)


@pytest.mark.parametrize(
    ("answer", "waits"),
    [
        (Accepted("m"), 0),
        (Refused("400"), 0),
        (Unknown("500"), 0),
        (NotNow(0, "refused"), 0),
        (NotNow(42, "429"), 42),
        (Halted("401"), 30),
    ],
)
def test_what_one_answer_says_of_the_next_request(answer, waits):
    """A window that the provider names is kept; a refused key stops everything; one failure is no evidence."""
    throttle = SteppedThrottle()
    throttle.learn(answer)
    found = throttle.shut()
    assert (found.seconds if found else 0) == waits
    assert throttle.waited == (42 if waits == 42 else 0)


def test_two_windows_are_not_added_up():
    """Requests side by side meet the same limit: the later end counts, and the seconds are counted once."""
    throttle = SteppedThrottle()
    for seconds in (10, 30, 20):
        throttle.learn(NotNow(seconds, "429"))
    assert throttle.shut().seconds == 30
    assert throttle.waited == 30


def test_requests_are_evenly_spaced():
    """Four a second are a quarter of a second apart, whoever asks; a pause saves nothing up."""
    throttle, left = SteppedThrottle(per_second=4), []

    async def ask():
        for _ in range(4):
            await throttle.turn(lambda: False)
            left.append(throttle.at)
        throttle.at += 100
        for _ in range(2):
            await throttle.turn(lambda: False)
            left.append(throttle.at)

    asyncio.run(ask())
    assert left == [0, 0.25, 0.5, 0.75, 100.75, 101.0]


@pytest.mark.parametrize(("per_second", "handful"), [(0, MOST), (1, 1), (7, 7), (5_000, MOST)])
def test_a_handful_is_a_second_s_worth(per_second, handful):
    """What is claimed at once is what leaves at once."""
    assert SteppedThrottle(per_second).handful == handful


@given(cap=st.integers(1, 10_000), partitions=st.integers(1, 100))
def test_the_shares_add_up_to_the_cap(cap, partitions):
    """However many partitions there are, together they send what was agreed, and differ by one at most."""
    shares = [share(cap, partitions, partition) for partition in range(partitions)]
    assert sum(shares) == cap
    assert max(shares) - min(shares) <= 1


@given(st.lists(st.tuples(st.sampled_from([0, 1, DAY // 2, DAY, -DAY]), st.booleans()), max_size=60))
def test_no_day_has_more_than_its_share(moves):
    """Through lives and clock jumps: what was counted is never forgotten, and only a later day begins anew."""
    cap, now, newest, sent = DailyCap(3), NOW, 0, {}
    for jump, dies in moves:
        now += jump
        cap = DailyCap(3, cap.row()) if dies else cap
        if cap.left(now):
            cap.add(now, 1)
            newest = max(newest, now // DAY)
            sent[newest] = sent.get(newest, 0) + 1
    assert all(count <= 3 for count in sent.values())


@pytest.mark.parametrize(
    ("claims", "asked", "left"),
    [
        ([(MIDNIGHT - 1, 1), (MIDNIGHT - 1, 1)], MIDNIGHT - 1, False),
        ([(MIDNIGHT - 1, 1), (MIDNIGHT - 1, 1)], MIDNIGHT, True),
        ([(MIDNIGHT - 1, 1), (MIDNIGHT, 1)], MIDNIGHT, True),
        ([(MIDNIGHT, 1), (MIDNIGHT + DAY - 1, 1)], MIDNIGHT + DAY - 1, False),
        ([(MIDNIGHT - 1, 1), (MIDNIGHT, -1), (MIDNIGHT, 1), (MIDNIGHT, 1)], MIDNIGHT, False),
        ([(MIDNIGHT, 1), (MIDNIGHT, 1), (MIDNIGHT, -1)], MIDNIGHT, True),
        ([(MIDNIGHT, 1), (MIDNIGHT, 1)], MIDNIGHT - 1, False),
        ([(MIDNIGHT, 1), (MIDNIGHT - 1, 1)], MIDNIGHT, False),
    ],
    ids=[
        "the day is full",
        "a new day begins at midnight UTC, to the millisecond",
        "its first mail is its first",
        "its last millisecond is its own",
        "what was claimed yesterday gives nothing back today",
        "what was claimed today does",
        "a clock that ran back finds the same day",
        "and counts towards it",
    ],
)
def test_two_a_day(claims, asked, left):
    """Whatever the order of claims (1) and of those proven not sent (-1), through a new life: two mails a day."""
    cap = DailyCap(2)
    for now, more in claims:
        cap.add(now, more)
    assert cap.left(asked) == left
    assert DailyCap(2, cap.row()).left(asked) == left


def test_no_cap_is_no_limit_and_a_day_ends_at_midnight_utc():
    """A share of 0 sends what it likes, and still counts, so that a cap set at noon knows the morning."""
    free = DailyCap(0)
    for _ in range(10):
        free.add(NOW, 1)
    assert free.left(NOW)
    assert not DailyCap(10, free.row()).left(NOW)
    assert [tomorrow(at) for at in (MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + DAY - 1)] == [MIDNIGHT, *[MIDNIGHT + DAY] * 2]
