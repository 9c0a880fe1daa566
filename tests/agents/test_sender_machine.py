"""The ledger and the sender under everything at once: crashes, repeats, late and missing events, operators, clocks."""

import asyncio
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agents.mail.port import Accepted, Halted, NotNow, Refused, Unknown
from agents.mail.waiting import open_ended
from agents.suppression import keyed_address
from schemas.commands import CancelContent, ConfirmSend, DropSend, ResendSend, SendContent
from schemas.topics import FACTS
from schemas.units import DAY, HOUR, MINUTE, day_of
from tests.agents.sending import (
    KEY,
    CrashError,
    Lane,
    Port,
    SteppedThrottle,
    controls,
    live,
    order,
    records,
    switch,
    view,
    work,
)

LEADS = {f"k{number}": ("ada", "bob", "cy", "dora")[number % 4] for number in range(60)}
KEYS = st.sampled_from(sorted(LEADS))
PROOFS = st.sampled_from(["processed", "delivered", "deferred", "dropped", "bounced", "opened", "clicked"])
ANSWERS = st.sampled_from(
    [
        "taken, but the answer is lost",
        Unknown("500"),
        "crash after taking",
        "crash before taking",
        NotNow(0, "connection refused"),
        NotNow(20, "429"),
        Refused("400"),
        Halted("401"),
        Accepted("m"),
        Accepted("m"),
    ]
)
CRASHES = st.none() | st.tuples(st.integers(1, 3), st.sampled_from(["before", "after"]))
MEDDLING = st.sampled_from(["", "", "", "unsubscribe bob", "stop", "views grow old"])
SETTLED = {"accepted", "rejected", "confirmed", "held", "blocked"}


class Provider(Port):
    """Answers at random, keeps the books that the ledger is compared with, and may take a mail and lose the answer."""

    def __init__(self, world):
        super().__init__()
        self.world, self.answers, self.letters, self.by_day, self.today = world, [], 0, Counter(), 0

    async def send(self, letter):
        world = self.world
        assert world.lane.states()[letter.send_key] == "claimed", "a request before its claim was on the record"
        assert letter.to not in world.unsubscribed, "a request after the suppression was visible"
        assert not world.switch.stopped(), "a request while the kill switch was on"
        assert world.old == 0, "a request on an old view"
        if letter.send_key in world.called_back():
            assert world.lane.entries()[letter.send_key].resent, "a request after it was called back"
        answer = self.answers.pop(0) if self.answers else Accepted("m")
        if answer in ("taken, but the answer is lost", "crash after taking") or isinstance(answer, Accepted):
            self._took(letter)
        if isinstance(answer, str) and answer.startswith("crash"):
            raise CrashError
        return Unknown("timeout") if isinstance(answer, str) else answer

    def _took(self, letter):
        self.took[letter.send_key] += 1
        self.today = max(self.today, day_of(self.world.lane.now))
        self.by_day[self.today] += 1


class World(RuleBasedStateMachine):
    """One lane, one provider, a log of orders, operators who meddle, and a clock that jumps."""

    def __init__(self):
        super().__init__()
        self.old, self.number, self.share = 0.0, 0, 0
        self.lane, self.log, self.unsubscribed = Lane(), [], set()
        self.throttle, self.switch, self.suppressions = SteppedThrottle(), controls(), view()
        for seen in (self.switch, self.suppressions):
            seen._now = lambda: self.old
        self.port = Provider(self)
        self.ordered = set()

    # what happens in the world

    @initialize(share=st.sampled_from([0, 0, 6]))
    def a_cap_is_agreed(self, share):
        """No cap, or six mails a day for this lane."""
        self.share = share

    @rule(keys=st.lists(KEYS, min_size=1, max_size=8), lasts=st.sampled_from([9 * DAY, 9 * DAY, 9 * DAY, HOUR]))
    def orders_come(self, keys, lasts):
        """The journey orders sends, some of them again under another policy."""
        for key in keys:
            self.log.append(order(key, LEADS[key], id=self._name(), not_after=self.lane.now + lasts))
            self.ordered.add(key)

    @precondition(lambda self: self.log)
    @rule(data=st.data(), who=st.sampled_from(["provider", "operator", "repeat", "operator again"]))
    def words_come(self, data, who):
        """True events of the provider, late and out of order; orders of operators; any record of the log again."""
        said = [word for word in self.log if isinstance(word, ResendSend)]
        if who == "repeat":
            self.log.append(data.draw(st.sampled_from(self.log)))
        elif who == "operator again" and said:
            self.log.append(said[-1])
        elif who == "provider" and self.port.took:
            self._tell(data.draw(st.sampled_from(sorted(self.port.took))), data.draw(PROOFS))
        elif who != "provider" and (doubts := self._in("unknown", "held")) and data.draw(st.booleans()):
            self._order_again(data.draw(st.sampled_from(doubts)))
        elif who != "provider" and (open_ones := self._in("unknown", "held", "planned", "retry")):
            key = data.draw(st.sampled_from(open_ones))
            self.log.append(DropSend(id=self._name(), lead_id=LEADS[key], send_key=key, seen=0, by="ines", why="wrong"))

    @precondition(lambda self: self.ordered)
    @rule(data=st.data())
    def a_program_ends(self, data):
        """The journey calls an order back, behind it in the log: read with it, later, or far too late."""
        key = data.draw(st.sampled_from(sorted(self.ordered)))
        about = {"because": "goal", "seen": 0, "policy": "p1", "email": "night-load", "program": "p", "step": "one"}
        self.log.append(CancelContent(id=self._name(), lead_id=LEADS[key], send_key=key, **about))

    @rule(what=st.sampled_from(["stop", "go", "views grow old", "views are read", "unsubscribe cy", *"hhddwb"]))
    def the_world_changes(self, what):
        """The kill switch, the broker, a reader, the time: between two turns of the lane."""
        jumps = {"h": HOUR, "d": DAY, "w": 7 * DAY, "b": -DAY}
        if what in jumps:
            self._pass(jumps[what])
        else:
            self._meddle(what)

    # what the worker does

    @rule(
        most=st.integers(2, 12),
        crash_at=CRASHES,
        answers=st.lists(ANSWERS, min_size=1, max_size=8),
        what=MEDDLING,
        healed=st.sampled_from([None, 0, MINUTE, HOUR]),
    )
    def a_turn_of_the_lane(self, most, crash_at, answers, what, healed):
        """Folds what waits, then gives out what is due, as the engine does; and may end at any window.

        ``healed``: a new process, no stop, fresh views, and so much time (ms) since the last turn.
        """
        if healed is not None:
            self.throttle, self.old = SteppedThrottle(), 0.0
            self._meddle("go")
            self._pass(healed)
        self._turn(most, crash_at, answers, what)

    # what must hold at any time

    @invariant()
    def no_second_request_without_an_operator(self):
        """Accepted requests per send key are one at most, and one more for each resend that the entry names."""
        entries = self.lane.entries()
        for key, took in self.port.took.items():
            resends = [ordered for ordered in entries[key].ordered if ordered.what == "resend"]
            assert took <= 1 + len(resends)
            assert entries[key].resent == len(resends) == len({ordered.id for ordered in resends})
            assert all(ordered.by and ordered.why for ordered in entries[key].ordered)

    @invariant()
    def the_ledger_does_not_lie(self):
        """What it calls accepted or confirmed was taken; what it calls refused or skipped was not, unless resent."""
        for key, entry in self.lane.entries().items():
            if entry.state in ("accepted", "confirmed"):
                assert self.port.took[key] >= 1
            if entry.state in ("rejected", "retry", "planned") and not entry.resent:
                assert self.port.took[key] == 0

    @invariant()
    def what_is_called_back_waits_no_more(self):
        """Once that was read; only an operator can have it sent after all."""
        entries = self.lane.entries()
        for key in self.called_back():
            assert entries[key].resent or entries[key].state not in ("planned", "retry", "claimed")

    @invariant()
    def every_order_read_is_in_one_state(self):
        """What is before the position has an entry, and there is none for what was never ordered."""
        read = {word.send_key for word in self.log[: self.lane.position] if isinstance(word, SendContent)}
        assert read <= set(self.lane.states()) <= self.ordered

    @invariant()
    def the_counts_are_those_of_the_rows(self):
        """By state, in doubt, and one fact for each settling that is counted: facts in = applied + duplicates."""
        counts, entries = self.lane.counts, self.lane.entries()
        assert {n.removeprefix("state:"): c for n, c in counts.items() if n.startswith("state:") and c} == Counter(
            entry.state for entry in entries.values()
        )
        doubts = {key.removeprefix(b"\0doubt:").decode() for key, _ in self.lane.within(b"\0doubt:")}
        assert doubts == {key for key, entry in entries.items() if entry.state in ("unknown", "held")}
        told = sum(n for name, n in counts.items() if name.startswith("sends_") and name != "sends_duplicate")
        assert told == sum(out.topic == FACTS for out in self.lane.outs)

    @invariant()
    def no_day_has_more_than_its_share(self):
        """The cap holds through crashes and clock jumps; a day that comes again is the same day."""
        assert not self.share or all(count <= self.share for count in self.port.by_day.values())

    def teardown(self):
        """The world heals: everything ends in exactly one settled state, by itself."""
        self.switch.learn(b"sends", None)
        self.old, self.port.answers = 0.0, []
        for turn in range(12 * 15):  # fifteen days, two hours at a time: every order's time is over by then
            self._turn(len(self.log), None, [], "")
            assert turn < 2 or not any(map(open_ended, self.lane.entries().values())), "nothing to wait for any more"
            self._pass(2 * HOUR)
        assert self.lane.position == len(self.log)
        assert set(self.lane.states()) == self.ordered
        assert set(self.lane.states().values()) <= SETTLED
        self.no_second_request_without_an_operator()
        self.the_ledger_does_not_lie()
        self.the_counts_are_those_of_the_rows()
        self.no_day_has_more_than_its_share()

    # how

    def _name(self):
        self.number += 1
        return f"n{self.number}"

    def called_back(self):
        """What the lane has read that it must not send any more."""
        return {word.send_key for word in self.log[: self.lane.position] if isinstance(word, CancelContent)}

    def _in(self, *states):
        return sorted(key for key, state in self.lane.states().items() if state in states)

    def _tell(self, key, proof):
        self.log.append(ConfirmSend(id=self._name(), lead_id=LEADS[key], send_key=key, seen=0, event=proof))

    def _order_again(self, key):
        again = order(key, LEADS[key], not_after=self.lane.now + 9 * DAY)
        word = {"id": self._name(), "lead_id": LEADS[key], "send_key": key, "seen": 0, "by": "ines", "why": "asked"}
        self.log.append(ResendSend(order=again, **word))

    def _pass(self, ms):
        self.lane.now += ms
        self.throttle.at += max(ms, 0) / 1_000

    def _turn(self, most, crash_at, answers, what):
        lane = self.lane
        lane.crash_at = crash_at and (len(lane.commits) + crash_at[0], crash_at[1])
        lane.hook = lambda _: self._meddle(what)
        self.port.answers = list(answers)
        sender = work(
            self.port, self.suppressions, switch=self.switch, throttle=self.throttle, share=self.share, waits=[]
        )
        words = self.log[lane.position : lane.position + most]
        try:
            if words:
                asyncio.run(live(lane, sender, records(*words, start=lane.position)))
            if lane.due_now() or self._in("planned", "retry"):  # what is due, and what may wait no more
                asyncio.run(live(lane, sender, None))
        except CrashError:
            pass

    def _meddle(self, what):
        match what.split():
            case ["unsubscribe", lead]:
                self.unsubscribed.add(f"{lead}@wonder.example")
                self.suppressions.learn(keyed_address(f"{lead}@wonder.example", KEY).encode(), b"{}")
            case ["stop" | "go" as turned]:
                self.switch.learn(b"sends", switch(stopped=turned == "stop"))
            case ["views", *rest]:
                self.old = 11.0 if rest == ["grow", "old"] else 0.0


World.TestCase.settings = settings(
    max_examples=300, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_the_ledger_and_the_sender_under_everything_at_once():
    """Crashes at every window, repeats, reordering, late and missing events, unsubscribes, kill switch, clock jumps."""
    World.TestCase("runTest").runTest()


def test_the_machine_would_notice():
    """A provider that is asked twice for one key fails the machine: it is no test that cannot fail."""
    world = World()
    world.orders_come(["k1"], DAY)
    world.a_turn_of_the_lane(1, None, [], "", None)
    world.port.took["k1"] += 1
    with pytest.raises(AssertionError):
        world.no_second_request_without_an_operator()
