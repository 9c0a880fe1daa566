"""Workers of ours that run while something else is measured: started, listened to, stopped. It measures nothing."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from agents.kafka.brokers import end_with_us
from tests.bench.order import Order, written
from tests.bench.shipped import ROOT
from tests.bench.sides.pool import Line
from tests.bench.stand import PARTITIONS, SideFailed, last_words

_PATIENCE_S: Final = 240.0
_GOING_S: Final = 25.0


class Worker:
    """One process and the last line that it said."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process, self.log, self.last = process, log, Line(folding=0, passed=0, at=0.0, cpu=0.0, rss=0.0)

    async def listen(self) -> None:
        """Until it ends."""
        assert self.process.stdout
        async for line in self.process.stdout:
            self.last = msgspec.json.decode(line, type=Line)

    @property
    def cpu(self) -> float:
        """Seconds of CPU that the process has used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def resident(self) -> float:
        """MiB that the process holds now."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def until(workers: Sequence[Worker], met: Callable[[Sequence[Line]], bool]) -> float:
    """When (seconds since 1970) the workers' last lines met this. Raises SideFailed when they stand still."""
    deadline = time.monotonic() + _PATIENCE_S
    while not met([worker.last for worker in workers]):
        if any(worker.process.returncode is not None for worker in workers) or time.monotonic() > deadline:
            raise SideFailed("a worker ended or stands still: " + "; ".join(map(_where, workers)))
        await asyncio.sleep(0.02)
    return max(worker.last.at for worker in workers)


def _where(worker: Worker) -> str:
    return f"{worker.last} {worker.process.returncode} {last_words(worker.log.read_bytes())}"


def folding(lines: Sequence[Line]) -> bool:
    """Every partition has a lane that folds."""
    return sum(line.folding for line in lines) == PARTITIONS


@asynccontextmanager
async def workers(order: Order, cores: Sequence[int]) -> AsyncIterator[list[Worker]]:
    """One worker on each of these cores, all of one group; their folders go with them."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(_worker(order, number, core)) for number, core in enumerate(cores)]


@asynccontextmanager
async def _worker(order: Order, number: int, core: int) -> AsyncIterator[Worker]:
    own = msgspec.structs.replace(order, core=core, folder=order.folder / str(number))
    log = order.folder.parent / f"{order.name}-{number}.log"
    with log.open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.sides.pool", written(own)),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=said,
        )
    guard = end_with_us(process.pid)
    worker = Worker(process, log)
    listening = asyncio.create_task(worker.listen())
    try:
        yield worker
    finally:
        await _end(process)
        await listening
        guard.kill()
        guard.wait()
        shutil.rmtree(own.folder, ignore_errors=True)


async def _end(process: asyncio.subprocess.Process) -> None:
    """As ``nurture run`` is ended: told to go, and killed when it does not."""
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _GOING_S)
    except TimeoutError:
        process.kill()
        await process.wait()
