"""Death at every numbered window of the journey's lane and of the sender: nothing lost, nothing twice."""

import pytest


@pytest.mark.parametrize("window", ["W4"])
def test_sender_killed_at(pipeline, load, record_property, window):
    """A sender that is killed in its window leaves each order in one visible state, and at most one request."""
    pipeline.one("sender").stop()
    victim = pipeline.start("sender", f"{window}:3")
    pipeline.ready(["sender"])
    pipeline.publish(load.some(20))
    victim.ended()
    pipeline.start("sender")
    verdict = pipeline.survived(record_property)
    assert verdict.seen["held"] > 0, "what was accepted and not written down must be held"
