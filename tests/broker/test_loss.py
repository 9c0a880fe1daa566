"""What the broker no longer has: a lane that has not read it says so and stops, and never skips in silence."""

import asyncio
import json

import pytest

from streams.engine.clock import WallClock
from tests.broker import lane_worker as lab
from tests.broker.test_lane import SECONDS, Worker, drained, some, tallies, until


@pytest.fixture
def made(broker, unique, tmp_path):
    lab.create(broker, unique)
    return broker, unique, tmp_path / "worker"


def test_a_loss_at_rest_is_refused_until_it_is_accepted(made):
    """Records deleted while nobody read: the start is refused with how many and what to do; accepted, they are counted."""
    bootstrap, run, data = made
    topic = f"facts-{run}"
    lab.produce(bootstrap, topic, [(b"ada", b"1")] * 10)
    with Worker(bootstrap, run, data) as worker:
        worker.until(lambda: tallies(bootstrap, run)[0] == {b"ada": 10})
    lab.produce(bootstrap, topic, [(b"ada", b"1")] * 10)
    [(place, partition)] = [place for place, end in lab.ends(bootstrap, [topic]).items() if end]
    lab.forget(bootstrap, place, partition, 17)
    with Worker(bootstrap, run, data) as worker:
        assert worker.process.wait(SECONDS) != 0
        assert "begins at 17, but its lane has read to 10: up to 7 records are gone" in worker.log.read_text()
        assert f"NURTURE_ACCEPT_LOSS={topic}" in worker.log.read_text()
    with Worker(bootstrap, run, data, SETTINGS=json.dumps({"accept_loss": [topic]})) as worker:
        worker.until(lambda: tallies(bootstrap, run)[0] == {b"ada": 13})
    counted = [json.loads(row) for key, row in lab.read(bootstrap, f"rows-{topic}") if key == b"\0counts"]
    assert counted[-1] == {"in": 13, "lost": 7}


def test_a_loss_while_running_is_refused(made):
    """Retention that overtakes a slow lane ends it with the same sentence; what it had fetched is folded first."""
    bootstrap, run, data = made
    topic = f"facts-{run}"
    lab.produce(bootstrap, topic, [(b"ada", b"." * 50_000)] * 300)  # far more than a fetch brings
    [(place, partition)] = [place for place, end in lab.ends(bootstrap, [topic]).items() if end]
    with Worker(bootstrap, run, data, PAUSE="0.5", MOST="10") as worker:
        worker.until(lambda: tallies(bootstrap, run)[0])
        lab.forget(bootstrap, place, partition, 290)
        assert worker.process.wait(SECONDS) != 0
        assert "begins at 290, but its lane has read to" in worker.log.read_text()
    [folded] = tallies(bootstrap, run)[0].values()
    assert folded < 290


def test_markers_that_go_are_no_loss(made):
    """A lane that was idle has committed past the markers behind its last record, so their deletion is no loss."""
    bootstrap, run, data = made
    topic = f"facts-{run}"
    lab.produce(bootstrap, topic, some(60), transaction=f"source-{run}")

    async def life(until_all):
        async with lab.running(lab.an_app(bootstrap, run, data, WallClock(), settle_s=0.2)) as app:
            await drained(app, bootstrap, run)
            await until_all(app)

    def positions():
        rows = lab.read(bootstrap, f"rows-{topic}")
        return sorted(int(row) for key, row in dict.fromkeys(rows) if key == b"\0position")

    ends = lab.ends(bootstrap, [topic])

    async def settled(_):
        await until(lambda: set(ends.values()) <= set(positions()))

    async def nothing(_):
        pass

    asyncio.run(life(settled))
    for (name, partition), end in ends.items():
        lab.forget(bootstrap, name, partition, end)
    asyncio.run(life(nothing))


def test_a_source_that_is_deleted_is_named(made):
    """Its partitions would be taken away without a word: the worker ends, and says what is gone and what to do."""
    bootstrap, run, data = made
    topic = f"facts-{run}"
    lab.produce(bootstrap, topic, [(b"ada", b"1")] * 10)
    with Worker(bootstrap, run, data) as worker:
        worker.until(lambda: tallies(bootstrap, run)[0] == {b"ada": 10})
        lab.recreate(bootstrap, topic, partitions=0)
        assert worker.process.wait(SECONDS) != 0
        assert f"topic {topic} is gone from the broker" in worker.log.read_text()
    assert tallies(bootstrap, run)[0] == {b"ada": 10}
