"""Orders that wait for something whose end nobody knows: a switch, an old view, the breaker.

It knows whether they may be tried, and goes through them once they may. It tries none itself.
"""

from typing import Final

from agents.mail.gate import Gate
from agents.mail.throttle import MOST, Throttle, Wait
from schemas.commands import SendOrder
from schemas.ledger import LedgerEntry
from streams.engine.due import DueIndex, entry, parts

_BEGINNING: Final = b""


class Waiting:
    """One life's. A former life may have left some, so the first thing to do is to look."""

    def __init__(self, gate: Gate, throttle: Throttle) -> None:
        self._gate, self._throttle = gate, throttle
        self._turned = gate.turned()
        self._next: bytes | None = _BEGINNING  # where the look through the due index goes on; None: nobody waits

    def why(self, order: SendOrder) -> Wait | None:
        """What this order must wait for, if for anything."""
        if because := self._gate.waits(order):
            return Wait(0, because, open_ended=True)
        return self._throttle.shut()

    def add(self, order: SendOrder) -> None:
        """Somebody was put aside: once it is over, all are tried. What is paused waits until a switch is turned."""
        if not self._gate.paused(order):
            self._next = _BEGINNING

    def over(self) -> bool:
        """Whether there is somebody to try, and nothing to wait for any more. A few comparisons."""
        if self._turned != self._gate.turned():
            self._turned, self._next = self._gate.turned(), _BEGINNING
        return self._next is not None and self._gate.open() and self._throttle.shut() is None

    def take(self, index: DueIndex, now: int) -> list[bytes]:
        """The next rows to look at among those that are due later than ``now`` (ms)."""
        if not self.over():
            return []
        names = index.names(max(self._next or _BEGINNING, entry(now + 1, b"")), MOST)
        self._next = names[-1] + b"\0" if len(names) == MOST else None
        return [parts(name)[0] for name in names]


def open_ended(found: LedgerEntry) -> bool:
    """Whether an entry waits so: it is looked at when that is over, else not before the order's own time is."""
    return found.order is not None and found.until > found.order.not_after + 1
