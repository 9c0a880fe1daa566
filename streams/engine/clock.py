"""Where lanes learn the time: the wall's, or a stepped one from a compacted topic. It never waits for anybody."""

import asyncio
import logging
import time
from typing import Final, Protocol

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from schemas.topics import CLOCK
from streams.engine.consumer import PacedConsumer
from streams.engine.problem import Refused
from streams.engine.settings import EngineSettings

_log = logging.getLogger(__name__)
_RETRY_S: Final = 0.5


class Clock(Protocol):
    """The only source of "now"."""

    def now(self) -> int:
        """Milliseconds since 1970, UTC."""


def wall_ms() -> int:
    """The time of this machine: milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


class WallClock:
    """The time of this machine."""

    def now(self) -> int:
        """Milliseconds since 1970, UTC."""
        return wall_ms()


class SteppedClock:
    """The newest record (``b"<ms>"``) of the clock topic; 0 before the first. For demos: it stands still in between."""

    def __init__(self, settings: EngineSettings, topic: str = CLOCK) -> None:
        self._settings, self._tp, self._now = settings, TopicPartition(topic, 0), 0
        self.ready = asyncio.Event()
        self.changed = asyncio.Event()

    def now(self) -> int:
        """Milliseconds since 1970, UTC, as far as this process has heard."""
        return self._now

    async def follow(self) -> None:
        """Read on for ever; ``ready`` is set once everything that was there at the start has been read."""
        while True:
            try:
                await self._read()
            except (KafkaError, OSError) as problem:
                _log.warning("the clock topic cannot be read, trying again: %r", problem)
                await asyncio.sleep(_RETRY_S)

    async def _read(self) -> None:
        consumer = PacedConsumer(**self._settings.client, auto_offset_reset="earliest", enable_auto_commit=False)
        await consumer.start()
        try:
            consumer.assign([self._tp])
            end = (await consumer.end_offsets([self._tp]))[self._tp]
            while True:
                if await consumer.position(self._tp) >= end:
                    self.ready.set()
                for record in (await consumer.getmany(self._tp, timeout_ms=1_000)).get(self._tp, ()):
                    self._now = _moment(record.value)
                    self.changed.set()
        finally:
            await consumer.stop()


def _moment(value: bytes | None) -> int:
    try:
        return int(value or b"")
    except ValueError as problem:
        raise Refused(f"the clock topic holds {value!r}, expected milliseconds since 1970 (UTC) in digits") from problem
