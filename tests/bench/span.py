"""What one side of the bench used between its first fact and its last commit. It knows no side."""

import os
import re
import resource
import sys
import time
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

_KIB: Final = 1024
_STATUS: Final = Path("/proc/self/status")
_PEAK: Final = re.compile(r"VmHWM:\s+(\d+) kB")


class Spent(Struct, frozen=True, kw_only=True):
    """Seconds on the wall and of the CPU (every thread), and the process's largest resident size in MiB."""

    facts: int
    wall: float
    cpu: float
    rss: float


class Span:
    """Begins at the first fact that is taken up, ends when everything is durable."""

    def __init__(self, facts: int) -> None:
        self._facts = facts
        self._left = facts
        self._wall = self._cpu = 0.0
        self._spent: Spent | None = None

    def begin(self) -> None:
        """The first fact is here; later calls do nothing."""
        if not self._wall:
            self._wall, self._cpu = time.perf_counter(), time.process_time()

    def done(self, facts: int) -> bool:
        """So many more facts are done; True once all are."""
        self._left -= facts
        return self._left <= 0

    def end(self) -> None:
        """Everything is durable."""
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        self._spent = Spent(facts=self._facts, wall=wall, cpu=cpu, rss=largest())

    def tell(self) -> None:
        """One line of JSON, for the driver of the bench."""
        if self._spent is None or self._left > 0:
            raise RuntimeError(f"{self._left:,} of {self._facts:,} facts were never durable")
        sys.stdout.write(msgspec.json.encode(self._spent).decode() + "\n")
        sys.stdout.flush()


def largest() -> float:
    """The largest resident size of this process so far, in MiB; what the driver held when it made us does not count."""
    if _STATUS.exists():
        return int(_PEAK.findall(_STATUS.read_text(encoding="ascii"))[0]) / _KIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB


def pin(cores: set[int]) -> None:
    """Stay on these cores; where the system cannot say so, nothing happens and the result says it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
