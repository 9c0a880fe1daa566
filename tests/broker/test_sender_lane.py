"""The sender on a real broker and a real HTTP provider: one accepted request a key, whatever ended the worker."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import TopicAlreadyExistsError

from agents.controls import ControlsView
from agents.kafka.clients import read_newest, read_whole
from agents.kafka.feed import Feed
from agents.mail.compose import Composer
from agents.mail.gate import Gate
from agents.mail.meter import Meter
from agents.mail.sendgrid import SendGrid
from agents.mail.throttle import Throttle
from agents.process.options import Secret
from agents.render.renderer import Renderer
from agents.sender import MOST, SenderWork
from agents.suppression import SuppressionView, keyed_address
from agents.unsubscribe import NO_ENDPOINT, unsubscribe_links
from agents.workplace import load_workplace
from schemas.codec import decode_fact, decode_ledger, encode
from schemas.commands import SendContent
from schemas.topics import DEAD_LETTERS, FACTS
from streams.engine.app import Kind, lane_app
from streams.engine.clock import WallClock
from streams.engine.observe import Silence
from streams.engine.settings import EngineSettings
from tests.fakes.sendgrid import KEY, FakeSendGrid

ID_KEY = b"a key for hashes of addresses"
PARTITIONS = 2
WORKPLACE = load_workplace(Path(__file__).parents[2] / "templates")


@pytest.fixture
def topics(broker, unique):
    """Source, changelog and suppressions of our own; facts and dead letters are the broker's."""
    admin = KafkaAdminClient(bootstrap_servers=broker)
    compact = {"cleanup.policy": "compact"}
    made = {"sends": {}, "ledger": compact, "suppressions": compact, "controls": compact}
    wanted = [NewTopic(f"{unique}.{name}", PARTITIONS, 1, topic_configs=config) for name, config in made.items()]
    admin.create_topics(wanted)
    for shared in (FACTS, DEAD_LETTERS):
        with suppress(TopicAlreadyExistsError):
            admin.create_topics([NewTopic(shared, 8, 1)])
    admin.close()
    return {name: f"{unique}.{name}" for name in made}


def order(number):
    lead = f"lead-{number % 10}"
    return SendContent(
        id=f"c{number}",
        lead_id=lead,
        because="f1",
        seen=0,
        policy="p1",
        send_key=f"key-{number}",
        email="night-load",
        kind="nurture",
        not_after=2**50,
        program="first-look",
        step="one",
        to=f"{lead}@wonder.example",
    )


async def produce(broker, topic, pairs):
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    for key, value in pairs:
        await producer.send_and_wait(topic, value, key)
    await producer.stop()


@asynccontextmanager
async def worker(broker, topics, tmp_path, fake, *, unique, grace=3):
    """One sender's process, as agents/worker.py joins it."""
    view, controls, throttle = SuppressionView(ID_KEY), ControlsView(), Throttle()
    client = {"bootstrap_servers": broker}
    feeds = (Feed(view, client, topics["suppressions"]), Feed(controls, client, topics["controls"]))
    port = SendGrid(Secret(KEY), fake.url, sandbox=False, total_seconds=5)
    composer = Composer(Renderer(WORKPLACE), unsubscribe_links(NO_ENDPOINT, b""))
    kind = Kind(
        topics["sends"],
        topics["ledger"],
        lambda: SenderWork(
            port=port,
            gate=Gate(view, controls),
            composer=composer,
            throttle=throttle,
            meter=Meter("sendgrid", throttle, controls, view),
        ),
        most=MOST,
        grace_s=grace,
    )
    engine = EngineSettings(bootstrap=broker, data_dir=tmp_path, partitions=PARTITIONS)
    app = lane_app(f"sender-{unique}", [kind], engine, WallClock(), Silence())
    tmp_path.mkdir(exist_ok=True)
    await port.start()
    for feed in feeds:
        await feed.start()
    await app.start()
    try:
        yield app
    finally:
        await app.stop()
        for feed in feeds:
            await feed.close()
        await port.close()


async def ledger(broker, topics):
    rows = await read_newest({"bootstrap_servers": broker}, topics["ledger"])
    return {key.decode(): decode_ledger(row).state for key, row in rows.items()}


async def settled(broker, topics, count, seconds=40):
    async with asyncio.timeout(seconds):
        while True:
            states = await ledger(broker, topics)
            if len(states) == count and "claimed" not in states.values():
                return states
            await asyncio.sleep(0.2)


def test_every_order_is_sent_once_through_kafka_and_http(broker, topics, tmp_path, unique):
    """Forty orders, one suppressed lead, one poison record: each order in one state, each outcome a fact of its lead."""

    async def main():
        suppressed = keyed_address("lead-3@wonder.example", ID_KEY).encode()
        await produce(broker, topics["suppressions"], [(suppressed, b"{}")])
        orders = [(order(number).lead_id.encode(), encode(order(number))) for number in range(40)]
        await produce(broker, topics["sends"], [*orders[:20], (b"lead-1", b"\xff"), *orders[20:], *orders[:5]])
        async with FakeSendGrid() as fake, worker(broker, topics, tmp_path, fake, unique=unique):
            states = await settled(broker, topics, 40)
            facts = [decode_fact(record.value) async for record in read_whole({"bootstrap_servers": broker}, FACTS)]
            dead = [record async for record in read_whole({"bootstrap_servers": broker}, DEAD_LETTERS)]
        ours = [fact for fact in facts if fact.send_key in states]
        letters = [record for record in dead if dict(record.headers)["nurture_topic"].decode() == topics["sends"]]
        return states, fake, ours, letters

    states, fake, facts, letters = asyncio.run(main())
    assert Counter(states.values()) == {"accepted": 36, "blocked": 4}
    assert set(fake.accepted().values()) == {1}
    assert len(fake.taken) == 36
    assert sorted(fact.send_key for fact in facts) == sorted(states)
    assert [record.value for record in letters] == [b"\xff"]


def test_a_worker_that_ends_in_the_middle_never_sends_twice(broker, topics, tmp_path, unique):
    """Requests hang after being taken while the worker leaves: the next one doubts those, and sends the rest once."""

    async def main():
        orders = [(order(number).lead_id.encode(), encode(order(number))) for number in range(10)]
        await produce(broker, topics["sends"], orders)
        slow = {f"key-{number}": "accept_then_hang" for number in range(0, 10, 2)}
        async with FakeSendGrid(moods=slow) as fake:
            async with worker(broker, topics, tmp_path / "one", fake, unique=unique, grace=0), asyncio.timeout(30):
                while len(fake.taken) < 10:  # noqa: ASYNC110  (what is waited for happens at a provider)
                    await asyncio.sleep(0.01)
            claimed = await ledger(broker, topics)
            async with worker(broker, topics, tmp_path / "two", fake, unique=unique):
                return claimed, await settled(broker, topics, 10), fake

    claimed, states, fake = asyncio.run(main())
    assert "claimed" in claimed.values()
    assert set(fake.accepted().values()) == {1}
    assert set(states.values()) <= {"accepted", "unknown"}
    assert {states[key] for key in states if int(key[-1]) % 2 == 0} == {"unknown"}
