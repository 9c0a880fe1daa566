"""Records that wait for one life of a lane. What was fetched for a former life never gets here."""

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from streams.engine.record import Record

_MOST_BATCHES: Final = 8


class Inbox:
    """Bounded by the reader, which leaves a full inbox out of the fetch; ``receive`` therefore never waits."""

    def __init__(self, position: int, most: int) -> None:
        """``position``: the source offset to read from; ``most``: how many records a fold takes for now."""
        self.position, self.most = position, most
        self.sought = self.astray = False
        self.end = position
        self.wake = asyncio.Event()
        self._batches: deque[Sequence[Any]] = deque()
        self._waiting = 0

    def __len__(self) -> int:
        return self._waiting

    @property
    def full(self) -> bool:
        """True while no more should be fetched."""
        return len(self._batches) >= _MOST_BATCHES or self._waiting >= 2 * self.most

    def go_astray(self) -> None:
        """The broker does not have our position any more: nothing that comes from now on belongs here."""
        self.astray = True
        self.wake.set()

    def receive(self, batch: Sequence[Any], position: int, end: int) -> None:
        """What one fetch brought (maybe nothing), the offset to read next, and the last offset that is readable."""
        self.position, self.end = position, max(end, position)
        if batch:
            self._batches.append(batch)
            self._waiting += len(batch)
            self.wake.set()

    def take(self, start: int) -> list[Record]:
        """All that waits, up to the limit, without what lies before ``start`` (a fetch after a seek may repeat)."""
        taken: list[Any] = []
        while self._batches and len(taken) < self.most:
            batch, room = self._batches.popleft(), self.most - len(taken)
            if len(batch) > room:
                self._batches.appendleft(batch[room:])
            taken += islice(batch, room)
        self._waiting -= len(taken)
        return [
            Record(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, r.headers)
            for r in taken
            if r.offset >= start
        ]
