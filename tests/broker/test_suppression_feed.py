"""The suppression list on a real broker: complete before it is fresh, and old when the broker goes silent."""

import asyncio
import contextlib
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from agents.kafka.feed import Feed
from agents.suppression import SuppressionView, keyed_address

KEY = b"a key for hashes of addresses"


class MindChanged(Exception):  # noqa: N818  (no error: a transaction that is taken back)
    """Take the transaction back."""


@pytest.fixture
def topic(broker, unique):
    name = f"{unique}.suppressions"
    admin = KafkaAdminClient(bootstrap_servers=broker)
    admin.create_topics([NewTopic(name, 3, 1, topic_configs={"cleanup.policy": "compact"})])
    admin.close()
    return name


@asynccontextmanager
async def plain(broker):
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


@asynccontextmanager
async def transaction(broker, unique):
    producer = AIOKafkaProducer(bootstrap_servers=broker, transactional_id=unique)
    await producer.start()
    try:
        async with producer.transaction():
            yield producer
    finally:
        await producer.stop()


@asynccontextmanager
async def feed(broker, topic):
    view = SuppressionView(KEY)
    found = Feed(view, {"bootstrap_servers": broker}, topic)
    await found.start()
    try:
        yield view
    finally:
        await found.close()


async def until(condition, seconds=20):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  (what is waited for happens at a broker)
            await asyncio.sleep(0.02)


def hashed(name):
    return keyed_address(f"{name}@wonder.example", KEY).encode()


def test_a_fresh_view_holds_everything_that_was_readable_before(broker, topic):
    """Fresh means complete: whoever was there before is held at the first fresh moment, in every partition."""

    async def main():
        async with plain(
            broker
        ) as producer:  # a transaction's markers come after its commit: nothing to time a test by
            for number in range(300):
                await producer.send_and_wait(topic, b"{}", hashed(number))
            await producer.send_and_wait(topic, None, hashed(7))
        async with feed(broker, topic) as view:
            assert not view.fresh()
            await until(view.fresh)
            return [number for number in range(300) if not view.holds(f"{number}@wonder.example")]

    assert asyncio.run(main()) == [7]


def test_an_empty_list_is_fresh_too(broker, topic):
    """Nobody suppressed is an answer, not a missing one."""

    async def main():
        async with feed(broker, topic) as view:
            await until(view.fresh)

    asyncio.run(main())


def test_what_is_suppressed_later_is_held_when_it_is_committed_and_not_when_it_is_aborted(broker, topic, unique):
    """The view follows the topic, read committed; markers of transactions do not keep it from being complete."""

    async def main():
        async with feed(broker, topic) as view:
            await until(view.fresh)
            with contextlib.suppress(MindChanged):
                async with transaction(broker, unique + "a") as producer:
                    await producer.send_and_wait(topic, b"{}", hashed("bob"))
                    raise MindChanged
            async with transaction(broker, unique + "b") as producer:
                await producer.send_and_wait(topic, b"{}", hashed("ada"))
            await until(lambda: view.holds("ada@wonder.example"))
            age = view.age_seconds()
            await until(lambda: view.age_seconds() < age or view.age_seconds() < 1)
            return view.holds("bob@wonder.example")

    assert asyncio.run(main()) is False


def test_a_missing_topic_never_makes_a_view_fresh(broker, unique):
    """No topic, no answer: the view stays old and the sender waits; when the topic comes, so does the answer."""

    async def main():
        name = f"{unique}.late"
        async with feed(broker, name) as view:
            await asyncio.sleep(0.5)
            assert not view.fresh()
            admin = KafkaAdminClient(bootstrap_servers=broker)
            admin.create_topics([NewTopic(name, 1, 1)])
            admin.close()
            await until(view.fresh)

    asyncio.run(main())


def test_no_broker_is_no_crash():
    """Nobody answers: the view stays old, the feed goes on trying and can be closed."""

    async def main():
        async with feed("127.0.0.1:9", "nurture.suppressions") as view:
            await asyncio.sleep(0.2)
            return view.fresh()

    assert asyncio.run(main()) is False
