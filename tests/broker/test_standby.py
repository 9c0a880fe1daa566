"""Warm standby: who takes over reads only what came since, and never opens a folder that is still held."""

import asyncio
import collections

from aiokafka import TopicPartition

from streams.engine.clock import WallClock
from streams.engine.life import Place
from streams.engine.observe import Silence
from streams.engine.standby import chosen
from tests.broker import lane_worker as lab
from tests.broker.test_lane import Worker, drained, tallies, until

ROWS = 20_000
KINDS = ("facts", "others")


class Watch(Silence):
    """Counts the changelog records applied, by partition and by what the partition was at the time."""

    def __init__(self):
        self.state = {}
        self.applied = collections.Counter()

    def lane_state(self, topic, partition, state):
        self.state[topic, partition] = state
        if state in {"fencing", "standby"}:
            self.applied[topic, partition, state] = 0

    def recovering(self, topic, partition, applied, left):  # noqa: ARG002
        if self.state[topic, partition] == "standby":
            self.applied[topic, partition, "standby"] += applied
        else:
            self.applied[topic, partition, "fencing"] = applied


def places(run):
    facts, others, *_ = lab.topics(run)
    return [(topic, partition) for topic in (facts, others) for partition in range(lab.PARTITIONS)]


def test_a_takeover_replays_only_the_tail(broker, unique, tmp_path):
    """Half of 20,000 rows move to a worker that kept them warm: it applies a few hundred records, and counts on."""
    lab.create(broker, unique)
    facts, others, *_ = lab.topics(unique)
    for topic in (facts, others):
        lab.produce(broker, topic, [(b"lead-%d" % number, b"1") for number in range(ROWS // 2)])
    watch = Watch()

    async def scenario():
        app = lab.an_app(broker, unique, tmp_path / "warm", WallClock(), observe=watch, standby=4)
        async with lab.running(app):
            await until(lambda: app.lanes.status() and app.lanes.standbys())
            theirs = {(lane.topic, lane.partition) for lane in app.lanes.standbys()}
            await until(lambda: all(watch.applied[*place, "standby"] > ROWS // 5 for place in theirs))
            await until(lambda: not any(lane.lag for lane in app.lanes.standbys()))
            await asyncio.to_thread(stop, first)
            await until(lambda: len(app.lanes.status()) == len(places(unique)))
            await drained(app, broker, unique)
            return theirs, {(lane.topic, lane.partition): lane.counts for lane in app.lanes.status()}

    with Worker(broker, unique, tmp_path / "first") as first:
        first.until(lambda: all(sum(tallies(broker, unique, name)[0].values()) == ROWS // 2 for name in KINDS))
        theirs, counts = asyncio.run(scenario())
    assert theirs
    assert all(watch.applied[*place, "fencing"] < 1_000 for place in theirs)
    assert sum(found["in"] for found in counts.values()) == ROWS


def stop(worker):
    worker.process.terminate()
    worker.process.wait(60)


def test_neighbours_keep_different_partitions_warm():
    """Bounded, and around the ring from a worker's own: two workers with the same bound cover more together."""
    ring = [Place("app", TopicPartition("facts", number), TopicPartition("rows", number)) for number in range(8)]
    first = chosen(ring[:2], ring[2:], 2)
    second = chosen(ring[2:4], ring[:2] + ring[4:], 2)
    assert (first, second) == (ring[2:4], ring[4:6])
    assert chosen((), ring, 0) == []
