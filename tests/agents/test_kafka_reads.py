"""Reads outside a lane: they neither end in silence nor skip what is left."""

import asyncio

from aiokafka import TopicPartition

from agents.kafka import clients, feed
from agents.kafka.feed import Feed, View
from streams.engine.record import Record

PLACE = TopicPartition("controls", 0)


class Topic:
    """A consumer of one partition that holds one record."""

    def __init__(self, *_, **__):
        self.read = False

    async def start(self):
        """It is there."""

    async def stop(self):
        """It goes."""

    def assignment(self):
        return {PLACE}

    async def end_offsets(self, places):
        return dict.fromkeys(places, 1)

    async def position(self, _):
        return int(self.read)

    async def getmany(self, timeout_ms):  # noqa: ARG002
        await asyncio.sleep(0)
        found, self.read = [] if self.read else [Record(*PLACE, 0, 0, b"sends", b"paused", ())], True
        return {PLACE: found}


class Once(View):
    """A view with a bug: it cannot learn the first time."""

    def __init__(self, learned):
        super().__init__()
        self.times, self.learned = 0, learned

    def learn(self, key, value):
        self.times += 1
        if self.times == 1:
            raise ZeroDivisionError("a bug in the view")
        self.learned.set_result((key, value))


def test_a_feed_does_not_end_in_silence(monkeypatch):
    """Whatever a view raises is said, and the topic is read again: nobody would know that it grew old for ever."""
    monkeypatch.setattr(feed, "PacedConsumer", Topic)
    monkeypatch.setattr(feed, "_AGAIN_SECONDS", 0)

    async def scenario():
        learned = asyncio.get_running_loop().create_future()
        reading = Feed(Once(learned), {}, PLACE.topic)
        await reading.start()
        async with asyncio.timeout(30):
            found = await learned
        await reading.close()
        return found

    assert asyncio.run(scenario()) == (b"sends", b"paused")


def test_a_read_that_retention_overtakes_goes_on_with_what_is_left(monkeypatch):
    """Not at the end, as aiokafka would have it: a list of dead letters or of facts would be short without a word."""
    monkeypatch.setattr(clients.aiokafka, "AIOKafkaConsumer", dict)
    assert clients._reader({})["auto_offset_reset"] == "earliest"
