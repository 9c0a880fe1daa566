"""All of a compacted topic in memory, and how old that knowledge is. It does not know what the records mean."""

import asyncio
import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from aiokafka.errors import UnknownTopicOrPartitionError

from streams.engine.consumer import PacedConsumer

FRESH_SECONDS: Final = 10.0  # an older view refuses to send (ARCHITECTURE, "The sender")
_POLL_MS: Final = 200
_ANSWER_SECONDS: Final = 5.0
_AGAIN_SECONDS: Final = 1.0

_log = structlog.get_logger(__name__)


class View(ABC):
    """What a topic says, and when it was last known to be complete (``time.monotonic``, seconds)."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._complete_at = float("-inf")

    @abstractmethod
    def learn(self, key: bytes | None, value: bytes | None) -> None:
        """Take in one record of the topic."""

    def age_seconds(self) -> float:
        """Seconds since the view was complete; infinite before the first time."""
        return self._now() - self._complete_at

    def fresh(self) -> bool:
        """Whether the view may be trusted with a send."""
        return self.age_seconds() <= FRESH_SECONDS

    def complete(self, at: float) -> None:
        """Everything that was readable at this moment has been learned."""
        self._complete_at = max(self._complete_at, at)


class Feed:
    """Keeps a view up to date in the background: read committed, no group, every partition from its beginning."""

    def __init__(self, view: View, client: Mapping[str, Any], topic: str) -> None:
        """``client`` holds aiokafka's connection settings (``bootstrap_servers``, ``security_protocol``, ...)."""
        self._view = view
        self._client = client
        self._topic = topic
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to read; returns at once. The view is fresh when the whole topic has been read."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop reading; the view grows old and refuses."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        """Read for ever: whatever goes wrong makes the view old, is said, and a new consumer begins again."""
        while True:
            try:
                await self._live()
            except Exception as error:  # noqa: BLE001  (it must not end in silence; an old view sends nothing)
                age = self._view.age_seconds()
                _log.warning("topic_unreadable", topic=self._topic, error=type(error).__name__, age=age)
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _live(self) -> None:
        consumer = PacedConsumer(  # without a group it is given every partition of the topic
            self._topic,
            **self._client,
            group_id=None,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        try:
            await consumer.start()
            await self._follow(consumer)
        finally:
            await consumer.stop()

    async def _follow(self, consumer: PacedConsumer) -> None:
        places = consumer.assignment()
        if not places:
            raise UnknownTopicOrPartitionError(self._topic)
        while True:
            asked_at = time.monotonic()
            ends = await asyncio.wait_for(consumer.end_offsets(places), _ANSWER_SECONDS)
            while any([await consumer.position(place) < ends[place] for place in places]):
                await self._read(consumer)
            self._view.complete(asked_at)
            await self._read(consumer)

    async def _read(self, consumer: PacedConsumer) -> None:
        for records in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
            for record in records:
                self._view.learn(record.key, record.value)
