"""Is everything drained? Compares what lanes say with what the broker holds, and reads back what was sent."""

import asyncio
from typing import Any, Final, Self

from aiokafka import TopicPartition

from agents.local.accounts import Lanes
from agents.local.fleet import Fleet
from schemas import topics
from schemas.codec import decode_ledger, decode_queue
from schemas.ledger import LedgerEntry
from schemas.queue import QueueItem
from streams.engine.consumer import PacedConsumer

SOURCES: Final = (
    topics.LEADS,
    topics.ENGAGEMENT,
    topics.SALES_FEEDBACK,
    topics.FACTS,
    topics.CLICKS,
    topics.SENDS,
    topics.HANDOFFS,
)
_PAUSE_S: Final = 0.015
Ends = dict[TopicPartition, int]


class Pulse:
    """Readers of its own (no group): one for the ends of the lanes' sources, one for the ledger and the queue.

    The ends are those of what was written, committed or not: markers come after a commit was answered, and until then
    what is readable looks drained.
    """

    def __init__(self, client: dict[str, Any], partitions: int) -> None:
        self._written = PacedConsumer(**client, enable_auto_commit=False)
        self._consumer = PacedConsumer(
            **client, isolation_level="read_committed", enable_auto_commit=False, fetch_max_wait_ms=20
        )
        self._sources = [TopicPartition(topic, p) for topic in SOURCES for p in range(partitions)]
        self._news = [
            TopicPartition(topic, p) for topic in (topics.EMAIL_LEDGER, topics.SALES_QUEUE) for p in range(partitions)
        ]

    async def __aenter__(self) -> Self:
        await self._written.start()
        await self._consumer.start()
        self._consumer.assign(self._news)
        await self._consumer.seek_to_beginning(*self._news)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()
        await self._written.stop()

    async def drained(self, fleet: Fleet, clock: int) -> Lanes:
        """Returns the lanes' status once all that was written is folded, everywhere, at this clock (ms)."""
        while True:
            if _idle(await fleet.lanes(), clock):
                ends = await self._ends()
                lanes = await fleet.lanes()
                if _idle(lanes, clock) and _past(lanes, ends) and ends == await self._ends():
                    return lanes
            fleet.mend()
            await asyncio.sleep(_PAUSE_S)

    async def news(self) -> tuple[list[LedgerEntry], list[QueueItem]]:
        """Ledger entries and queue items written since the last call, in order."""
        ends = await self._consumer.end_offsets(self._news)
        entries: list[LedgerEntry] = []
        items: list[QueueItem] = []
        while any([await self._consumer.position(part) < ends[part] for part in self._news]):
            for part, records in (await self._consumer.getmany(*self._news, timeout_ms=200)).items():
                values = [r.value for r in records if r.value and not r.key.startswith(b"\0")]
                if part.topic == topics.EMAIL_LEDGER:
                    entries += map(decode_ledger, values)
                else:
                    items += map(decode_queue, values)
        return entries, items

    async def _ends(self) -> Ends:
        ends: Ends = await self._written.end_offsets(self._sources)
        return ends


def _idle(lanes: Lanes, clock: int) -> bool:
    """Nobody has anything to do, as far as they know, and all have looked at this time."""
    return all(lane["idle"] and lane["clock"] >= clock for agent in lanes.values() for lane in agent)


def _past(lanes: Lanes, ends: Ends) -> bool:
    """Every source partition has a lane that has passed this end."""
    positions = {
        TopicPartition(lane["topic"], lane["partition"]): lane["position"] for a in lanes.values() for lane in a
    }
    return all(positions.get(part, -1) >= end for part, end in ends.items())
