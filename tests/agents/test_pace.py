"""A file waits for live facts: while many records wait it pours nothing, and where nobody works it does not wait."""

import asyncio

import pytest

from agents.ingest.pace import MOST_WAITING, PATIENCE_S, READERS, Pace
from agents.worker import SOURCES

MANY = MOST_WAITING + 1


class World:
    """A backlog that is told in advance (its last figure for ever), and a watch that moves by sleeping."""

    def __init__(self, *backlog):
        self.backlog, self.time, self.asked = list(backlog), 0.0, 0

    async def waiting(self):
        self.asked += 1
        return self.backlog.pop(0) if len(self.backlog) > 1 else self.backlog[0]

    async def sleep(self, seconds):
        self.time += seconds

    def pace(self):
        return Pace(self.waiting, now=lambda: self.time, sleep=self.sleep)


@pytest.mark.parametrize(
    ("backlog", "asked"),
    [((0,), 1), ((MOST_WAITING,), 1), ((MANY, 0), 2), ((MANY + 9, MANY + 5, MANY, MOST_WAITING), 4)],
)
def test_pours_once_few_wait(backlog, asked):
    """It asks until few records wait, and no longer."""
    world = World(*backlog)
    asyncio.run(world.pace().turn())
    assert world.asked == asked


def test_a_backlog_that_shrinks_is_waited_for_however_long():
    """Ten times the patience, as long as it grows fewer."""
    world = World(*range(MANY + int(200 * PATIENCE_S), MOST_WAITING - 1, -1))
    asyncio.run(world.pace().turn())
    assert world.time > 9 * PATIENCE_S


def test_a_backlog_that_stands_still_is_not_waited_for_twice():
    """Nobody works: after its patience it pours, and asks no more."""
    world = World(MANY)
    pace = world.pace()
    asyncio.run(pace.turn())
    assert PATIENCE_S < world.time < PATIENCE_S + 1
    waited = world.time
    asyncio.run(pace.turn())
    assert world.time == waited


def test_it_asks_those_who_read():
    """Groups and topics are those of the agents between a message and its decision."""
    assert {group: set(read) for group, read in READERS.items()} == {
        f"nurture-{name}": set(SOURCES[name]) for name in ("intake", "journey")
    }
