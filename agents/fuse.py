"""When most of what comes in cannot be read, something is misconfigured: a fuse stops the lane. It reads nothing."""

from collections import Counter, deque
from typing import Final

from schemas.problem import Rejected
from streams.engine.problem import Refused

WINDOW: Final = 1_000
LEAST: Final = 200
_CLOSE: Final = (
    "Nothing of this batch was taken and nothing is lost; a new start stops here again. If this release is to blame,"
    " start one that reads them. If what writes to the topic is, correct it, then start once with NURTURE_FUSE=false:"
    ' the bad records go to dead letters ("nurture dead-letters list"), and without that setting the fuse is in again.'
)


class FuseBlown(Refused):
    """More than half of the last records were rejects: what, how many, why most of them, and how to close it."""


class Fuse:
    """Watches one lane: blows when more than half of its last 1,000 records (of at least 200) are rejects.

    It keeps a misconfigured source, or a bad release, from emptying a whole topic into dead letters.
    """

    def __init__(self) -> None:
        self._window: deque[Rejected | None] = deque(maxlen=WINDOW)
        self._rejects = 0

    def note(self, rejected: Rejected | None, place: str) -> None:
        """Count one more record of ``place`` (topic and partition). Raises FuseBlown."""
        if len(self._window) == WINDOW and self._window[0] is not None:
            self._rejects -= 1
        self._window.append(rejected)
        if rejected is not None:
            self._rejects += 1
            if len(self._window) >= LEAST and self._rejects * 2 > len(self._window):
                raise FuseBlown(self._sentence(place))

    def _sentence(self, place: str) -> str:
        refused = [each for each in self._window if each is not None]
        reason, times = Counter(each.reason for each in refused).most_common(1)[0]
        example = next(each.detail for each in reversed(refused) if each.reason is reason)
        share = f"{len(refused)} of the last {len(self._window)} records ({len(refused) / len(self._window):.0%})"
        return f"{place}: {share} cannot be read, {times} of them because of {reason.value} ({example}). {_CLOSE}"
