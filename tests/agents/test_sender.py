"""The sender's laws: at most one accepted request for a send key, and one visible state for every order."""

import asyncio
import itertools
from collections import Counter

import msgspec
import pytest
from msgspec.structs import replace

from agents.controls import ControlsView
from agents.mail.breaker import EVIDENCE
from agents.mail.port import Halted, NotNow, Refused, Unknown
from agents.suppression import SuppressionView, keyed_address
from schemas.codec import decode_ledger, encode
from schemas.commands import CancelContent, ConfirmSend, DropSend, ResendSend
from schemas.topics import DEAD_LETTERS
from schemas.units import DAY, HOUR, MINUTE
from tests.agents.sending import (
    KEY,
    NOW,
    CrashError,
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

# ── one order ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given", "script", "state", "outcome", "reason", "asked"),
    [
        (order(), [], "accepted", "accepted", "", 1),
        (order(), [Refused("400")], "rejected", "rejected", "rejected", 1),
        (order(not_after=NOW - 1), [], "blocked", "skipped", "stale", 0),
        (order(not_after=NOW), [], "accepted", "accepted", "", 1),
        (order(to=""), [], "blocked", "skipped", "no_address", 0),
        (order(to="a@b.example, c@d.example"), [], "blocked", "skipped", "no_address", 0),
        (order(lead="eve"), [], "blocked", "skipped", "not_allowed", 0),
        (order(lead="sid"), [], "blocked", "skipped", "suppressed", 0),
        (order(email="broken"), [], "blocked", "skipped", "template", 0),
        (order(email="a\r\nBcc: eve@evil.example"), [], "blocked", "skipped", "template", 0),
    ],
    ids=str,
)
def test_every_order_ends_in_one_state_and_tells_the_lead_s_record(given, script, *, state, outcome, reason, asked):
    """Ledger entry, fact, count and position agree, and are there together."""
    lane, port = Lane(), Port({"k1": script})
    allow_list = ("ada@wonder.example", "SID@wonder.example")
    fold(lane, work(port, view("sid@wonder.example"), allow_list), records(given))
    assert lane.states() == {"k1": state}
    [fact] = lane.facts()
    assert (fact.outcome, fact.reason, fact.id) == (outcome, reason, f"settled:k1:{outcome}")
    assert (fact.lead_id, fact.send_key, fact.program, fact.step) == (given.lead_id, "k1", "first-look", "one")
    assert lane.told() == {f"sends_{outcome}" + (f":{reason}" if outcome == "skipped" else ""): 1}
    assert lane.counts[f"state:{state}"] == 1
    assert lane.position == 1
    assert len(port.asked) == asked
    [out] = lane.outs
    assert (out.key, out.partition) == (given.lead_id.encode(), lane.partition)
    assert dict(out.headers)["ce_type"] == b"send.settled.v1"


def test_the_entry_holds_what_an_operator_asks_for_and_nobody_s_address():
    """Port, message id, times and source hash are in the ledger; the address is not."""
    lane = Lane()
    fold(lane, work(Port()), records(order()))
    entry = decode_ledger(lane.table[b"k1"])
    assert (entry.port, entry.message_id, entry.source_hash) == ("scripted", "m-k1", "h1")
    assert (entry.claimed_at, entry.settled_at) == (NOW, NOW)
    assert b"@" not in lane.table[b"k1"]


def test_the_claim_is_committed_before_the_request_and_moves_nothing():
    """No byte leaves before the claim is on the record; the position moves with the outcome only."""
    lane, port = Lane(), Port()
    seen = []
    lane.hook = lambda number: seen.append((number, lane.states()["k1"], list(port.asked), lane.position))
    fold(lane, work(port), records(order()))
    assert seen == [(1, "claimed", [], 0), (2, "accepted", ["k1"], 1)]


def test_a_notice_to_a_rep_goes_past_suppression_and_is_no_fact_of_the_lead():
    """A rep on the suppression list, or an old view of it, stops no handoff notice; the lead's record is silent."""
    lane, port = Lane(), Port()
    old = SuppressionView(KEY, now=lambda: 0.0)
    old.learn(keyed_address("rep@wattlark.example", KEY).encode(), b"{}")
    fold(lane, work(port, old, waits=[]), records(notice()))
    assert lane.states() == {"n1": "accepted"}
    assert lane.told() == {"notices_accepted": 1}
    assert lane.outs == []


def test_the_allow_list_stops_notices_too():
    """Outside the allow-list nobody is mailed, reps included."""
    lane, port = Lane(), Port()
    fold(lane, work(port, allow_list=("@wonder.example",)), records(notice(), order()))
    assert lane.states() == {"n1": "blocked", "k1": "accepted"}


# ── crash windows (RELIABILITY 1.3) ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("window", "crash_at", "script", "state", "took"),
    [
        ("W0: before the claim is on the record", (1, "before"), [], "accepted", 1),
        ("W1: claimed, no byte left", (1, "after"), [], "unknown", 0),
        ("W2: bytes left, not taken", None, ["crash before taking"], "unknown", 0),
        ("W2: bytes left, taken", None, ["crash after taking"], "unknown", 1),
        ("W3: 5xx, then the outcome is not written", (2, "before"), [Unknown("500")], "unknown", 0),
        ("W4: accepted, outcome not on the record", (2, "before"), [], "unknown", 1),
        ("W5: outcome on the record, worker ends", (2, "after"), [], "accepted", 1),
        ("W6: 429, retry not on the record", (2, "before"), [NotNow(1, "429")], "unknown", 0),
        ("W6: 429, retry on the record", (2, "after"), [NotNow(1, "429")], "accepted", 1),
        ("W6: 401, retry on the record", (2, "after"), [Halted("401")], "accepted", 1),
        ("W6: 400, outcome not on the record", (2, "before"), [Refused("400")], "unknown", 0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("first", ["the order is read again", "what is due comes first"])
def test_a_crash_at_any_window_never_sends_twice(window, crash_at, script, *, state, took, first):
    """A new life over the same rows finds each send sent, not sent or in doubt; never two accepted for one key."""
    lane, port = Lane(crash_at), Port({"k1": script})
    given = records(order(not_after=NOW + DAY))
    with pytest.raises(CrashError):
        fold(lane, work(port), given)
    lane.crash_at = None
    if first == "what is due comes first":
        tick(lane, work(port))
    fold(lane, work(port), given)
    age(lane, work(port), HOUR)
    for _ in range(2):  # and once more: a replay changes nothing
        fold(lane, work(port), given)
        assert (lane.states(), port.took["k1"]) == ({"k1": state}, took), window
    age(lane, work(port), 2 * DAY)
    assert lane.states() == {"k1": "held" if state == "unknown" else state}
    assert len({fact.id for fact in lane.facts()}) == 1


# ── many orders ──────────────────────────────────────────────────────────────────────────────────────────────


def test_one_at_a_time_for_a_lead_and_in_order():
    """Two mails to one lead are never in flight together, and keep their order."""
    lane, port = Lane(), Port()
    keys = [f"k{number}" for number in range(30)]
    fold(lane, work(port), records(*(order(key, lead="adabob"[index % 2 * 3 :][:3]) for index, key in enumerate(keys))))
    assert set(port.most_at_once.values()) == {1}
    assert [key for key in port.asked if int(key[1:]) % 2 == 0] == keys[::2]
    assert [key for key in port.asked if int(key[1:]) % 2 == 1] == keys[1::2]


def test_a_batch_claims_at_most_a_hundred():
    """However many records wait, a claim holds a hundred at most, and all are settled."""
    lane, port = Lane(), Port()
    fold(lane, work(port), records(*(order(f"k{number}", lead=f"l{number}") for number in range(250))))
    assert max(sum(not key.startswith(b"\0") for key in batch.rows) for batch in lane.commits) == 100
    assert lane.told() == {"sends_accepted": 250}
    assert lane.position == 250


def test_a_repeat_of_an_order_is_counted_and_not_sent():
    """In one batch or in two, the second order of a key does nothing."""
    lane, port = Lane(), Port()
    fold(lane, work(port), records(order(), order()))
    fold(lane, work(port), records(order(), start=2))
    assert port.took == {"k1": 1}
    assert lane.told() == {"sends_accepted": 1, "sends_duplicate": 2}
    assert lane.position == 3


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"value": b"\xff\xfe"}, b"not_json"),
        ({"value": b"[]"}, b"wrong_shape"),
        ({"value": b'{"type":"send_everything.v9"}'}, b"wrong_shape"),
        ({"value": None}, b"empty"),
        ({"value": b""}, b"empty"),
        ({"value": b'{"type":"send_content.v1","deep":' + b"[" * 100_000}, b"not_json"),
        ({"value": encode(order(""))}, b"bad_id"),
        ({"value": encode(order("\0position"))}, b"bad_id"),
        ({"key": b"bob"}, b"wrong_key"),
        ({"key": None}, b"wrong_key"),
    ],
    ids=itertools.count(),
)
def test_what_is_no_order_goes_to_dead_letters_and_its_neighbours_go_on(record, reason):
    """A bad record is put aside with its bytes, in the transaction that moves the position; the good ones are sent."""
    lane, port = Lane(), Port()
    before, bad, after = records(order("k1"), order("k2"), order("k3"))
    fold(lane, work(port), [before, bad._replace(**record), after])
    assert lane.states() == {"k1": "accepted", "k3": "accepted"}
    assert lane.told() == {"sends_accepted": 2, "dead_letters": 1, f"dead_letters:{reason.decode()}": 1}
    [dead] = [out for out in lane.commits[-1].outs if out.topic == DEAD_LETTERS]
    assert dict(dead.headers)["nurture_reason"] == reason
    assert dead.value == bad._replace(**record).value


# ── not now, halted, stopped, capped: what waits, waits in the ledger ────────────────────────────────────────


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


# ── what is said of earlier sends ────────────────────────────────────────────────────────────────────────────


def confirm(key="k1", lead="ada", event="delivered", name="e1"):
    return ConfirmSend(id=name, lead_id=lead, send_key=key, seen=NOW, event=event)


def resend(key="k1", lead="ada", name="o1", **fields):
    again = order(key, lead, not_after=NOW + 30 * DAY, **fields)
    return ResendSend(id=name, lead_id=lead, send_key=key, seen=NOW, by="ines", why="they called", order=again)


def drop(key="k1", lead="ada", name="o2"):
    return DropSend(id=name, lead_id=lead, send_key=key, seen=NOW, by="ines", why="a wrong price")


def cancel(key="k1", lead="ada", name="f9:1"):
    about = {"because": "f9", "seen": NOW, "policy": "p1", "program": "first-look", "step": "one"}
    return CancelContent(id=name, lead_id=lead, send_key=key, email="night-load", **about)


def in_doubt(port=None):
    """A lane with one send whose outcome nobody knows."""
    lane = Lane()
    fold(lane, work(port or Port({"k1": [Unknown("timeout")]})), records(order()))
    assert lane.states() == {"k1": "unknown"}
    assert lane.facts() == [], "an unknown outcome is not settled yet"
    return lane


@pytest.mark.parametrize("late", [0, 3 * DAY])
def test_the_provider_s_word_resolves_a_doubt(late):
    """Unknown or held, an event proves that the provider took it: confirmed, and the lead's record says accepted."""
    lane, port = in_doubt(), Port()
    age(lane, work(port), late)
    before = len(lane.facts())
    fold(lane, work(port), records(confirm(), confirm(event="opened", name="e2"), start=1))
    assert lane.states() == {"k1": "confirmed"}
    assert [fact.outcome for fact in lane.facts()[before:]] == ["accepted"]
    assert (lane.counts["feedback:confirmed"], lane.counts["feedback:ignored"]) == (1, 1)
    assert port.asked == []
    assert not lane.within(b"\0doubt:")


def test_a_doubt_that_nothing_resolves_is_held_and_told():
    """After the window an unknown outcome is held for an operator; the lead's record learns it once."""
    lane, port = in_doubt(), Port()
    age(lane, work(port), DAY - 1)
    assert lane.states() == {"k1": "unknown"}
    age(lane, work(port), 1)
    assert lane.states() == {"k1": "held"}
    assert [fact.outcome for fact in lane.facts()] == ["held"]
    assert port.asked == []


@pytest.mark.parametrize("waits", ["the kill switch", "the breaker", "behind its own order"])
def test_what_still_waits_is_not_sent_when_its_program_ends(waits):
    """Whatever it waits for: it ends as blocked, the lead's record hears why, and nobody is asked to send it."""
    lane, switched = Lane(), controls(stopped=waits == "the kill switch")
    port = Port({"k1": [Halted("401")]} if waits == "the breaker" else {})
    if waits == "behind its own order":
        fold(lane, work(port), records(order(), cancel()))
    else:
        fold(lane, work(port, switch=switched), records(order(not_after=NOW + DAY)))
        assert lane.states()["k1"] in ("planned", "retry")
        fold(lane, work(port, switch=switched), records(cancel(), start=1))
    switched.learn(b"sends", switch(stopped=False))
    age(lane, work(port, switch=switched), 2 * DAY)
    assert (lane.states(), port.took) == ({"k1": "blocked"}, {})
    assert [(fact.outcome, fact.reason) for fact in lane.facts()] == [("skipped", "cancelled")]


def test_what_may_have_been_sent_is_not_called_back():
    """A doubt stays one; the mail of others goes on."""
    lane, port = in_doubt(), Port()
    fold(lane, work(port), records(cancel(), order("k2"), start=1))
    assert lane.states() == {"k1": "unknown", "k2": "accepted"}


@pytest.mark.parametrize("words", [[confirm()], [drop()], [resend()], [confirm("other")]])
def test_a_word_about_a_settled_or_unknown_send_changes_nothing(words):
    """Most events are about sends that are settled: they are counted and forgotten."""
    lane, port = Lane(), Port()
    fold(lane, work(port), records(order(), *words))
    assert lane.states() == {"k1": "accepted"}
    assert lane.told() == {"sends_accepted": 1, "feedback:ignored": 1}
    assert port.took == {"k1": 1}


@pytest.mark.parametrize("late", [0, 3 * DAY])
def test_only_an_operator_sends_again_and_the_entry_says_who(late):
    """A resend is tried like any order, by its own time; who ordered it and why stays in the entry."""
    lane, port = in_doubt(), Port()
    sender = work(port)
    age(lane, sender, late)
    fold(lane, sender, records(resend(), start=1))
    age(lane, sender, MINUTE)
    assert lane.states() == {"k1": "accepted"}
    [ordered] = lane.entries()["k1"].ordered
    assert (ordered.what, ordered.by, ordered.why) == ("resend", "ines", "they called")
    assert port.took == {"k1": 1}


def test_an_operator_s_order_that_is_read_twice_is_one_order():
    """A crash between the order's effect and its position must not send a third time."""
    lane, port = in_doubt(), Port({"k1": [Unknown("again")]})
    fold(lane, work(port), records(resend(), start=1))
    age(lane, work(port), MINUTE)
    assert lane.states() == {"k1": "unknown"}
    fold(lane, work(port), records(resend(), start=1))
    age(lane, work(port), MINUTE)
    assert len(port.asked) == 1
    assert lane.counts["feedback:ignored"] == 1


def test_an_event_that_comes_after_the_resend_stops_it():
    """If the provider tells of the first request before the second is made, there is no second."""
    lane, port = in_doubt(), Port()
    fold(lane, work(port), records(resend(), confirm(), start=1))
    age(lane, work(port), HOUR)
    assert lane.states() == {"k1": "confirmed"}
    assert port.asked == []


def test_a_resend_goes_through_the_gate_like_any_other():
    """Whoever unsubscribed meanwhile is not mailed, whatever an operator ordered."""
    lane, port = in_doubt(), Port()
    fold(lane, work(port, view("ada@wonder.example")), records(resend(), start=1))
    age(lane, work(port, view("ada@wonder.example")), HOUR)
    assert (lane.states(), port.asked) == ({"k1": "blocked"}, [])


def test_a_drop_ends_what_waits_and_what_is_in_doubt():
    """What waits is skipped; a doubt stays a doubt on the lead's record, so the mail is never planned again."""
    lane, port = in_doubt(), Port()
    stopped = work(port, switch=controls(stopped=True))
    fold(lane, stopped, records(order("k2", not_after=NOW + DAY), start=1))
    fold(lane, stopped, records(drop(), drop("k2", name="o3"), start=2))
    assert lane.states() == {"k1": "blocked", "k2": "blocked"}
    assert [(fact.outcome, fact.reason) for fact in lane.facts()] == [
        ("held", "outcome_unknown"),
        ("skipped", "dropped"),
    ]
    age(lane, work(port), HOUR)
    assert port.asked == []
    assert [entry.ordered[0].what for entry in lane.entries().values()] == ["drop", "drop"]


def test_a_doubt_is_told_once():
    """Held and then dropped, the lead's record hears of it once; the drop changes nothing that it knows."""
    lane, port = in_doubt(), Port()
    age(lane, work(port), DAY)
    fold(lane, work(port), records(drop(), start=1))
    assert lane.states() == {"k1": "blocked"}
    assert [fact.outcome for fact in lane.facts()] == ["held"]
    assert lane.counts["sends_held"] == 1


def test_an_order_to_resend_must_hold_the_send_that_it_names():
    """What names one send and holds another is put aside."""
    lane = Lane()
    wrong = replace(resend(), order=order("k9"))
    fold(lane, work(Port()), records(wrong))
    assert lane.counts["dead_letters:wrong_shape"] == 1


def test_an_entry_that_this_release_cannot_read_puts_its_order_aside():
    """A newer release wrote it: nobody guesses; the dead letter names the remedy and the neighbours go on."""
    lane, port = Lane(), Port()
    lane.table[b"k1"] = b'{"type":"ledger_entry.v1","send_key":"k1","lead_id":"ada","email":"e","state":"teleported"}'
    lane.due[b"k1"] = NOW
    tick(lane, work(port))
    fold(lane, work(port), records(order("k1"), confirm("k1"), order("k2")))
    assert port.took == {"k2": 1}
    [one, _] = [out for out in lane.outs if out.topic == DEAD_LETTERS]
    assert b"upgrade this worker, then replay" in dict(one.headers)["nurture_detail"]
    assert b"teleported" in lane.table[b"k1"]


def test_the_counts_say_how_many_sends_are_in_each_state():
    """The counts by state are those of the rows, whatever happened."""
    lane, port = in_doubt(), Port({"k2": [NotNow(9, "429")], "k3": [Refused("400")]})
    given = [order(f"k{number}", lead=f"l{number}", not_after=NOW + DAY) for number in range(2, 9)]
    fold(lane, work(port), records(*given, start=1))
    by_state = {name.removeprefix("state:"): n for name, n in lane.counts.items() if name.startswith("state:") and n}
    assert by_state == Counter(lane.states().values())


# ── slow and lost ────────────────────────────────────────────────────────────────────────────────────────────


def test_outcomes_do_not_wait_for_a_request_that_hangs():
    """While one request hangs the outcomes of the others are committed."""
    lane, hanging = Lane(), asyncio.Event()

    class _Hanging(Port):
        async def send(self, letter):
            if letter.send_key == "slow":
                await hanging.wait()
            return await super().send(letter)

    lane.hook = lambda _: hanging.set() if lane.states()["k1"] == "accepted" else None
    fold(lane, work(_Hanging()), records(order("slow", lead="bob"), order("k1")))
    assert lane.states() == {"slow": "accepted", "k1": "accepted"}


def test_a_lane_that_ends_ends_its_requests():
    """When a commit fails no request of this life goes on: the next one may own the keys."""
    lane, cancelled = Lane(crash_at=(2, "before")), []

    class _Hanging(Port):
        async def send(self, letter):
            if letter.send_key != "slow":
                return await super().send(letter)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append(letter.send_key)
                raise

    with pytest.raises(CrashError):
        fold(lane, work(_Hanging()), records(order("slow", lead="bob"), order("k1")))
    assert cancelled == ["slow"]
    assert lane.states() == {"slow": "claimed", "k1": "claimed"}


def test_nothing_personal_leaves_in_what_is_recorded():
    """Facts, ledger and counts hold no address and no name."""
    lane = Lane()
    fold(lane, work(Port(), view("ada@wonder.example")), records(order(traits={"first_name": "Adelaide"}), notice()))
    written = msgspec.json.encode([dict(lane.counts), *(out.value for out in lane.outs), *lane.table.values()])
    assert b"wonder.example" not in written
    assert b"Adelaide" not in written


def test_an_address_is_in_the_ledger_only_while_it_waits_and_under_its_lead():
    """Erasure finds it by the lead's id in the entry; no key and no list of doubts holds one, and an ending lets it go."""
    lane, port = Lane(), Port({"k1": [NotNow(9, "429")], "k2": [Unknown("500")]})
    given = [order(f"k{number}", lead=f"l{number}", not_after=NOW + DAY) for number in range(5)]
    fold(lane, work(port), records(*given, notice(not_after=NOW + DAY)))
    holding = {key for key, row in lane.table.items() if b"@" in row}
    waiting = {key.encode() for key, entry in lane.entries().items() if entry.state in ("planned", "retry")}
    assert holding == waiting != set()
    for entry in lane.entries().values():
        assert entry.order is None or entry.order.lead_id == entry.lead_id
    assert not any(b"@" in key for key in lane.table)
    fold(lane, work(port), records(*(drop(key.decode(), f"l{key.decode()[1:]}") for key in waiting), start=6))
    assert not any(b"@" in row for row in lane.table.values())


def test_an_order_again_with_another_policy_is_the_same_send():
    """A changed program or policy never sends a step again: the key says what a send is."""
    lane, port = Lane(), Port()
    fold(lane, work(port), records(order()))
    fold(lane, work(port), records(replace(order(), policy="p2", id="another"), start=1))
    assert port.took == {"k1": 1}
