"""The sender's laws: at most one accepted request for a send key, and one visible state for every order."""

import asyncio
import itertools

import msgspec
import pytest
from msgspec.structs import replace

from agents.mail.port import Halted, NotNow, Refused, Unknown
from agents.suppression import SuppressionView, keyed_address
from schemas.codec import decode_ledger, encode
from schemas.topics import DEAD_LETTERS
from schemas.units import DAY, HOUR
from tests.agents.sending import (
    KEY,
    NOW,
    CrashError,
    Lane,
    Port,
    age,
    fold,
    notice,
    order,
    records,
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


def test_an_order_again_with_another_policy_is_the_same_send():
    """A changed program or policy never sends a step again: the key says what a send is."""
    lane, port = Lane(), Port()
    fold(lane, work(port), records(order()))
    fold(lane, work(port), records(replace(order(), policy="p2", id="another"), start=1))
    assert port.took == {"k1": 1}
