"""Ordinary agents: an offset is committed when everything before it is finished, and when the broker has said so."""

import asyncio
from types import SimpleNamespace

import pytest
from faust.exceptions import ProducerSendError
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.app import lane_app
from streams.engine.clock import WallClock
from streams.engine.observe import Silence
from streams.engine.problem import Refused
from streams.engine.settings import EngineSettings

MAIL = TP("mail", 0)


def an_app(folder):
    app = lane_app("test", [], EngineSettings(bootstrap="127.0.0.1:1", data_dir=folder), WallClock(), Silence())
    app.topics._acking_topics.add(MAIL.topic)
    return app


def record(offset):
    fields = {"topic": MAIL.topic, "partition": 0, "offset": offset, "timestamp": 0, "timestamp_type": 0}
    rest = dict.fromkeys(("key", "value", "checksum"), None)
    return SimpleNamespace(**fields, **rest, headers=(), serialized_key_size=0, serialized_value_size=0)


@pytest.fixture(scope="module")
def consumer(tmp_path_factory):
    async def make():
        return an_app(tmp_path_factory.mktemp("app")).consumer

    return asyncio.run(make())


STEPS = st.lists(st.one_of(st.integers(1, 3), st.tuples(st.just("ack"), st.integers(0, 30)), st.just("commit")))


@given(STEPS)
def test_commit_is_the_lowest_unfinished_offset(consumer, steps):
    """In any order of deliveries (with gaps), acks and commits, no commit passes a message that is not finished."""
    consumer._forget()
    consumer._acked.clear()
    consumer._acked_index.clear()
    consumer._committed_offset.clear()
    delivered, acked, offset = {}, set(), 0
    for step in steps:
        if isinstance(step, int):
            offset += step
            delivered[offset] = consumer._to_message(MAIL, record(offset))
        elif step == "commit":
            found = consumer._new_offset(MAIL)
            unfinished = delivered.keys() - acked
            if found is not None:
                assert found == min(unfinished, default=offset + 1)
        elif delivered:
            chosen = sorted(delivered)[step[1] % len(delivered)]
            consumer.ack(delivered[chosen])
            acked.add(chosen)


def test_a_refused_commit_is_not_remembered(consumer, monkeypatch):
    """When the broker refuses an offset, it counts as not committed, and the next commit tries it again."""

    async def refuse(_):
        return False

    async def drained():
        return None

    monkeypatch.setattr(consumer, "_commit", refuse)
    monkeypatch.setattr(consumer, "assignment", lambda: {MAIL})
    monkeypatch.setattr(consumer.app.producer, "flush", drained)
    consumer._committed_offset[MAIL] = 3
    assert asyncio.run(consumer._commit_offsets({MAIL: 7})) is False
    assert consumer._committed_offset[MAIL] == 3


def test_a_concurrency_that_would_reorder_is_refused(tmp_path):
    """Two actors on one stream finish the records of a key in any order: a sentence at the start, with what to do."""

    async def declare():
        an_app(tmp_path).agent("mail", concurrency=2)

    with pytest.raises(Refused, match=r"found an agent with concurrency=2, expected 1: .*start more workers instead"):
        asyncio.run(declare())


def test_nothing_is_committed_once_a_delivery_has_failed(tmp_path):
    """Neither by a rebalance nor by the stop: what was sent for those offsets never arrived."""

    async def scenario():
        consumer = an_app(tmp_path).consumer
        lost: asyncio.Future[None] = consumer.app.producer._track(asyncio.get_running_loop().create_future())
        lost.set_exception(OSError("refused"))
        await asyncio.sleep(0)
        return await consumer._commit({MAIL: 7})

    assert asyncio.run(scenario()) is False


@pytest.mark.parametrize("fails", [False, True])
def test_flush_waits_for_every_delivery_and_raises_when_one_failed(tmp_path, fails):
    """Flush returns after the last delivery, never before; a failed one makes it raise, and is never forgotten."""

    async def scenario():
        producer = an_app(tmp_path).producer
        message: asyncio.Future[None] = producer._track(asyncio.get_running_loop().create_future())
        flushing = asyncio.ensure_future(producer.flush())
        for _ in range(20):
            await asyncio.sleep(0)
        assert not flushing.done()
        if fails:
            message.set_exception(OSError("refused"))
            with pytest.raises(ProducerSendError, match="refused"):
                await flushing
        else:
            message.set_result(None)
            await flushing
        assert producer.failed == fails

    asyncio.run(scenario())
