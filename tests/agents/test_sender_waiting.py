"""What the sender may not send now: it waits in the ledger, goes when its wait is over, and is never lost."""

import asyncio
import itertools
from collections import Counter

import pytest

from agents.controls import ControlsView
from agents.mail.breaker import EVIDENCE
from agents.mail.port import Halted, NotNow, Unknown
from agents.suppression import SuppressionView, keyed_address
from schemas.units import DAY, HOUR, MINUTE
from tests.agents.sending import (
    KEY,
    NOW,
    Lane,
    Port,
    SteppedThrottle,
    age,
    controls,
    fold,
    notice,
    order,
    records,
    switch,
    tick,
    view,
    work,
)


def test_not_now_is_tried_again_when_the_provider_says():
    """Proven not sent is not lost: it waits in the ledger, on the record, not before the provider's window opens."""
    lane, port, throttle = Lane(), Port({"k1": [NotNow(42, "429")]}), SteppedThrottle()
    sender = work(port, throttle=throttle)
    fold(lane, sender, records(order("k1", not_after=NOW + DAY), order("k2", not_after=NOW + DAY)))
    assert lane.states() == {"k1": "retry", "k2": "retry"}
    assert port.asked == ["k1"], "a lead's next mail waits for the one before"
    assert min(lane.due[b"k1"], lane.due[b"k2"]) >= NOW + 42_000
    assert lane.position == 2
    throttle.at = 60
    age(lane, sender, HOUR)
    assert lane.states() == {"k1": "accepted", "k2": "accepted"}
    assert throttle.waited == 42


def test_what_waits_too_long_is_skipped_as_stale():
    """The budget of a retry is time, not a count: it is asked more and more seldom, and what is late is skipped."""
    lane, port, throttle = Lane(), Port({"k1": [NotNow(0, "refused")] * 99}), SteppedThrottle()
    sender, asked = work(port, throttle=throttle), []
    fold(lane, sender, records(order(not_after=NOW + HOUR)))
    while lane.states() != {"k1": "blocked"}:
        assert lane.now <= NOW + HOUR
        asked.append(len(port.asked))
        throttle.at += 10
        age(lane, sender, 10_000)
    by_minute = [later - earlier for earlier, later in itertools.pairwise(asked[::6])]
    assert 10 < len(port.asked) < 60
    assert sum(by_minute[-10:]) / 10 < 1 < by_minute[0]
    assert [fact.reason for fact in lane.facts()] == ["stale"]


def test_halted_stops_the_lane_and_loses_nothing():
    """A refused key stops all that has not begun; later one probe asks again, and everything goes on by itself."""
    given = [order(f"k{number}", lead=f"l{number}", not_after=NOW + DAY) for number in range(40)]
    lane, throttle = Lane(), SteppedThrottle()
    port = Port({f"k{number}": [Halted("401")] * 3 for number in range(40)})
    sender = work(port, throttle=throttle)
    fold(lane, sender, records(*given))
    assert len(port.asked) <= 16
    assert set(lane.states().values()) == {"retry"}
    assert "401" in {entry.detail for entry in lane.entries().values()}, "who looks at one is told why"
    assert min(lane.due[key] for key in lane.due if key.startswith(b"k")) >= NOW + 30_000
    for _ in range(300):
        throttle.at += 60
        age(lane, sender, 60_000)
    assert lane.told() == {"sends_accepted": 40}
    assert set(port.took.values()) == {1}


def test_a_failing_provider_does_not_turn_the_whole_line_into_doubts():
    """After a handful of unknown outcomes the breaker opens: what has not begun waits, proven not sent."""
    given = [order(f"k{number}", lead=f"l{number}", not_after=NOW + DAY) for number in range(100)]
    lane, throttle = Lane(), SteppedThrottle()
    sender = work(Port({f"k{number}": [Unknown("500")] for number in range(100)}), throttle=throttle)
    fold(lane, sender, records(*given))
    doubts = Counter(lane.states().values())["unknown"]
    assert EVIDENCE <= doubts <= EVIDENCE + 16
    assert throttle.breaker.state == "open"
    throttle.at += 10
    lane.now += 10_000
    tick(lane, sender)
    assert Counter(lane.states().values())["unknown"] == doubts + 1, "a half-open breaker lets one probe through"


def test_an_unsubscribe_between_claim_and_request_stops_the_request():
    """The suppression list is asked again after the claim: the send is blocked, and the request never made."""
    lane, port, suppressions = Lane(), Port(), view()
    hashed = keyed_address("ada@wonder.example", KEY).encode()
    lane.hook = lambda number: suppressions.learn(hashed, b"{}") if number == 1 else None
    fold(lane, work(port, suppressions), records(order()))
    assert lane.states() == {"k1": "blocked"}
    assert lane.told() == {"sends_skipped:suppressed": 1}
    assert port.asked == []


def _old_suppressions(age):
    suppressions, switch = SuppressionView(KEY, now=lambda: age[0]), controls()
    suppressions.complete(0.0)
    return suppressions, switch


def _old_switch(age):
    suppressions, switch = view(), ControlsView(now=lambda: age[0])
    switch.complete(0.0)
    return suppressions, switch


@pytest.mark.parametrize("views", [_old_suppressions, _old_switch])
@pytest.mark.parametrize("grows_old", ["before the claim", "after the claim"])
def test_an_old_view_makes_orders_wait_and_skips_nobody(views, grows_old):
    """While a view is older than 10 s nothing is sent; when it is fresh again everything goes."""
    lane, port, before, age_s = Lane(), Port(), grows_old == "before the claim", [0.0]
    sender = work(port, *views(age_s)[:1], switch=views(age_s)[1], waits=[])
    age_s[0] = 11.0 if before else 0.0
    lane.hook = lambda number: age_s.__setitem__(0, 11.0) if number == 1 else None
    fold(lane, sender, records(order(not_after=NOW + DAY)))
    assert lane.states() == {"k1": "planned" if before else "retry"}
    assert (port.asked, lane.position) == ([], 1)
    age_s[0], lane.hook = 0.0, lambda _: None
    age(lane, sender, MINUTE)
    assert lane.states() == {"k1": "accepted"}


def test_a_life_begins_when_its_views_are_complete():
    """Orders that come at the start are not put aside because a view is still being read; after 10 s they are."""
    age_s, waits = [11.0], []
    suppressions, switch = _old_suppressions(age_s)
    fold(Lane(), work(Port(), suppressions, switch=switch, waits=waits), records(order()))
    assert sum(waits) == pytest.approx(10)


def test_the_kill_switch_stops_mail_and_notices_and_says_who():
    """Stopped, nothing leaves, not even what is claimed already; started again, all of it goes, once."""
    lane, port, switched = Lane(), Port(), controls()
    sender = work(port, switch=switched)
    lane.hook = lambda number: switched.learn(b"sends", switch()) if number == 1 else None
    fold(lane, sender, records(order("k1", not_after=NOW + DAY), notice("n1", not_after=NOW + DAY)))
    fold(lane, sender, records(order("k2", not_after=NOW + DAY), start=2))
    assert lane.states() == {"k1": "retry", "n1": "retry", "k2": "planned"}
    assert "ines stopped sending (a wrong price)" in lane.entries()["k2"].detail
    age(lane, sender, HOUR)
    assert port.asked == []
    switched.learn(b"sends", switch(stopped=False))
    age(lane, sender, HOUR)
    assert set(lane.states().values()) == {"accepted"}
    assert set(port.took.values()) == {1}


def _stopped():
    switched = controls(stopped=True)
    return {"switch": switched}, lambda: switched.learn(b"sends", switch(stopped=False))


def _old():
    age_s = [11.0]
    suppressions, switched = _old_suppressions(age_s)
    return {"suppressions": suppressions, "switch": switched, "waits": []}, lambda: age_s.__setitem__(0, 0.0)


def _ill():
    throttle = SteppedThrottle()
    throttle.breaker.open(300)
    return {"throttle": throttle}, lambda: setattr(throttle, "at", 300)


async def _stir(lane, sender):
    """As the engine does it."""
    while lane.stirred():
        await sender.tick(lane, [])


@pytest.mark.parametrize("wait", [_stopped, _old, _ill], ids=["kill switch", "old view", "breaker"])
@pytest.mark.parametrize("who", ["the life that put them aside", "another life"])
def test_what_waited_goes_the_moment_that_its_wait_is_over(wait, who):
    """Meanwhile a look costs nothing; afterwards the lane is stirred, and everything leaves, once, without a second's wait."""
    lane, port = Lane(), Port()
    with_, end = wait()
    sender = work(port, **with_)
    given = [order(f"k{number}", lead=f"l{number}", not_after=NOW + DAY) for number in range(250)]
    fold(lane, sender, records(*given))
    assert set(lane.states().values()) == {"planned"}
    written = len(lane.commits)
    age(lane, sender, HOUR)
    assert not lane.stirred()
    assert (len(lane.commits), port.asked) == (written, [])
    if who == "another life":
        sender = work(port, **with_)
        asyncio.run(sender.begin(lane))
    end()
    assert lane.stirred()
    before = lane.now
    asyncio.run(_stir(lane, sender))
    assert lane.now == before
    assert Counter(lane.states().values()) == {"accepted": 250}
    assert set(port.took.values()) == {1}


@pytest.mark.parametrize("key", [b"program/nurture", b"email/night-load"])
def test_what_is_paused_waits_alone_and_goes_when_it_is_resumed(key):
    """A program's or an e-mail's orders wait, the others and notices go; waiting costs no look, resuming loses nobody."""
    lane, port, switched = Lane(), Port(), controls()
    switched.learn(key, switch())
    sender = work(port, switch=switched)
    paused = [
        order(f"p{n}", lead=f"l{n}", email="night-load", program="nurture", not_after=NOW + DAY) for n in range(150)
    ]
    fold(lane, sender, records(*paused, order("k1", email="other", program="else", not_after=NOW + DAY), notice("n1")))
    assert Counter(lane.states().values()) == {"planned": 150, "accepted": 2}
    assert "ines paused n" in lane.entries()["p1"].detail
    asyncio.run(_stir(lane, sender))
    written = len(lane.commits)
    age(lane, sender, HOUR)  # another life
    asyncio.run(_stir(lane, sender))
    assert len(lane.commits) == written, "a look at what is paused writes nothing, and is not repeated"
    switched.learn(key, switch(stopped=False))
    assert lane.stirred()
    asyncio.run(_stir(lane, sender))
    assert Counter(lane.states().values()) == {"accepted": 152}
    assert set(port.took.values()) == {1}


def test_what_is_paused_for_longer_than_its_time_is_never_sent():
    """A stale send never goes out, whatever it waited for."""
    lane, port, switched = Lane(), Port(), controls()
    switched.learn(b"program/nurture", switch())
    sender = work(port, switch=switched)
    fold(lane, sender, records(order("p1", program="nurture", not_after=NOW + HOUR)))
    age(lane, sender, 2 * HOUR)
    switched.learn(b"program/nurture", switch(stopped=False))
    age(lane, sender, HOUR)
    assert (lane.states(), port.asked) == ({"p1": "blocked"}, [])


def test_a_probe_that_fails_puts_nobody_s_turn_off():
    """While the breaker is half-open one of those that wait is tried; the others wait on as they were."""
    lane, throttle = Lane(), SteppedThrottle()
    throttle.breaker.open(5)
    port = Port({"k0": [Unknown("500")]})
    sender = work(port, throttle=throttle)
    fold(lane, sender, records(*(order(f"k{n}", lead=f"l{n}", not_after=NOW + DAY) for n in range(9))))
    throttle.at = 5
    asyncio.run(sender.tick(lane, []))
    assert Counter(lane.states().values()) == {"unknown": 1, "planned": 8}
    assert not lane.stirred(), "the breaker is open again"
    throttle.at = 100
    assert lane.stirred()
    asyncio.run(sender.tick(lane, []))
    assert Counter(lane.states().values()) == {"unknown": 1, "accepted": 8}


def test_a_switch_that_cannot_be_read_stops_sending():
    """Somebody meant something by it: better late than wrong. A tombstone, or another word, starts it again."""
    found = controls()
    found.learn(b"sends", b'{"type":"send_switch.v9"}')
    assert found.stopped().stopped
    found.learn(b"another", switch())
    found.learn(b"sends", None)
    assert found.stopped() is None


def test_the_daily_cap_is_counted_in_rows_and_starts_anew_each_day():
    """A lane sends its share; the rest waits for the next day (UTC), across lives; notices do not count."""
    lane, port = Lane(), Port()
    given = [order(f"k{number}", lead=f"l{number}", not_after=NOW + 5 * DAY) for number in range(5)]
    fold(lane, work(port, share=2), records(*given, notice("n1"), notice("n2")))
    assert Counter(lane.states().values()) == {"accepted": 4, "planned": 3}
    midnight = (NOW // DAY + 1) * DAY
    assert all(midnight < entry.until <= midnight + 5 * MINUTE for entry in lane.entries().values() if entry.until)
    age(lane, work(port, share=2), HOUR)
    assert len(port.took) == 4
    age(lane, work(port, share=2), DAY)
    assert len(port.took) == 6
    age(lane, work(port, share=2), DAY)
    assert set(lane.states().values()) == {"accepted"}


def test_what_was_not_sent_does_not_use_up_the_cap():
    """A claim that is proven not sent gives its place back."""
    lane, throttle = Lane(), SteppedThrottle()
    sender = work(Port({"k1": [NotNow(1, "429")]}), throttle=throttle, share=1)
    fold(lane, sender, records(order(not_after=NOW + DAY)))
    throttle.at = 100
    age(lane, sender, HOUR)
    assert lane.states() == {"k1": "accepted"}


def test_our_own_rate_spaces_requests_and_claims_a_second_s_worth():
    """Ten a second are a tenth of a second apart, and a crash can leave ten claims in doubt, not a hundred."""
    lane, port, throttle = Lane(), Port(), SteppedThrottle(per_second=10)
    fold(lane, work(port, throttle=throttle), records(*(order(f"k{n}", lead=f"l{n}") for n in range(30))))
    assert throttle.waited == pytest.approx(sum(throttle.slept))
    assert throttle.at >= 2.9
    claimed = [sum(b'"claimed"' in (row.value or b"") for row in batch.rows.values()) for batch in lane.commits]
    assert max(claimed) == 10
    assert lane.told() == {"sends_accepted": 30}


def test_a_claim_that_waits_for_its_turn_is_given_back_by_a_lane_that_leaves():
    """With a low rate and many lanes the line is longer than any grace: who leaves it leaves no doubt behind."""
    port, throttle = Port(), SteppedThrottle(per_second=1)

    class Leaving(Lane):
        leaving = property(lambda _: throttle.at >= 2)

    for _ in range(32):  # other lanes' requests stand in the line
        asyncio.run(throttle.turn(lambda: True))
    lane = Leaving()
    fold(lane, work(port, throttle=throttle), records(order(not_after=NOW + DAY)))
    assert throttle.at < 3
    assert (lane.states(), lane.position, port.asked) == ({"k1": "retry"}, 1, [])


def test_a_lane_that_is_given_away_begins_nothing_more():
    """What has not begun waits in the ledger for the successor, and the fold ends."""
    lane, port = Lane(), Port()
    lane.leaving = True
    fold(lane, work(port), records(order(not_after=NOW + DAY)))
    assert (lane.states(), lane.position, port.asked) == ({"k1": "planned"}, 1, [])
