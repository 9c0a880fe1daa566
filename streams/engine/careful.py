"""Faust's consumer and producer for ordinary agents, cured of the ways in which they lose events. Lanes go without."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from faust.exceptions import ProducerSendError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

_LOOK_S: Final = 1.0


class CarefulConsumer(driver.Consumer):  # type: ignore[misc]  # Faust is untyped to us
    """Commits the lowest unfinished offset, and remembers it only when the broker has accepted it.

    Faust passes offsets whose handler has failed, and offsets that the broker refused
    (faust-streaming #606, #315, #312, #316).
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        self._pending: dict[TP, set[int]] = defaultdict(set)
        self._after: dict[TP, int] = {}
        super().__init__(*args, **settings)

    def _to_message(self, tp: TP, record: Any) -> Any:
        message = super()._to_message(tp, record)
        if self.app.topics.acks_enabled_for(message.topic):
            self._pending[message.tp].add(message.offset)
            self._after[message.tp] = max(message.offset + 1, self._after.get(message.tp, 0))
        return message

    def _new_offset(self, tp: TP) -> int | None:
        acked = self._acked[tp]
        if not acked:
            return None
        pending = self._pending[tp]
        pending.difference_update(acked)
        after = max(max(acked) + 1, self._after.get(tp, 0))
        acked.clear()
        self._acked_index[tp].clear()
        return min(pending) if pending else after

    async def _commit_offsets(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:  # noqa: FBT001, FBT002
        before = {tp: self._committed_offset[tp] for tp in offsets}
        accepted: bool = await super()._commit_offsets(offsets, start_new_transaction=start_new_transaction)
        if not accepted:
            self._committed_offset.update(before)
        return accepted

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        """Called by ``_commit_offsets``, once everything was flushed."""
        return not self.app.producer.failed and bool(await super()._commit(offsets))

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """What was delivered before a rebalance is delivered again after it."""
        await super().on_partitions_revoked(revoked)
        self._forget()

    async def perform_seek(self) -> None:
        """Back to what is committed; nothing is pending then."""
        self._forget()
        await super().perform_seek()

    def _forget(self) -> None:
        self._pending.clear()
        self._after.clear()


class CarefulProducer(driver.Producer):  # type: ignore[misc]  # Faust is untyped to us
    """``flush`` drains everything that was sent, and raises when a delivery has failed, so that the worker goes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._outstanding: set[asyncio.Future[Any]] = set()
        self._failure: BaseException | None = None

    @property
    def failed(self) -> bool:
        """True for good once a delivery failed: no offset may be committed in this process, nor at its stop."""
        return self._failure is not None

    def _settings_extra(self) -> dict[str, Any]:
        return {**super()._settings_extra(), "enable_idempotence": True}

    def send_soon(self, message: Any) -> None:
        """Put a message into the buffer, and remember it until it is delivered."""
        super().send_soon(self._track(message))

    async def send(self, *args: Any, **settings: Any) -> Any:
        """Send a message, and remember it until it is delivered."""
        return self._track(await super().send(*args, **settings))

    async def flush(self) -> None:
        """Wait for every delivery. Raises ProducerSendError when one failed or can never happen.

        A stop must be orderly: it is not told of the failure again.
        """
        await super().flush()
        while self._outstanding and not self.buffer.should_stop:
            await asyncio.wait(set(self._outstanding), timeout=_LOOK_S)
        if self._outstanding:
            raise ProducerSendError("the producer's buffer has stopped with messages that were never delivered")
        if (failure := self._failure) and not self.app.should_stop:
            raise ProducerSendError(f"a delivery failed, so nothing is committed: {failure!r}") from failure

    def _track(self, message: Any) -> Any:
        self._outstanding.add(message)
        message.add_done_callback(self._delivered)
        return message

    def _delivered(self, message: "asyncio.Future[Any]") -> None:
        self._outstanding.discard(message)
        problem = None if message.cancelled() else message.exception()
        self._failure = self._failure or problem
