"""Ordinary agents on a real broker: what was not finished, or not delivered, is read again after a restart."""

import asyncio

import pytest
from confluent_kafka.admin import AdminClient, NewTopic
from faust.exceptions import ProducerSendError

from streams.engine.app import lane_app
from streams.engine.clock import WallClock
from streams.engine.observe import Silence
from streams.engine.settings import EngineSettings
from tests.broker import lane_worker as lab
from tests.broker.test_lane import until

RAW = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
MOST_BYTES = 1_000
RECORDS = [b"one", b"two", b"three", b"four"]


@pytest.fixture
def made(broker, unique, tmp_path):
    """A source whose records are all on one partition, and a topic that takes small records alone."""
    small = {"max.message.bytes": str(MOST_BYTES)}
    new = [NewTopic(f"mail-{unique}", 1, 1), NewTopic(f"out-{unique}", 1, 1, config=small)]
    admin = AdminClient({"bootstrap.servers": broker})
    for created in admin.create_topics(new).values():
        created.result()
    lab.produce(broker, f"mail-{unique}", [(b"ada", value) for value in RECORDS])
    return broker, unique, tmp_path


async def live(made, handle, last=RECORDS[-1]):
    """One worker's life, until it has handled ``last`` or has crashed: what it read, and what it crashed of."""
    bootstrap, run, data = made
    settings = EngineSettings(bootstrap=bootstrap, data_dir=data, partitions=1, session_timeout_s=6.0)
    app = lane_app(f"ordinary-{run}", [], settings, WallClock(), Silence())
    app.conf.broker_commit_interval = 0.1
    out, seen = app.topic(f"out-{run}", **RAW), []

    @app.agent(app.topic(f"mail-{run}", **RAW), name="notify")
    async def notify(stream):
        async for event in stream.events():
            seen.append(event.value)
            await handle(event.value, out)
            await stream.ack(event)

    async with lab.running(app):
        await until(lambda: app.should_stop or seen[-1:] == [last])
    return seen, app.crash_reason


async def nothing(*_):
    """Every record is handled."""


def test_an_agent_that_raises_stops_the_worker_and_its_record_is_read_again(made):
    """The record at which it raised is not committed, neither by the crash nor by the stop; those before it are."""

    async def stumbles(value, _):
        if value == b"three":
            raise ZeroDivisionError("a bug in the agent")

    seen, crash = asyncio.run(live(made, stumbles))
    assert seen == RECORDS[:3]
    assert isinstance(crash, ZeroDivisionError)
    assert asyncio.run(live(made, nothing)) == (RECORDS[2:], None)


def test_a_refused_produce_stops_the_worker_and_its_record_is_read_again(made):
    """The broker refuses what the agent sent: nothing is committed after it, and the worker says why it stops."""

    async def sends(value, out):
        await out.send(key=b"ada", value=value if value != b"two" else b"." * 5 * MOST_BYTES)

    seen, crash = asyncio.run(live(made, sends, last=b"never"))
    assert seen[:2] == RECORDS[:2]
    assert isinstance(crash, ProducerSendError)
    assert "MessageSizeTooLarge" in str(crash)
    again, crash = asyncio.run(live(made, nothing))
    assert (set(RECORDS[1:]) <= set(again), crash) == (True, None)
