"""Brokers that die, restart, freeze, or vanish behind the network."""

import os
import signal
import time

import pytest

from tests.chaos.pipeline import SESSION_S


@pytest.mark.parametrize("end", ["killed", "restarted"])
def test_broker(pipeline, load, record_property, end):
    """Killed or restarted under load: what it acknowledged is there, and everything goes on by itself."""
    pipeline.publish(load.some(20))
    pipeline.broker.kill() if end == "killed" else pipeline.broker.stop()
    pipeline.broker.start()
    pipeline.publish(load.some(20))
    pipeline.survived(record_property)


@pytest.mark.parametrize("seconds", [SESSION_S + 2, pytest.param(30, marks=pytest.mark.long)])
def test_broker_frozen(pipeline, load, record_property, seconds):
    """A broker that stands still for longer than a session and a transaction may last loses and repeats nothing."""
    pipeline.publish(load.some(20))
    os.kill(pipeline.broker.pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(pipeline.broker.pid, signal.SIGCONT)
    pipeline.publish(load.some(20))
    pipeline.survived(record_property)
