"""What a worker says over HTTP is the truth."""

import asyncio
import json
from contextlib import asynccontextmanager

import aiohttp
import pytest
from msgspec.structs import replace

from agents.process.http import PATHS, Health, serve
from agents.process.metrics import Metrics
from agents.process.settings import SettingsError, read_settings
from schemas import topics
from streams.engine.status import LaneStatus

SETTINGS = read_settings({"NURTURE_BOOTSTRAP": "127.0.0.1:9092"})
FOLDING = LaneStatus(topic=topics.FACTS, partition=3, state="folding", position=10)


@asynccontextmanager
async def worker(lanes, *, started=True):
    """A served worker; gives a function from path to (status, body)."""
    metrics = Metrics([topics.FACTS])
    metrics.watch(lambda: lanes)
    health = Health(lambda: lanes, lambda: started)
    async with serve(SETTINGS, health, metrics) as address, aiohttp.ClientSession(address) as session:

        async def ask(path, method="GET"):
            async with session.request(method, path) as response:
                return response.status, await response.text()

        yield ask


def answers(lanes, *paths, started=True, method="GET"):
    async def run():
        async with worker(lanes, started=started) as ask:
            return [await ask(path, method) for path in paths]

    return asyncio.run(run())


def test_a_folding_worker_is_alive_and_ready():
    """All four pages answer, and the lanes are shown as they are."""
    live, ready, lanes, metrics = answers([FOLDING], "/live", "/ready", "/lanes", "/metrics")
    assert [live[0], ready[0]] == [200, 200]
    assert json.loads(lanes[1])[0]["position"] == 10
    assert "nurture_lag_records" in metrics[1]


@pytest.mark.parametrize("state", ["fencing", "recovering", "ended"])
def test_a_worker_is_not_ready_before_all_its_lanes_fold(state):
    """One lane that recovers is enough, and is named."""
    [(status, body)] = answers([FOLDING, replace(FOLDING, partition=4, state=state)], "/ready")
    assert (status, json.loads(body)["why"]) == (503, [f"nurture.facts-4 is {state}"])


def test_a_worker_is_not_ready_before_its_start():
    """Without lanes it would otherwise be ready at once."""
    assert answers([], "/ready", started=False)[0][0] == 503


@pytest.mark.parametrize(
    ("path", "method"), [("/", "GET"), ("/metrics/", "GET"), ("/table/x", "GET"), ("/metrics", "POST")]
)
def test_everything_else_is_the_same_404(path, method):
    """A wrong page and a wrong method look alike, and say what is here."""
    [(status, body)] = answers([FOLDING], path, method=method)
    assert (status, json.loads(body)["paths"]) == (404, list(PATHS))


@pytest.mark.parametrize(
    ("looks", "alive"),
    [
        ([(0, 10, 0), (999, 10, 0)], True),
        ([(0, 10, 5), (299, 10, 5)], True),
        ([(0, 10, 5), (301, 10, 5)], False),
        ([(0, 10, 5), (200, 11, 4), (400, 11, 4)], True),
        ([(0, 10, 0), (999, 10, 5)], True),
        ([(0, 10, 5), (301, 10, 5), (302, 11, 4)], True),
    ],
    ids=["idle", "slow", "stands", "moves", "just began to lag", "moves again"],
)
def test_a_lane_that_stands_before_records_is_not_alive(looks, alive):
    """(seconds, position, lag) at each look: only standing still for 300 s with records waiting is death."""
    now, lane = [0.0], [FOLDING]
    health = Health(lambda: lane, lambda: True, clock=lambda: now[0])
    for seconds, position, lag in looks:
        now[0], lane[0] = seconds, replace(FOLDING, position=position, lag=lag)
        verdict = health.not_alive()
    assert (verdict == []) is alive


def test_a_lane_that_may_wait_for_others_is_never_dead():
    """The sender waits for a provider as long as it takes."""
    now = [0.0]
    health = Health(lambda: [replace(FOLDING, lag=5)], lambda: True, stalled_s=None, clock=lambda: now[0])
    assert health.not_alive() == []
    now[0] = 1e9
    assert health.not_alive() == []


def test_a_port_that_is_taken_is_a_sentence():
    """The variable is named."""

    async def run():
        async with serve(SETTINGS, Health(list, lambda: True), Metrics([])) as address:
            taken = replace(SETTINGS, http_port=int(address.rsplit(":", 1)[1]))
            with pytest.raises(SettingsError, match="NURTURE_HTTP_PORT"):
                async with serve(taken, Health(list, lambda: True), Metrics([])):
                    pass

    asyncio.run(run())
