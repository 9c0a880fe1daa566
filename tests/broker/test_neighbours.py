"""Lanes of one worker on a real broker: whatever one of them waits for, its neighbours go on."""

import asyncio

import pytest

from streams.engine.app import lane_app
from streams.engine.clock import WallClock
from streams.engine.lane import Kind
from streams.engine.observe import Silence
from streams.engine.reader import MOST_RECORDS
from streams.engine.rows import Rows
from streams.engine.settings import EngineSettings
from tests.broker import lane_worker as lab
from tests.broker.test_lane import some, tallies, until

MOST = 100
SLOW = 0  # the partition that waits


class Slow(lab.Counting):
    """Counts, but one partition's folds wait until they are let go."""

    let_go = None

    async def fold(self, lane, records):
        if lane.partition == SLOW:
            await self.let_go.wait()
        await super().fold(lane, records)


@pytest.fixture
def made(broker, unique, tmp_path):
    lab.create(broker, unique)
    return broker, unique, tmp_path


def an_app(made, work):
    bootstrap, run, data = made
    facts, _, rows, _ = lab.topics(run)
    settings = EngineSettings(
        bootstrap=bootstrap, data_dir=data, partitions=lab.PARTITIONS, session_timeout_s=2.0, heartbeat_s=0.5
    )
    return lane_app(f"app-{run}", [Kind(facts, rows, work, MOST)], settings, WallClock(), Silence())


def waiting(bootstrap, run):
    """How many records of a run are on the slow partition, and how many on the other."""
    slow = len(lab.read(bootstrap, f"facts-{run}", SLOW + 1))
    return slow, len(lab.read(bootstrap, f"facts-{run}")) - slow


def test_a_slow_lane_holds_up_nobody_and_its_memory_is_bounded(made):
    """A fold that takes longer than a session: the group keeps the worker, the neighbour folds all, the inbox stays small."""
    bootstrap, run, _ = made
    lab.produce(bootstrap, f"facts-{run}", some(20_000))
    slow, fast = waiting(bootstrap, run)
    most_waited = 0

    async def scenario():
        nonlocal most_waited
        Slow.let_go = asyncio.Event()
        async with lab.running(an_app(made, lambda: Slow(run))) as app:
            lanes = lambda: {lane.partition: lane for lane in app.lanes.status()}  # noqa: E731
            await until(lambda: 1 in lanes() and lanes()[1].counts.get("in") == fast)
            async with asyncio.timeout(30):
                for _ in range(30):  # more than a session
                    await asyncio.sleep(0.1)
                    most_waited = max([most_waited, *(len(box) for box in app.lanes.inboxes().values() if box)])
            assert lanes()[SLOW].counts.get("in", 0) == 0
            Slow.let_go.set()
            await until(lambda: lanes()[SLOW].counts.get("in") == slow)
            assert app.crash_reason is None

    asyncio.run(scenario())
    assert 2 * MOST <= most_waited < 2 * MOST + MOST_RECORDS < slow
    assert sum(tallies(bootstrap, run)[0].values()) == 20_000


def test_a_lane_that_cannot_begin_holds_up_nobody(made):
    """One partition's folder is held by another process: its lane tries again and again, its neighbour folds meanwhile."""
    bootstrap, run, data = made
    lab.produce(bootstrap, f"facts-{run}", some(1_000))
    slow, fast = waiting(bootstrap, run)
    held = Rows(data / f"app-{run}" / f"facts-{run}-{SLOW}")

    async def scenario():
        async with lab.running(an_app(made, lambda: lab.Counting(run))) as app:
            lanes = lambda: {lane.partition: lane for lane in app.lanes.status()}  # noqa: E731
            await until(lambda: 1 in lanes() and lanes()[1].counts.get("in") == fast)
            assert lanes()[SLOW].state != "folding"
            held.close()
            await until(lambda: lanes()[SLOW].counts.get("in") == slow)

    asyncio.run(scenario())
    assert sum(tallies(bootstrap, run)[0].values()) == 1_000
