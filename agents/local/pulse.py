"""Is everything drained? Compares what lanes say with what the broker holds, and reads back what was sent."""

import asyncio
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.local.accounts import Lanes
from agents.local.fleet import Fleet
from schemas import topics
from schemas.codec import decode_ledger, decode_queue
from schemas.ledger import LedgerEntry
from schemas.queue import QueueItem

SOURCES: Final = (
    topics.LEADS,
    topics.ENGAGEMENT,
    topics.SALES_FEEDBACK,
    topics.FACTS,
    topics.SENDS,
    topics.HANDOFFS,
)
_PAUSE_S: Final = 0.005
Ends = dict[TopicPartition, int]


class Pulse:
    """A reader of its own (read committed, no group): ends of the lanes' sources, the ledger, the queue."""

    def __init__(self, client: dict[str, Any], partitions: int) -> None:
        self._consumer = AIOKafkaConsumer(
            **client, isolation_level="read_committed", enable_auto_commit=False, fetch_max_wait_ms=20
        )
        self._sources = [TopicPartition(topic, p) for topic in SOURCES for p in range(partitions)]
        self._news = [
            TopicPartition(topic, p) for topic in (topics.EMAIL_LEDGER, topics.SALES_QUEUE) for p in range(partitions)
        ]

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        self._consumer.assign(self._news)
        await self._consumer.seek_to_beginning(*self._news)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def drained(self, fleet: Fleet, clock: int) -> Lanes:
        """Returns the lanes' status once all that was written is folded, everywhere, at this clock (ms)."""
        while True:
            before = await self._ends()
            lanes = await fleet.lanes()
            if _folded(lanes, before, clock) and before == await self._ends():
                return lanes
            fleet.must_live()
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
        ends: Ends = await self._consumer.end_offsets(self._sources)
        return ends


def _folded(lanes: Lanes, ends: Ends, clock: int) -> bool:
    """Every source partition has an idle lane that has passed this end and looked at this time."""
    found = {TopicPartition(lane["topic"], lane["partition"]): lane for agent in lanes.values() for lane in agent}
    return all(
        part in found and found[part]["idle"] and found[part]["position"] >= end and found[part]["clock"] >= clock
        for part, end in ends.items()
    )
