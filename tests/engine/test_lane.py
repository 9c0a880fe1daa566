"""A lane between its lives, without a broker: how much the next one takes, and how soon it begins."""

import asyncio
from types import SimpleNamespace

import pytest

from streams.engine import lane
from streams.engine.clock import WallClock
from streams.engine.due import NEVER
from streams.engine.lane import Kind, Lane, Shared
from streams.engine.observe import Silence
from streams.engine.problem import LifeEnded
from streams.engine.record import Batch, Record
from streams.engine.settings import EngineSettings

COUNT = 40


class Lives:
    """All lives of one lane. ``takes`` says whether a transaction is answered: the life's number, its own, its size."""

    def __init__(self, takes, silence=TimeoutError):
        self.takes, self.silence, self.begun, self.position, self.tried, self.pauses = takes, silence, 0, 0, [], []

    async def begin(self, *_):
        self.begun += 1
        return ALife(self)

    async def pause(self, seconds, sleep=asyncio.sleep):
        self.pauses.append(seconds)
        await sleep(0)


class ALife:
    """One of them: it ends at the first transaction that is not answered."""

    def __init__(self, lives):
        self.lives, self.number, self.done, self.over, self.counts = lives, lives.begun, 0, None, {}
        self.rows = SimpleNamespace(due=SimpleNamespace(low=NEVER, take=lambda *_: []))

    @property
    def position(self):
        return self.lives.position

    @property
    def fruitful(self):
        return self.done > 0

    async def commit(self, batch):
        size = batch.upto - self.position
        self.lives.tried.append(size)
        if not self.lives.takes(self.number, self.done, size):
            self.over = LifeEnded(self.lives.silence())
            raise self.over
        self.lives.position, self.done = batch.upto, self.done + 1

    async def close(self):
        """It holds nothing."""


class Plain:
    """A work that commits what it is given."""

    async def begin(self, _):
        """It remembers nothing."""

    async def fold(self, lane, records):
        await lane.commit(Batch(upto=records[-1].offset + 1))


async def always():
    return True


def live(monkeypatch, lives, most, enough, ours=always):
    """A lane before which everything waits, until it has been enough."""
    sleep = asyncio.sleep
    monkeypatch.setattr(lane, "Life", lives)
    monkeypatch.setattr(asyncio, "sleep", lives.pause)

    async def scenario(crashed):
        async def crash(bug):
            crashed.append(bug)

        settings = EngineSettings(bootstrap="", data_dir=None)
        one = Lane(
            Kind("facts", "rows", Plain, most), 0, Shared("app", settings, WallClock(), Silence(), None, ours, crash)
        )
        async with asyncio.timeout(30):
            while not (enough() or crashed):
                if one.inbox is not None and not one.inbox.sought:
                    one.inbox.sought, start = True, lives.position
                    waiting = [Record("facts", 0, offset, 0, b"ada", b"", ()) for offset in range(start, COUNT)]
                    one.inbox.receive(waiting, COUNT, COUNT)
                await sleep(0)
        await one.end()
        return crashed

    assert asyncio.run(scenario([])) == []


def test_what_is_too_much_for_one_transaction_is_taken_in_smaller_parts(monkeypatch):
    """A fold whose commit is not answered in time is not tried as it was: half of it is, and so on until one fits."""
    lives = Lives(lambda _life, _done, size: size <= 3)
    live(monkeypatch, lives, 16, lambda: lives.position == COUNT)
    assert lives.tried[:7] == [16, 8, 4, 2, 3, 4, 2]


def test_a_lane_takes_as_many_as_ever_once_the_broker_is_quick_again(monkeypatch):
    """One silence makes folds smaller for a while, and then no more."""
    lives = Lives(lambda life, _done, _size: life > 1)
    live(monkeypatch, lives, 8, lambda: lives.position == COUNT)
    assert lives.tried == [8, 4, 5, 6, 7, 8, 8, 2]


def test_a_refusal_is_no_matter_of_size(monkeypatch):
    """Who is fenced, or told no, takes as many records in the next life as in this one."""
    lives = Lives(lambda life, _done, _size: life > 2, PermissionError)
    live(monkeypatch, lives, 8, lambda: lives.position == COUNT)
    assert lives.tried == [8] * 7


@pytest.mark.parametrize("silence", [TimeoutError, PermissionError])
def test_lives_that_achieve_nothing_are_further_and_further_apart(monkeypatch, silence):
    """To have recovered and folded is nothing: only what was committed makes the next pause a short one again."""
    lives = Lives(lambda life, done, _size: (life, done) == (7, 0), silence)
    live(monkeypatch, lives, 1, lambda: len(lives.pauses) == 9)
    assert lives.pauses[:9] == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 0.05, 0.1, 0.2]


def test_who_is_shut_out_says_so_and_waits_to_be_let_in(monkeypatch, caplog):
    """Once the group counts a worker out, it fences nobody: one sentence with what to do, and no life until it is back."""
    answers = iter([False, False, False, True])
    begun = []

    async def ours():
        begun.append(lives.begun)
        return next(answers)

    lives = Lives(lambda life, _done, _size: life > 1)
    live(monkeypatch, lives, COUNT, lambda: lives.position == COUNT, ours)
    assert (begun, lives.begun) == ([1] * 4, 2)
    (sentence,) = (said.getMessage() for said in caplog.records if "counts this worker out" in said.getMessage())
    assert "raise NURTURE_SESSION_TIMEOUT_S or give it more CPU" in sentence
