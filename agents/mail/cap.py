"""How many mails to leads a lane may still send today (UTC): its share of the daily cap. It sends nothing."""

from typing import Final

import msgspec

from schemas.units import DAY, day_of

KEY: Final = b"\0sent"
_decode: Final = msgspec.json.Decoder(tuple[int, int]).decode


def share(cap: int, partitions: int, partition: int) -> int:
    """What one partition gets of a cap: the shares add up to it exactly. 0 is no cap."""
    return cap // partitions + (partition < cap % partitions)


class DailyCap:
    """Counts what was claimed today. A clock that runs back gives nothing back: the day only moves forward."""

    def __init__(self, most: int, row: bytes | None = None) -> None:
        self._most = most
        self._day, self._count = _decode(row) if row else (0, 0)

    def left(self, now: int) -> bool:
        """Whether one more may go at ``now`` (ms)."""
        return not self._most or self._day < day_of(now) or self._count < self._most

    def add(self, now: int, more: int) -> None:
        """One more was claimed (1), or was proven not sent (-1)."""
        if day_of(now) > self._day:
            self._day, self._count = day_of(now), 0
        self._count = max(0, self._count + more)

    def row(self) -> bytes:
        """What the lane keeps under ``KEY``."""
        return msgspec.json.encode((self._day, self._count))


def tomorrow(now: int) -> int:
    """When the next day begins (ms)."""
    return (day_of(now) + 1) * DAY
