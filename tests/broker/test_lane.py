"""The lane on a real broker: whatever is killed, lost or swapped, every record counts once and every command goes once."""

import asyncio
import collections
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from streams.engine.clock import WallClock
from tests.broker import lane_worker as lab

SECONDS = 60


class Worker:
    """A worker process; what it prints goes to a file."""

    def __init__(self, bootstrap, run, data, **more):
        data.mkdir(parents=True, exist_ok=True)
        self.log = data.with_suffix(".log")
        env = os.environ | {"BOOTSTRAP": bootstrap, "RUN": run, "DATA": str(data)} | more
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.broker.lane_worker"], env=env, stdout=log, stderr=log
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def until(self, reached):
        """Wait for something to become true while the worker lives."""
        deadline = time.monotonic() + SECONDS
        while not reached():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)


def some(count, keys=40):
    return [(b"lead-%d" % (number * 7919 % keys), b"%d" % number) for number in range(count)]


def tallies(bootstrap, run, source="facts"):
    """What the changelog says in the end: counts by key, and the engine's own counts added up."""
    rows = dict(lab.read(bootstrap, f"rows-{source}-{run}"))
    counts = {key: lab.decode(row).count for key, row in rows.items() if not key.startswith(b"\0")}
    ours = [msgspec.json.decode(row) for key, row in lab.read(bootstrap, f"rows-{source}-{run}") if key == b"\0counts"]
    return counts, max((found.get("in", 0) for found in ours), default=0)


def commands_due(items):
    seen = collections.Counter()
    due = collections.Counter()
    for key, _ in items:
        seen[key] += 1
        if seen[key] % 3 == 0:
            due[b"%s:%d" % (key, seen[key])] += 1
    return dict(seen), due


def judge(bootstrap, run, items):
    """Each record counted once, each command sent once."""
    counts, due = commands_due(items)
    assert tallies(bootstrap, run)[0] == counts
    assert collections.Counter(value for _, value in lab.read(bootstrap, f"commands-{run}")) == due


@pytest.fixture
def made(broker, unique, tmp_path):
    lab.create(broker, unique)
    return broker, unique, tmp_path / "worker"


def test_kill_9_in_the_middle(made):
    """A worker killed three times while it folds loses nothing, counts nothing twice, and repeats no command."""
    bootstrap, run, data = made
    items = some(2_000)
    lab.produce(bootstrap, f"facts-{run}", items, transaction=f"source-{run}")
    _, due = commands_due(items)
    for part in (0.2, 0.5, 0.8):
        with Worker(bootstrap, run, data, PAUSE="0.02", MOST="50") as worker:
            worker.until(lambda part=part: len(lab.read(bootstrap, f"commands-{run}")) >= part * len(due))
    with Worker(bootstrap, run, data) as worker:
        worker.until(lambda: len(lab.read(bootstrap, f"commands-{run}")) >= len(due))
    judge(bootstrap, run, items)


def test_a_worker_whose_session_expired_waits_and_comes_back(made):
    """Stopped in a transaction, it wakes up shut out: it writes nothing, lives on, and is given lanes again."""
    bootstrap, run, data = made
    items, more = some(1_000), some(1_400)[1_000:]
    lab.produce(bootstrap, f"facts-{run}", items)
    with Worker(bootstrap, run, data / "zombie", MOST="50", NURTURE_FAIL_AT="J3:5:STOP") as zombie:
        zombie.until(lambda: _is_stopped(zombie.process.pid))
        with Worker(bootstrap, run, data / "successor") as successor:
            successor.until(lambda: sum(tallies(bootstrap, run)[0].values()) == len(items))
            os.kill(zombie.process.pid, signal.SIGCONT)
            zombie.until(lambda: "a life has ended" in zombie.log.read_text())
        lab.produce(bootstrap, f"facts-{run}", more)
        zombie.until(lambda: sum(tallies(bootstrap, run)[0].values()) == len(items + more))
    judge(bootstrap, run, items + more)


def _is_stopped(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_state_folder_lost(made):
    """Without its folder a worker gets rows and position from the changelog, and goes on where it was."""
    bootstrap, run, data = made
    first, second = some(500), some(900)[500:]
    lab.produce(bootstrap, f"facts-{run}", first)
    with Worker(bootstrap, run, data) as worker:
        worker.until(lambda: sum(tallies(bootstrap, run)[0].values()) == len(first))
    shutil.rmtree(data)
    lab.produce(bootstrap, f"facts-{run}", second)
    with Worker(bootstrap, run, data) as worker:
        worker.until(lambda: sum(tallies(bootstrap, run)[0].values()) == len(first + second))
    judge(bootstrap, run, first + second)


def test_rows_of_another_changelog_are_refused(made):
    """A folder whose birth id is not the changelog's stops the worker with a sentence that says what to do."""
    bootstrap, run, data = made
    other = f"{run}x"
    lab.create(bootstrap, other)
    lab.produce(bootstrap, f"facts-{run}", some(10))
    lab.produce(bootstrap, f"facts-{other}", some(10))
    for name in (run, other):
        with Worker(bootstrap, name, data / name) as worker:
            worker.until(lambda name=name: sum(tallies(bootstrap, name)[0].values()) == 10)
    mine, foreign = data / run / f"app-{run}", data / other / f"app-{other}"
    shutil.rmtree(mine)
    for folder in foreign.iterdir():
        shutil.copytree(folder, mine / folder.name.replace(other, run))
    with Worker(bootstrap, run, data / run) as worker:
        assert worker.process.wait(SECONDS) != 0
        assert "was made anew, or the folder is from another cluster. Delete the folder" in worker.log.read_text()


def test_a_bug_stops_the_worker_unacknowledged(made):
    """An exception in a fold ends the worker with an error, and the record is there for its successor."""
    bootstrap, run, data = made
    lab.produce(bootstrap, f"facts-{run}", [(b"ada", b"1")])
    with Worker(bootstrap, run, data) as worker:
        worker.until(lambda: tallies(bootstrap, run)[0] == {b"ada": 1})
        lab.produce(bootstrap, f"facts-{run}", [(b"ada", b"bug")])
        assert worker.process.wait(SECONDS) != 0
        assert "a bug in the work" in worker.log.read_text()
    assert tallies(bootstrap, run)[0] == {b"ada": 1}


def test_two_kinds_in_one_app(made):
    """Two sources in one app keep their own rows and positions, though keys and partitions are the same."""
    bootstrap, run, data = made
    lab.produce(bootstrap, f"facts-{run}", some(300))
    lab.produce(bootstrap, f"others-{run}", some(120))

    async def scenario():
        async with lab.running(lab.an_app(bootstrap, run, data, WallClock())) as app:
            await drained(app, bootstrap, run)
            return {(lane.topic, lane.partition): lane.counts for lane in app.lanes.status()}

    counts = asyncio.run(scenario())
    assert len(counts) == 2 * lab.PARTITIONS
    assert sum(found.get("in", 0) for (topic, _), found in counts.items() if topic == f"facts-{run}") == 300
    assert sum(found.get("in", 0) for (topic, _), found in counts.items() if topic == f"others-{run}") == 120


async def until(reached):
    async with asyncio.timeout(SECONDS):
        while not reached():  # noqa: ASYNC110  (the lanes tell nobody)
            await asyncio.sleep(0.01)


async def drained(app, bootstrap, run, clock=0):
    """As a driver does it: all lanes idle, past the ends that were taken before, and at the clock."""
    facts, others, *_ = lab.topics(run)
    ends = await asyncio.to_thread(lab.ends, bootstrap, (facts, others))

    def done():
        lanes = app.lanes.status()
        return len(lanes) == len(ends) and all(
            lane.idle and lane.position >= ends[lane.topic, lane.partition] and lane.clock >= clock for lane in lanes
        )

    await until(done)


def test_ticks_come_once_and_in_time(made):
    """A due row gets its tick when the stepped clock passes, not before, and once; a new life may ask again."""
    bootstrap, run, data = made
    asked = [(b"ada", b"remind:5000"), (b"ben", b"remind:9000")]
    ticks = []

    async def step(app, ms):
        await asyncio.to_thread(lab.produce, bootstrap, f"clock-{run}", [(b"clock", b"%d" % ms)])
        await drained(app, bootstrap, run, clock=ms)
        found = await asyncio.to_thread(lab.read, bootstrap, f"commands-{run}")
        ticks.append(sorted(value for _, value in found if value.startswith(b"tick:")))

    async def life(*times):
        clock = lab.stepped(bootstrap, run, data)
        async with lab.running(lab.an_app(bootstrap, run, data, clock)) as app:
            for ms in times:
                await step(app, ms)

    lab.produce(bootstrap, f"facts-{run}", asked)
    asyncio.run(life(4999, 5000, 6000, 9000, 9500))
    ada, ben = b"tick:ada:5000", b"tick:ben:9000"
    assert ticks == [[], [ada], [ada], [ada, ben], [ada, ben]]
    asyncio.run(life(9501))
    assert ticks[-1] == [ada, ada, ben, ben]


def test_settled_lanes_have_passed_the_markers(made):
    """A source written in transactions ends in a marker: an idle lane's position is past it, and its lag is zero."""
    bootstrap, run, data = made
    lab.produce(bootstrap, f"facts-{run}", some(100), transaction=f"source-{run}")

    async def scenario():
        async with lab.running(lab.an_app(bootstrap, run, data, WallClock())) as app:
            await drained(app, bootstrap, run)
            return [lane.lag for lane in app.lanes.status()]

    assert asyncio.run(scenario()) == [0] * 2 * lab.PARTITIONS


@pytest.mark.parametrize(("partitions", "sentence"), [(0, "is missing: create it"), (1, "has 2 partitions, but its")])
def test_a_wrong_changelog_is_refused(made, partitions, sentence):
    """A changelog that is missing, or has other partitions than its source, stops the worker with a sentence."""
    bootstrap, run, data = made
    lab.recreate(bootstrap, f"rows-facts-{run}", partitions)
    with Worker(bootstrap, run, data) as worker:
        assert worker.process.wait(SECONDS) != 0
        assert sentence in worker.log.read_text()


def test_commands_that_cannot_be_sent_hold_everything_back(made):
    """While a command's topic is missing nothing is counted; once it is there, everything is, once."""
    bootstrap, run, data = made
    items = some(30, keys=5)
    lab.recreate(bootstrap, f"commands-{run}", 0)
    lab.produce(bootstrap, f"facts-{run}", items)
    with Worker(bootstrap, run, data, SETTINGS='{"transaction_timeout_ms": 2000}') as worker:
        worker.until(lambda: f"does not know the topic commands-{run}" in worker.log.read_text())
        assert tallies(bootstrap, run)[0] == {}
        lab.recreate(bootstrap, f"commands-{run}", lab.PARTITIONS)
        worker.until(lambda: sum(tallies(bootstrap, run)[0].values()) == len(items))
    judge(bootstrap, run, items)


def test_a_changelog_made_anew_is_refused(made):
    """A changelog that was made anew under old rows is refused, never silently taken for an empty one."""
    bootstrap, run, data = made
    lab.produce(bootstrap, f"facts-{run}", some(20))
    with Worker(bootstrap, run, data) as worker:
        worker.until(lambda: sum(tallies(bootstrap, run)[0].values()) == 20)
    lab.recreate(bootstrap, f"rows-facts-{run}")
    with Worker(bootstrap, run, data) as worker:
        assert worker.process.wait(SECONDS) != 0
        assert f"changelog rows-facts-{run}" in worker.log.read_text()
        assert "holds nothing" in worker.log.read_text()


def test_a_changelog_that_is_lost_together_with_the_rows_is_refused(made):
    """Topic made anew and state folder deleted: the group's offset alone tells that there were rows, and that is enough."""
    bootstrap, run, data = made
    lab.produce(bootstrap, f"facts-{run}", some(20))
    with Worker(bootstrap, run, data) as worker:
        worker.until(lambda: sum(tallies(bootstrap, run)[0].values()) == 20)
    lab.recreate(bootstrap, f"rows-facts-{run}")
    shutil.rmtree(data)
    with Worker(bootstrap, run, data) as worker:
        assert worker.process.wait(SECONDS) != 0
        assert "going on would begin with empty ones" in worker.log.read_text()
    assert sum(tallies(bootstrap, run)[0].values()) == 0, "nothing was folded on nothing"
