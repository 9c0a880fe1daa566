"""An aiokafka consumer that never asks an empty broker in a tight loop. It decides nothing about what it reads."""

import asyncio
import contextlib
import time
from typing import Any, Final

import aiokafka

_PACE_S: Final = 0.008


class PacedConsumer(aiokafka.AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka is untyped to us
    """A broker should hold a fetch that finds nothing (``fetch_max_wait_ms``); the embedded one answers at once."""

    async def start(self) -> None:
        """Connect, and pace this consumer's own fetches."""
        await super().start()
        ask = self._fetcher._proc_fetch_request  # noqa: SLF001

        async def paced(*request: Any) -> bool:
            started = time.monotonic()
            brought: bool = await ask(*request)
            if not brought and time.monotonic() - started < _PACE_S:
                with contextlib.suppress(asyncio.CancelledError):  # as aiokafka does: it awaits what it has cancelled
                    await asyncio.sleep(_PACE_S)
            return brought

        self._fetcher._proc_fetch_request = paced  # noqa: SLF001
