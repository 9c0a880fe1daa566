"""Death at every numbered window of a lane's turn and of a sender's request: nothing lost, nothing twice.

The windows J0 to J6 are in ``streams.engine`` and W0 to W6 in RELIABILITY 1.3: fail points, or what the provider does.
"""

import pytest

from tests.chaos.crew import forget_folder
from tests.chaos.worker import until

JOURNEY = {  # fail point, and whether the worker begins without its folder
    "J0-fenced": ("J0", False),
    "J1-recovering": ("J1", True),
    "J2-records-taken": ("J2:2", False),
    "J3-transaction-begun": ("J3:3", False),
    "J4-all-delivered": ("J4:3", False),
    "J5-committed": ("J5:3", False),
    "J6-on-disk": ("J6:3", False),
}
SENDER = {  # fail point, and how the provider answers until the worker is dead
    "W0-before-claim": ("W0:1", "accept"),
    "W1-claimed": ("W1:3", "accept"),
    "W2-bytes-sent": ("", "accept_then_hang"),
    "W3-provider-failed": ("W4:3", "500"),
    "W4-accepted-not-written": ("W4:3", "accept"),
    "W5-written-not-read-past": ("W5:3", "accept_then_hang"),
    "W6-refused-for-now": ("W4:3", "429"),
}
ROUNDS = 3


def journey_at(pipeline, window):
    """A journey that will die in its window."""
    fail_at, empty_handed = JOURNEY[window]
    former = pipeline.crew.those("journey")
    for worker in former:
        worker.kill()
        if empty_handed:
            forget_folder(worker)
    return former[-1].start(fail_at) if former else pipeline.crew.start("journey", fail_at)


def sender_at(pipeline, window):
    """A sender that will die in its window."""
    fail_at, mood = SENDER[window]
    for worker in pipeline.crew.those("sender"):
        worker.stop()
    pipeline.provider.fake.mood, pipeline.provider.fake.reset_in = mood, 1
    return pipeline.crew.start("sender", fail_at)


def dies_in(pipeline, window, victim):
    """Wait for the sender's death; in W2 we are the fail point."""
    fake = pipeline.provider.fake
    if window.startswith("W2"):
        before = len(fake.taken)
        until(lambda: len(fake.taken) > before, "the provider takes a request")
        victim.kill()
    else:
        victim.ended()
    fake.mood = "accept"


def test_killed_at_every_window_in_turn(pipeline, load, record_property):
    """A journey and a sender die together in window after window: each fact counts once, each key is asked for once."""
    for at_journey, at_sender in zip(JOURNEY, SENDER, strict=True):
        mailing = sender_at(pipeline, at_sender)
        deciding = journey_at(pipeline, at_journey)
        pipeline.publish(load.some(8))
        deciding.ended()
        pipeline.crew.start("journey")
        dies_in(pipeline, at_sender, mailing)
    pipeline.crew.start("sender")
    verdict = pipeline.survived(record_property)
    assert verdict.seen["held"] > 0, "what was taken and not written down is in doubt"


@pytest.mark.long
@pytest.mark.parametrize("window", JOURNEY)
def test_journey_killed_at(pipeline, load, record_property, window):
    """Whatever of a turn was done, the next life finds out what holds, and does the rest."""
    for _ in range(ROUNDS):
        victim = journey_at(pipeline, window)
        pipeline.publish(load.some(12))
        victim.ended()
        pipeline.crew.start("journey")
        pipeline.crew.ready()
    pipeline.survived(record_property)


@pytest.mark.long
@pytest.mark.parametrize("window", SENDER)
def test_sender_killed_at(pipeline, load, record_property, window):
    """Each order is in one visible state, at most one request of it was accepted, and a doubt is held, not repeated."""
    for _ in range(ROUNDS):
        victim = sender_at(pipeline, window)
        pipeline.publish(load.some(12))
        dies_in(pipeline, window, victim)
        pipeline.crew.start("sender")
        pipeline.crew.ready()
    verdict = pipeline.survived(record_property)
    if window[:2] in ("W1", "W2", "W3", "W4"):
        assert verdict.seen["held"] >= ROUNDS, "a claim without an outcome is a doubt"
