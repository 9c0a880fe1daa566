"""An aiokafka consumer that never asks an empty broker in a tight loop. It decides nothing about what it reads."""

import asyncio
import contextlib
import time
from typing import Any, Final

import aiokafka

_PACE_S: Final = 0.008


class PacedConsumer(aiokafka.AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka is untyped to us
    """A broker should hold a fetch that finds nothing (``fetch_max_wait_ms``); the embedded one answers at once.

    ``astray``: partitions whose position the broker did not have, so that aiokafka goes on elsewhere without a word.
    """

    def __init__(self, *topics: str, **settings: Any) -> None:
        super().__init__(*topics, **settings)
        self.astray: set[Any] = set()

    async def start(self) -> None:
        """Connect, and pace this consumer's own fetches."""
        await super().start()
        ask = self._fetcher._proc_fetch_request  # noqa: SLF001

        async def paced(assignment: Any, *request: Any) -> bool:
            started = time.monotonic()
            sound = [tp for tp in assignment.tps if assignment.state_value(tp).has_valid_position]
            try:
                brought: bool = await ask(assignment, *request)
            except asyncio.CancelledError:  # it waited to try again: aiokafka would let this out of ``stop``
                return False
            self.astray.update(tp for tp in sound if assignment.state_value(tp).awaiting_reset)
            if not brought and time.monotonic() - started < _PACE_S:
                with contextlib.suppress(asyncio.CancelledError):  # as aiokafka does: it awaits what it has cancelled
                    await asyncio.sleep(_PACE_S)
            return brought

        self._fetcher._proc_fetch_request = paced  # noqa: SLF001
