"""A network that is silent in one direction: TCP stays open, and nobody is told that nobody listens."""

import pytest

from tests.chaos.crew import PARTITIONS
from tests.chaos.evidence import AGENT
from tests.chaos.worker import until

WAYS = [("journey", "answers"), ("sender", "requests"), ("journey", "requests"), ("sender", "answers")]


@pytest.mark.parametrize(
    ("agent", "lost"), [pytest.param(*way, marks=() if way in WAYS[:1] else pytest.mark.long) for way in WAYS]
)
def test_silence(pipeline, load, record_property, agent, lost):
    """A worker that the broker does not hear, or that does not hear the broker, is replaced; heard again, it does no harm."""
    pipeline.crew.one(agent).stop()
    lonely = pipeline.crew.start(agent, NURTURE_BOOTSTRAP=pipeline.front)
    pipeline.crew.ready([agent])
    pipeline.publish(load.some(15))
    pipeline.proxy.lose(lost)
    successor = pipeline.crew.start(agent)
    every = ["folding"] * (PARTITIONS * list(AGENT.values()).count(agent))
    owns_all = lambda: [each["state"] for each in successor.lanes()] == every  # noqa: E731
    until(owns_all, "the successor owns all", seen=pipeline.crew.scene)
    pipeline.publish(load.some(15))
    pipeline.drained([each for each in ("intake", "journey", "sender", "sales") if each != agent])
    pipeline.proxy.heal()
    pipeline.survived(record_property)
    assert pipeline.proxy.swallowed
    assert lonely.runs
    assert successor.runs
    lonely.kill()  # whoever comes next may silence the network again
