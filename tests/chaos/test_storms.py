"""Workers that die, leave, freeze and multiply under load."""

import time

import pytest

from tests.chaos.crew import AGENTS, forget_folder
from tests.chaos.pipeline import SESSION_S


def times(number, most_fast):
    return pytest.param(number, id=f"{number}-times", marks=pytest.mark.long if number > most_fast else ())


@pytest.mark.parametrize("kills", [times(4, 4), times(16, 4)])
def test_anybody_killed_again_and_again(pipeline, load, dice, record_property, kills):
    """Ended by KILL, any agent at any moment, with and without its folder, at times in the middle of a rebalance."""
    for _ in range(kills):
        agent = dice.choice(AGENTS)
        pipeline.publish(load.some(6))
        if dice.random() < 0.6:
            pipeline.crew.ready([agent])
        victim = pipeline.crew.those(agent)[-1]
        victim.kill()
        if dice.random() < 0.5:
            forget_folder(victim)
        pipeline.crew.start(agent) if dice.random() < 0.5 else victim.start()
    pipeline.survived(record_property)


@pytest.mark.long
def test_a_burst_of_kills(pipeline, load, dice, record_property):
    """What an OOM killer does: journey and sender die thirty times within seconds of their start."""
    pipeline.publish(load.some(40))
    for _ in range(30):
        agent = dice.choice(("journey", "sender"))
        victim = pipeline.crew.those(agent)[-1]
        time.sleep(dice.uniform(0.1, 3))
        victim.kill()
        victim.start()
    pipeline.survived(record_property)


@pytest.mark.parametrize("rounds", [times(1, 1), times(3, 1)])
def test_every_worker_restarted_in_order(pipeline, load, record_property, rounds):
    """TERM ends a worker with code 0 in the middle of its work, and its successor goes on."""
    for _ in range(rounds):
        pipeline.crew.ready()  # who has just begun knows no TERM yet
        for agent in AGENTS:
            pipeline.publish(load.some(6))
            assert pipeline.crew.those(agent)[-1].stop() == 0, agent
            pipeline.crew.start(agent)
    pipeline.survived(record_property)


ZOMBIES = {
    "with-records-taken": ("journey", "J2:2:STOP"),
    "with-an-open-transaction": ("journey", "J4:3:STOP"),
    "between-broker-and-disk": ("journey", "J5:3:STOP"),
    "with-a-claim": ("sender", "W1:2:STOP"),
    "with-an-answer": ("sender", "W4:2:STOP"),
}


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(m, marks=() if m in ("with-an-open-transaction", "with-a-claim") else pytest.mark.long)
        for m in ZOMBIES
    ],
)
def test_zombie(pipeline, load, record_property, moment):
    """Frozen in mid-work past its session, then woken while a successor works: it writes nothing and sends nothing twice."""
    agent, fail_at = ZOMBIES[moment]
    pipeline.crew.one(agent).stop()
    zombie = pipeline.crew.start(agent, fail_at)
    pipeline.publish(load.some(15))
    zombie.stopped_itself()
    successor = pipeline.crew.start(agent)
    pipeline.crew.ready([agent])
    pipeline.publish(load.some(15))
    zombie.resume()
    verdict = pipeline.survived(record_property)
    assert zombie.runs
    assert successor.runs
    assert agent == "journey" or verdict.seen["held"] > 0


def test_freeze_shorter_than_a_session(pipeline, load, record_property):
    """Everybody stands still for a moment: nothing is given away, nothing is lost."""
    pipeline.publish(load.some(15))
    for worker in pipeline.crew.workers:
        worker.pause()
    time.sleep(SESSION_S / 2)
    for worker in pipeline.crew.workers:
        worker.resume()
    pipeline.survived(record_property)


@pytest.mark.parametrize("leads", [times(8, 8), times(40, 8)])
def test_rebalance_under_load(pipeline, load, record_property, leads):
    """One worker, then three, then two, while facts come: each partition is handed over without loss or repeat."""
    agents = ("intake", "journey", "sender")
    for agent in agents * 2:
        pipeline.publish(load.some(leads))
        pipeline.crew.start(agent)
    pipeline.publish(load.some(leads))
    pipeline.crew.ready()
    for agent in agents:
        pipeline.publish(load.some(leads))
        pipeline.crew.those(agent)[0].stop()
    assert [len(pipeline.crew.those(agent)) for agent in agents] == [2, 2, 2]
    pipeline.survived(record_property)
