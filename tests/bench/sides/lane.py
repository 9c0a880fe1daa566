"""Our side: the real JourneyWork on the real engine, in a process of its own, as ``nurture run journey`` joins them."""

import asyncio
from collections.abc import Sequence
from typing import Any

from agents.journey import JourneyWork
from agents.process.metrics import Metrics
from streams.engine.app import Kind, lane_app
from streams.engine.heap import settle
from streams.engine.lane import Lane
from streams.engine.record import Record
from streams.engine.settings import EngineSettings
from tests.bench.facts import START
from tests.bench.order import Order, taken
from tests.bench.span import Span, pin
from tests.bench.work import work_parts


class Stopped:
    """A clock that stands still before the first due: timers are measured apart."""

    def now(self) -> int:
        """Milliseconds since 1970, UTC."""
        return START


class Timed(JourneyWork):
    """JourneyWork, and a look at the watch before and after each fold."""

    def __init__(self, span: Span, over: asyncio.Event, *parts: Any) -> None:
        super().__init__(*parts)
        self._span, self._over = span, over

    async def fold(self, lane: Lane, records: Sequence[Record]) -> None:
        """As ever."""
        self._span.begin()
        await super().fold(lane, records)
        if self._span.done(len(records)):
            self._span.end()
            self._over.set()


async def run(order: Order) -> None:
    """Fold all facts once, then tell what it took."""
    span, over = Span(order.facts), asyncio.Event()
    settings = EngineSettings(bootstrap=order.bootstrap, data_dir=order.folder, partitions=order.partitions)
    metrics = Metrics([order.source])
    parts = work_parts(order.bootstrap, metrics.decided)
    kind = Kind(
        order.source,
        order.rows,
        lambda: Timed(span, over, *parts),
        most=order.most,
    )
    app = lane_app(order.name, [kind], settings, Stopped(), metrics)
    settle()
    await app.start()
    await app.wait(over.wait())
    await app.stop()
    if app.crash_reason is not None:
        raise app.crash_reason
    span.tell()


if __name__ == "__main__":
    given = taken()
    pin({given.core})
    asyncio.run(run(given))
