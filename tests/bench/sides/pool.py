"""A worker of ours that folds until it is told to stop, and says on each line how its lanes are and what it has used."""

import asyncio
import signal
import sys
import time
from typing import Final

import msgspec
from msgspec import Struct

from agents.journey import JourneyWork
from agents.process.metrics import Metrics
from streams.engine.app import Kind, lane_app
from streams.engine.heap import settle
from streams.engine.settings import EngineSettings
from tests.bench.facts import START
from tests.bench.order import Order, taken
from tests.bench.span import largest, pin
from tests.bench.work import work_parts

_PAUSE_S: Final = 0.05


class Line(Struct, frozen=True, kw_only=True):
    """Lanes that fold, offsets passed so far; seconds since 1970 and of the CPU, and the largest MiB."""

    folding: int
    passed: int
    at: float
    cpu: float
    rss: float


class Standing:
    """A clock that stands at the facts' first moment until it is told to begin."""

    def __init__(self) -> None:
        self._began: float | None = None

    def begin(self) -> None:
        """Time goes on; later calls do nothing."""
        self._began = self._began or time.monotonic()

    def now(self) -> int:
        """Milliseconds since 1970, UTC."""
        return START + (int((time.monotonic() - self._began) * 1000) if self._began else 0)


async def run(order: Order) -> None:
    """Until TERM."""
    stop, clock = asyncio.Event(), Standing()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = EngineSettings(bootstrap=order.bootstrap, data_dir=order.folder, partitions=order.partitions)
    metrics = Metrics([order.source])
    parts = work_parts(order.bootstrap, metrics.decided)
    kind = Kind(order.source, order.rows, lambda: JourneyWork(*parts), most=order.most)
    app = lane_app(order.name, [kind], settings, clock, metrics)
    settle()
    await app.start()
    last: tuple[int, int] | None = None
    while not stop.is_set():
        positions = [lane.position for lane in app.lanes.status() if lane.state == "folding"]
        if len(positions) == order.partitions:
            clock.begin()
        if last != (last := (len(positions), sum(positions))):
            _say(*last)
        await asyncio.sleep(_PAUSE_S)
    await app.stop()


def _say(folding: int, passed: int) -> None:
    line = Line(folding=folding, passed=passed, at=time.time(), cpu=time.process_time(), rss=largest())
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    given = taken()
    pin({given.core})
    asyncio.run(run(given))
