"""Which rows are due, earliest first, and which were given out already in this life. It stores nothing."""

import struct
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final

NEVER: Final = (1 << 63) - 1
_pack: Final = struct.Struct(">Q").pack

Entries = Callable[[bytes], Iterable[bytes]]


def entry(due: int, key: bytes) -> bytes:
    """A name whose byte order is the order of time: due (8 bytes, big endian, milliseconds), then the row's key."""
    return _pack(due) + key


def parts(name: bytes) -> tuple[bytes, int]:
    """The row's key and its due, from the name of an entry."""
    return name[8:], int.from_bytes(name[:8], "big")


class DueIndex:
    """A cursor over entries in order of time. What lies before it was given out, or is gone."""

    def __init__(self, entries: Entries) -> None:
        """``entries(start)`` yields the names at or after ``start`` in byte order."""
        self._entries = entries
        self._given: dict[bytes, int] = {}
        self._stand(next(iter(entries(b"")), None))

    def moved(self, key: bytes, due: int) -> None:
        """The row's due has changed (0: it has none), so it may be given out again."""
        self._given.pop(key, None)
        if due and (name := entry(due, key)) < self._cursor:
            self._stand(name)

    def names(self, start: bytes, most: int) -> list[bytes]:
        """The names of at most so many entries at or after ``start``; nothing is given out by looking."""
        return list(islice(self._entries(start), most))

    def take(self, now: int, most: int) -> list[tuple[bytes, int]]:
        """At most so many rows that are due now and were not given out, as (key, due)."""
        taken: list[tuple[bytes, int]] = []
        if self.low > now:
            return taken
        for name in self._entries(self._cursor):
            key, due = parts(name)
            if due > now or len(taken) == most:
                self._stand(name)
                break
            if key not in self._given:
                taken.append((key, due))
        else:
            self._stand(None)
        self._given.update(taken)
        return taken

    def _stand(self, name: bytes | None) -> None:
        """Remember where the next search begins, and how early that is: a peek then costs one comparison."""
        self._cursor = entry(NEVER, b"") if name is None else name
        self.low = parts(self._cursor)[1]
