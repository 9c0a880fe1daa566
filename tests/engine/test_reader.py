"""What the reader does with one fetch: whose records they are, and whose partitions it asks for."""

import asyncio
from types import SimpleNamespace

import pytest
from faust.types import TP

from streams.engine.inbox import Inbox
from streams.engine.reader import Fetched, LaneConsumer
from tests.engine.test_careful import an_app, record

FACTS, MAIL = TP("facts", 0), TP("mail", 0)


def reader(**inboxes):
    lanes = SimpleNamespace(inboxes=lambda: {TP(name, 0): box for name, box in inboxes.items()}, kinds={"facts": None})
    return SimpleNamespace(app=SimpleNamespace(lanes=lanes))


def records(*offsets):
    return [
        SimpleNamespace(**dict.fromkeys(("topic", "partition", "timestamp", "key", "value", "headers")), offset=o)
        for o in offsets
    ]


def offsets(inbox):
    return [record.offset for record in inbox.take(0)]


def test_a_batch_belongs_to_the_life_it_was_fetched_for():
    """A life that began while the fetch was under way gets nothing of it, and is not told that it was sought."""
    former, present = Inbox(5, 10), Inbox(3, 10)
    LaneConsumer._sort(reader(facts=present), Fetched({FACTS: records(5, 6)}, {FACTS: (7, 9)}), {FACTS: former})
    assert (offsets(present), present.position, present.sought) == ([], 3, False)
    LaneConsumer._sort(reader(facts=present), Fetched({FACTS: records(3, 4)}, {FACTS: (5, 9)}), {FACTS: present})
    assert (offsets(present), present.position, present.end, present.sought) == ([3, 4], 5, 9, True)


def test_a_lane_that_went_astray_gets_nothing_more():
    """What comes from an offset that nobody asked for would be a hole in silence."""
    inbox = Inbox(5, 10)
    fetched = Fetched({FACTS: records(90, 91)}, {FACTS: (92, 99)}, frozenset({FACTS}))
    LaneConsumer._sort(reader(facts=inbox), fetched, {FACTS: inbox})
    assert (inbox.astray, offsets(inbox), inbox.position) == (True, [], 5)


def full():
    inbox = Inbox(0, 1)
    inbox.receive(records(0, 1), 2, 2)
    return inbox


@pytest.mark.parametrize(
    ("tp", "inbox", "handing", "takes"),
    [
        (FACTS, Inbox(0, 10), False, True),
        (FACTS, Inbox(0, 10), True, True),
        (FACTS, None, False, False),
        (FACTS, full(), False, False),
        (MAIL, None, False, True),
        (MAIL, None, True, False),
    ],
    ids=[
        "it has room",
        "agents' deliveries are not its own",
        "it recovers",
        "it is full",
        "an agent",
        "an agent is busy",
    ],
)
def test_who_can_take_nothing_is_left_out_of_the_fetch(tp, inbox, handing, takes):
    """Nobody is waited for: neither a lane that recovers or is full, nor an agent that takes its time."""
    assert LaneConsumer._takes(reader(), tp, {FACTS: inbox}, handing=handing) is takes


def test_what_an_agent_s_stream_does_not_take_stops_the_worker(tmp_path):
    """The records behind it are not forgotten in a task that nobody looks at: the next round raises, as Faust does."""
    seen = []

    async def callback(message):
        seen.append(message.offset)
        if message.offset == 2:
            raise ZeroDivisionError("a bug on the way to the agent")

    async def scenario():
        consumer = an_app(tmp_path).consumer
        consumer.callback = callback
        consumer._hand_over({MAIL: [record(offset) for offset in (1, 2, 3)]}, consumer.app.consumer_generation_id)
        await asyncio.wait({consumer._handing})
        await consumer._round()

    with pytest.raises(ZeroDivisionError, match="on the way to the agent"):
        asyncio.run(scenario())
    assert seen == [1, 2]


def test_a_delivery_that_a_rebalance_cut_short_stops_nobody():
    """What it left is fetched again; the consumer goes on."""

    async def scenario():
        handing = asyncio.create_task(asyncio.sleep(3_600))
        handing.cancel()
        await asyncio.wait({handing})
        LaneConsumer._must_be_delivered(SimpleNamespace(_handing=handing))

    asyncio.run(scenario())
