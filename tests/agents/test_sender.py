"""The sender's laws: at most one accepted request for a send key, and one visible state for every order."""

import asyncio
import itertools
from collections import Counter
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agents.mail.compose import Composer
from agents.mail.gate import Gate
from agents.mail.port import Accepted, Halted, NotNow, Refused, Unknown
from agents.render.renderer import Rendered, Unrenderable
from agents.sender import SenderWork
from agents.suppression import SuppressionView, keyed_address
from schemas.codec import decode_fact, decode_ledger, encode
from schemas.commands import NotifyOwner, SendContent
from schemas.handoff import Brief
from schemas.topics import DEAD_LETTERS, FACTS
from streams.engine.record import Record

NOW = 1_767_225_600_000
KEY = b"a key for hashes of addresses"
BRAND = SimpleNamespace(from_name="Ines", from_email="ines@mail.wattlark.example", reply_to="hello@wattlark.example")


class CrashError(Exception):
    """The worker ends here."""


class _Renderer:
    workplace = SimpleNamespace(policy=SimpleNamespace(brand=BRAND))

    def render(self, email, values):
        if email == "broken":
            return Unrenderable("broken: nothing is known for lead.first_name, and there is no fallback")
        about = values["brief"]["headline"] if "brief" in values else values["unsubscribe_url"]
        return Rendered(subject=email, preheader="", html=about, text=about, source_hash="h1")


class _Port:
    """Answers from a script by send key, then with ``accepts``; remembers what it took, and may crash around taking."""

    name = "scripted"

    def __init__(self, script=None):
        self.script = {key: list(answers) for key, answers in (script or {}).items()}
        self.took, self.asked, self.at_once, self.most_at_once = Counter(), [], Counter(), Counter()

    async def send(self, letter):
        self.asked.append(letter.send_key)
        self.at_once[letter.lead_id] += 1
        self.most_at_once |= self.at_once
        await asyncio.sleep(0)
        self.at_once[letter.lead_id] -= 1
        left = self.script.get(letter.send_key)
        answer = left.pop(0) if left else Accepted("m-" + letter.send_key)
        if answer == "crash before taking":
            raise CrashError
        if answer == "crash after taking" or isinstance(answer, Accepted):
            self.took[letter.send_key] += 1
        if answer == "crash after taking":
            raise CrashError
        return answer


class _Lane:
    """A lane whose rows, records and counts outlive it; ``crash_at`` ends it before or after that commit."""

    topic, partition = "nurture.sends", 3

    def __init__(self, crash_at=None):
        self.clock = SimpleNamespace(now=lambda: NOW)
        self.rows = SimpleNamespace(load=lambda keys: {key: self.table[key] for key in keys if key in self.table})
        self.table, self.outs, self.counts, self.position, self.commits = {}, [], Counter(), 0, []
        self.crash_at, self.hook = crash_at, lambda _: None

    async def commit(self, batch):
        number = len(self.commits) + 1
        if self.crash_at == (number, "before"):
            raise CrashError
        self.commits.append(batch)
        for key, row in batch.rows.items():
            self.table[key] = row.value
            if row.value is None:
                del self.table[key]
        self.outs += batch.outs
        self.counts.update(batch.counts)
        self.position = self.position if batch.upto is None else batch.upto
        self.hook(number)
        if self.crash_at == (number, "after"):
            raise CrashError

    def facts(self):
        return [decode_fact(out.value) for out in self.outs if out.topic == FACTS]

    def states(self):
        return {key.decode(): decode_ledger(row).state for key, row in self.table.items()}


def view(*suppressed):
    found = SuppressionView(KEY, now=lambda: 0.0)
    found.complete(0.0)
    for address in suppressed:
        found.learn(keyed_address(address, KEY).encode(), b"{}")
    return found


def order(key="k1", lead="ada", **fields):
    given = {
        "id": f"send:{key}",
        "lead_id": lead,
        "because": "f1",
        "seen": NOW,
        "policy": "p1",
        "send_key": key,
        "email": "night-load",
        "kind": "nurture",
        "not_after": NOW + 1,
        "program": "first-look",
        "step": "one",
        "to": f"{lead}@wonder.example",
    }
    return SendContent(**given | fields)


def notice(key="n1", **fields):
    given = {
        "id": f"notify:{key}",
        "lead_id": "ada",
        "because": "f1",
        "seen": NOW,
        "policy": "p1",
        "send_key": key,
        "handoff_id": "ada:0",
        "to": "rep@wattlark.example",
        "answer_by": NOW + 1,
        "not_after": NOW + 1,
        "brief": Brief(
            lead_id="ada", headline="Ada is ready", stage="ready", grade="A1", fit=9, engagement=9, since=NOW
        ),
    }
    return NotifyOwner(**given | fields)


def records(*orders, start=0):
    return [
        Record("nurture.sends", 3, start + index, NOW, found.lead_id.encode(), encode(found), ())
        for index, found in enumerate(orders)
    ]


def work(port, suppressions=None, allow_list=(), waits=None):
    async def sleep(seconds):
        if waits is None:
            raise AssertionError(f"the sender wanted to wait {seconds} s")
        waits.append(seconds)
        if len(waits) > 50:
            raise CrashError

    composer = Composer(_Renderer(), lambda lead: f"https://mail.wattlark.example/u/{lead}")
    return SenderWork(port=port, gate=Gate(suppressions or view(), allow_list), composer=composer, sleep=sleep)


def fold(lane, sender, given):
    asyncio.run(_fold(lane, sender, given))


async def _fold(lane, sender, given):
    await sender.begin(lane)
    await sender.fold(lane, given)


# ── one order ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given", "script", "state", "outcome", "reason", "asked"),
    [
        (order(), [], "accepted", "accepted", "", 1),
        (order(), [Refused("400")], "rejected", "rejected", "rejected", 1),
        (order(), [Unknown("timeout")], "held", "held", "outcome_unknown", 1),
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
    lane, port = _Lane(), _Port({"k1": script})
    allow_list = ("ada@wonder.example", "SID@wonder.example")
    fold(lane, work(port, view("sid@wonder.example"), allow_list, waits=[]), records(given))
    assert lane.states() == {"k1": state}
    [fact] = lane.facts()
    assert (fact.outcome, fact.reason, fact.id) == (outcome, reason, f"settled:k1:{outcome}")
    assert (fact.lead_id, fact.send_key, fact.program, fact.step) == (given.lead_id, "k1", "first-look", "one")
    assert lane.counts == {f"sends_{outcome}" + (f":{reason}" if outcome == "skipped" else ""): 1}
    assert lane.position == 1
    assert len(port.asked) == asked
    [out] = lane.outs
    assert (out.key, out.partition) == (given.lead_id.encode(), lane.partition)
    assert dict(out.headers)["ce_type"] == b"send.settled.v1"


def test_the_entry_holds_what_an_operator_asks_for_and_nobody_s_address():
    """Port, message id, times and source hash are in the ledger; the address is not."""
    lane = _Lane()
    fold(lane, work(_Port()), records(order()))
    entry = decode_ledger(lane.table[b"k1"])
    assert (entry.port, entry.message_id, entry.source_hash) == ("scripted", "m-k1", "h1")
    assert (entry.claimed_at, entry.settled_at) == (NOW, NOW)
    assert b"@" not in lane.table[b"k1"]


def test_the_claim_is_committed_before_the_request_and_moves_nothing():
    """No byte leaves before the claim is on the record; the position moves with the outcome only."""
    lane, port = _Lane(), _Port()
    seen = []
    lane.hook = lambda number: seen.append((number, lane.states()["k1"], list(port.asked), lane.position))
    fold(lane, work(port), records(order()))
    assert seen == [(1, "claimed", [], 0), (2, "accepted", ["k1"], 1)]


def test_a_notice_to_a_rep_goes_past_suppression_and_is_no_fact_of_the_lead():
    """A rep on the suppression list, or an old view of it, stops no handoff notice; the lead's record is silent."""
    lane, port = _Lane(), _Port()
    old = SuppressionView(KEY, now=lambda: 0.0)
    old.learn(keyed_address("rep@wattlark.example", KEY).encode(), b"{}")
    fold(lane, work(port, old), records(notice()))
    assert lane.states() == {"n1": "accepted"}
    assert lane.counts == {"notices_accepted": 1}
    assert lane.outs == []


def test_the_allow_list_stops_notices_too():
    """Outside the allow-list nobody is mailed, reps included."""
    lane, port = _Lane(), _Port()
    fold(lane, work(port, allow_list=("@wonder.example",)), records(notice(), order()))
    assert lane.states() == {"n1": "blocked", "k1": "accepted"}


# ── crash windows (RELIABILITY 1.3) ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("window", "crash_at", "script", "state", "took"),
    [
        ("W0: before the claim is on the record", (1, "before"), [], "accepted", 1),
        ("W1: claimed, no byte left", (1, "after"), [], "held", 0),
        ("W2: bytes left, not taken", None, ["crash before taking"], "held", 0),
        ("W2: bytes left, taken", None, ["crash after taking"], "held", 1),
        ("W3: 5xx, then the outcome is not written", (2, "before"), [Unknown("500")], "held", 0),
        ("W4: accepted, outcome not on the record", (2, "before"), [], "held", 1),
        ("W5: outcome on the record, worker ends", (2, "after"), [], "accepted", 1),
        ("W6: 429, release not on the record", (2, "before"), [NotNow(1, "429")], "held", 0),
        ("W6: 429, release on the record", (2, "after"), [NotNow(1, "429")], "accepted", 1),
        ("W6: 401, release on the record", (2, "after"), [Halted("401")], "accepted", 1),
        ("W6: 400, outcome not on the record", (2, "before"), [Refused("400")], "held", 0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_crash_at_any_window_never_sends_twice(window, crash_at, script, state, took):
    """A new life over the same rows finds each send sent, not sent or held; never two accepted for one key."""
    lane, port = _Lane(crash_at), _Port({"k1": script})
    with pytest.raises(CrashError):
        fold(lane, work(port, waits=[]), records(order()))
    lane.crash_at = None
    for _ in range(2):  # and once more: a replay changes nothing
        fold(lane, work(port, waits=[]), records(order()))
        assert (lane.states(), port.took["k1"]) == ({"k1": state}, took), window
    assert len({fact.id for fact in lane.facts()}) == 1


STEPS = st.sampled_from(
    [
        Accepted("m"),
        Refused("400"),
        Unknown("500"),
        NotNow(0, "429"),
        Halted("401"),
        "crash before taking",
        "crash after taking",
    ]
)
CRASHES = st.lists(st.none() | st.tuples(st.integers(1, 6), st.sampled_from(["before", "after"])), max_size=6)


@settings(deadline=None)
@given(
    script=st.dictionaries(st.sampled_from("abcdef"), st.lists(STEPS, max_size=4)),
    lives=CRASHES,
    keys=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=12),
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=12),
)
def test_never_two_accepted_for_one_key(script, lives, keys, sizes):
    """Whatever crashes, answers, repeats and batches: one accepted request at most, one state in the end, one fact."""
    lane, port = _Lane(), _Port(script)
    orders = records(*(order(key, lead="ab"[ord(key) % 2]) for key in keys))
    for crash_at in [*lives, *itertools.repeat(None, 40)]:
        lane.crash_at = crash_at and (len(lane.commits) + crash_at[0], crash_at[1])
        try:
            _live(lane, work(port, waits=[]), orders, sizes)
        except CrashError:
            continue
        if lane.position == len(orders):
            break
    assert lane.position == len(orders)
    assert set(lane.states()) == set(keys)
    assert set(lane.states().values()) <= {"accepted", "rejected", "held"}
    assert all(count <= 1 for count in port.took.values())
    assert sorted(fact.send_key for fact in lane.facts()) == sorted(set(keys))
    for key, state in lane.states().items():
        assert state != "accepted" or port.took[key] == 1
        assert state != "rejected" or port.took[key] == 0


def _live(lane, sender, orders, sizes):
    for size in itertools.cycle(sizes):
        if lane.position == len(orders):
            return
        fold(lane, sender, orders[lane.position : lane.position + size])


# ── many orders ──────────────────────────────────────────────────────────────────────────────────────────────


def test_one_at_a_time_for_a_lead_and_in_order():
    """Two mails to one lead are never in flight together, and keep their order."""
    lane, port = _Lane(), _Port()
    keys = [f"k{number}" for number in range(30)]
    fold(lane, work(port), records(*(order(key, lead="adabob"[index % 2 * 3 :][:3]) for index, key in enumerate(keys))))
    assert set(port.most_at_once.values()) == {1}
    assert [key for key in port.asked if int(key[1:]) % 2 == 0] == keys[::2]
    assert [key for key in port.asked if int(key[1:]) % 2 == 1] == keys[1::2]


def test_a_batch_claims_at_most_a_hundred():
    """However many records wait, a claim holds a hundred at most, and all are settled."""
    lane, port = _Lane(), _Port()
    fold(lane, work(port), records(*(order(f"k{number}", lead=f"l{number}") for number in range(250))))
    assert max(len(batch.rows) for batch in lane.commits) == 100
    assert lane.counts == {"sends_accepted": 250}
    assert lane.position == 250


def test_a_repeat_of_an_order_is_counted_and_not_sent():
    """In one batch or in two, the second order of a key does nothing."""
    lane, port = _Lane(), _Port()
    fold(lane, work(port), records(order(), order()))
    fold(lane, work(port), records(order(), start=2))
    assert port.took == {"k1": 1}
    assert lane.counts == {"sends_accepted": 1, "sends_duplicate": 2}
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
    lane, port = _Lane(), _Port()
    before, bad, after = records(order("k1"), order("k2"), order("k3"))
    fold(lane, work(port), [before, bad._replace(**record), after])
    assert lane.states() == {"k1": "accepted", "k3": "accepted"}
    assert lane.counts == {"sends_accepted": 2, "dead_letters": 1, f"dead_letters:{reason.decode()}": 1}
    [dead] = [out for out in lane.commits[-1].outs if out.topic == DEAD_LETTERS]
    assert dict(dead.headers)["nurture_reason"] == reason
    assert dead.value == bad._replace(**record).value


# ── not now, halted, suppressed in between ───────────────────────────────────────────────────────────────────


def test_not_now_waits_as_long_as_the_provider_says_and_sends_everything_in_order():
    """Proven not sent is not lost: the claim is taken back on the record, and the lead's order is kept."""
    lane, port, waits = _Lane(), _Port({"k1": [NotNow(42, "429")]}), []
    fold(lane, work(port, waits=waits), records(order("k1"), order("k2")))
    assert waits == [42]
    assert port.asked == ["k1", "k1", "k2"]
    assert lane.states() == {"k1": "accepted", "k2": "accepted"}
    assert lane.commits[1].rows[b"k1"].value is None
    assert lane.commits[1].upto is None


def test_not_now_backs_off_and_a_send_that_gets_too_old_is_skipped():
    """A provider that stays away is asked more and more seldom, and what is late is skipped as stale."""
    lane, port, waits = _Lane(), _Port({"k1": [NotNow(0, "refused")] * 99}), []
    lane.clock = SimpleNamespace(now=lambda: NOW + int(sum(waits) * 1000))
    fold(lane, work(port, waits=waits), records(order(not_after=NOW + 700_000)))
    assert waits[:5] == [1, 2, 4, 8, 16]
    assert max(waits) <= 300
    assert lane.states() == {"k1": "blocked"}
    assert [fact.reason for fact in lane.facts()] == ["stale"]


def test_halted_stops_the_lane_and_loses_nothing():
    """A refused key stops all that has not begun; it is tried again and again, and goes on by itself."""
    given = [order(f"k{number}", lead=f"l{number}") for number in range(40)]
    lane, port, waits = _Lane(), _Port({f"k{number}": [Halted("401")] * 3 for number in range(40)}), []
    asked = []
    lane.hook = lambda _: asked.append(len(port.asked))
    fold(lane, work(port, waits=waits), records(*given))
    assert asked[1] <= 16
    assert len(waits) >= 3
    assert min(waits) >= 30
    assert lane.counts == {"sends_accepted": 40}
    assert set(port.took.values()) == {1}


def test_a_failing_provider_does_not_turn_the_whole_line_into_held_sends():
    """After an unknown outcome the requests that have not begun stay at home for a while."""
    given = [order(f"k{number}", lead=f"l{number}") for number in range(100)]
    lane, port, waits = _Lane(), _Port({f"k{number}": [Unknown("500")] for number in range(100)}), []
    seen = []
    lane.hook = lambda _: seen.append(Counter(lane.states().values())["held"])
    fold(lane, work(port, waits=waits), records(*given))
    assert seen[1] <= 16
    assert waits[:3] == [1, 2, 4]


def test_an_unsubscribe_between_claim_and_request_stops_the_request():
    """The suppression list is asked again after the claim: the send is blocked, and the request never made."""
    lane, port, suppressions = _Lane(), _Port(), view()
    hashed = keyed_address("ada@wonder.example", KEY).encode()
    lane.hook = lambda number: suppressions.learn(hashed, b"{}") if number == 1 else None
    fold(lane, work(port, suppressions), records(order()))
    assert lane.states() == {"k1": "blocked"}
    assert lane.counts == {"sends_skipped:suppressed": 1}
    assert port.asked == []


def test_a_late_view_of_the_suppression_list_holds_the_line_and_skips_nobody():
    """While the view is old nothing is claimed, sent or committed; when it is fresh again everything goes."""
    lane, port = _Lane(), _Port()
    age = [11.0]
    suppressions = SuppressionView(KEY, now=lambda: age[0])
    suppressions.complete(0.0)
    sender = work(port, suppressions)
    waits = []

    async def sleep(seconds):
        waits.append((seconds, len(lane.commits)))
        age[0] = 0.0 if len(waits) == 3 else age[0]

    sender._sleep = sleep
    fold(lane, sender, records(order()))
    assert waits == [(1, 0)] * 3
    assert lane.states() == {"k1": "accepted"}


def test_a_view_that_grows_old_between_claim_and_request_takes_the_claim_back():
    """No request on an old view, even after the claim; nothing is skipped."""
    lane, port, waits = _Lane(), _Port(), []
    age = [0.0]
    suppressions = SuppressionView(KEY, now=lambda: age[0])
    suppressions.complete(0.0)
    lane.hook = lambda number: age.__setitem__(0, 11.0 if number == 1 else 0.0)
    fold(lane, work(port, suppressions, waits=waits), records(order()))
    assert [batch.rows[b"k1"].value is None for batch in lane.commits] == [False, True, False, False]
    assert lane.states() == {"k1": "accepted"}


# ── slow and lost ────────────────────────────────────────────────────────────────────────────────────────────


def test_outcomes_do_not_wait_for_a_request_that_hangs():
    """While one request hangs the outcomes of the others are committed."""
    lane, hanging = _Lane(), asyncio.Event()

    class _Hanging(_Port):
        async def send(self, letter):
            if letter.send_key == "slow":
                await hanging.wait()
            return await super().send(letter)

    lane.hook = lambda _: hanging.set() if lane.states()["k1"] == "accepted" else None
    fold(lane, work(_Hanging()), records(order("slow", lead="bob"), order("k1")))
    assert lane.states() == {"slow": "accepted", "k1": "accepted"}


def test_a_lane_that_ends_ends_its_requests():
    """When a commit fails no request of this life goes on: the next one may own the keys."""
    lane, cancelled = _Lane(crash_at=(2, "before")), []

    class _Hanging(_Port):
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
    lane = _Lane()
    fold(lane, work(_Port(), view("ada@wonder.example")), records(order(traits={"first_name": "Adelaide"}), notice()))
    written = msgspec.json.encode([dict(lane.counts), *(out.value for out in lane.outs), *lane.table.values()])
    assert b"wonder.example" not in written
    assert b"Adelaide" not in written


def test_an_order_again_with_another_policy_is_the_same_send():
    """A changed program or policy never sends a step again: the key says what a send is."""
    lane, port = _Lane(), _Port()
    fold(lane, work(port), records(order()))
    fold(lane, work(port), records(replace(order(), policy="p2", id="another"), start=1))
    assert port.took == {"k1": 1}
