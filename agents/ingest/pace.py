"""How fast a file may be poured: as fast as it is decided about, so that no live fact waits behind it. Pours nothing.

A hot lead's form and a purchased list meet in one topic. Whoever has time waits: the file.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from schemas import topics

READERS: Final = {
    "nurture-intake": (topics.LEADS, topics.ENGAGEMENT, topics.SALES_FEEDBACK),
    "nurture-journey": (topics.FACTS, topics.CLICKS),
}
MOST_WAITING: Final = 1_000  # a fraction of a second of one worker, a few seconds where the machine is overloaded
PATIENCE_S: Final = 10.0
_PAUSE_S: Final = 0.05

Waiting = Callable[[], Awaitable[int]]


class Pace:
    """Waits while many records wait and grow fewer; once they stand still, nobody works, and nobody is delayed."""

    def __init__(
        self,
        waiting: Waiting,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._waiting, self._now, self._sleep = waiting, now, sleep
        self._alone = False

    async def turn(self) -> None:
        """Returns when more may be poured."""
        least, since = None, self._now()
        while not self._alone and (waiting := await self._waiting()) > MOST_WAITING:
            if least is None or waiting < least:
                least, since = waiting, self._now()
            self._alone = self._now() - since > PATIENCE_S
            await self._sleep(_PAUSE_S)


class Lag:
    """What intake and journey have not taken yet: nothing for a group that never took any, or that may not be asked."""

    def __init__(self, admin: Any, consumer: Any) -> None:
        self._admin, self._consumer = admin, consumer

    async def waiting(self) -> int:
        """Records of all partitions together, transaction markers among them."""
        try:
            return sum([await self._behind(group, read) for group, read in READERS.items()])
        except (KafkaError, OSError):
            return 0  # the pouring itself finds out what is wrong, and says so

    async def _behind(self, group: str, read: tuple[str, ...]) -> int:
        found = await self._admin.list_consumer_group_offsets(group)
        taken = {tp: at.offset for tp, at in found.items() if tp.topic in read and at.offset >= 0}
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(list(taken)) if taken else {}
        return sum(max(0, ends[tp] - offset) for tp, offset in taken.items())
