"""Static membership: a worker with a name may be restarted, and nothing of anybody else's moves."""

import asyncio
import collections
import json

from streams.engine.clock import WallClock
from streams.engine.observe import Silence
from tests.broker import lane_worker as lab
from tests.broker.test_lane import Worker, judge, some, tallies, until

SESSION_S = 30.0


class Births(Silence):
    """Counts the lives of each lane."""

    def __init__(self):
        self.lives = collections.Counter()

    def lane_state(self, topic, partition, state):
        self.lives[topic, partition] += state == "fencing"


def test_a_restart_within_the_session_moves_nothing(broker, unique, tmp_path):
    """A named worker goes and comes back: the other's lanes live on, and what came meanwhile is folded by both."""
    lab.create(broker, unique)
    births, items = Births(), some(900)
    named = {"session_timeout_s": SESSION_S, "instance_id": "second"}

    def second():
        return Worker(broker, unique, tmp_path / "second", SETTINGS=json.dumps(named))

    def folded(count):
        return lambda: sum(tallies(broker, unique)[0].values()) == count

    async def scenario():
        app = lab.an_app(
            broker, unique, tmp_path / "first", WallClock(), observe=births, **named | {"instance_id": "first"}
        )
        async with lab.running(app):
            await until(lambda: len(app.lanes.status()) == 2 * lab.PARTITIONS)
            with second() as worker:
                await until(lambda: len(app.lanes.status()) == lab.PARTITIONS)
                await asyncio.to_thread(lab.produce, broker, f"facts-{unique}", items[:300])
                await asyncio.to_thread(worker.until, folded(300))
                before = dict(births.lives)
                worker.process.terminate()
                await asyncio.to_thread(worker.process.wait, 60)
            await asyncio.to_thread(lab.produce, broker, f"facts-{unique}", items[300:])
            with second() as worker:
                await asyncio.to_thread(worker.until, folded(900))
            assert dict(births.lives) == before
            assert len(app.lanes.status()) == lab.PARTITIONS

    asyncio.run(scenario())
    judge(broker, unique, items)
