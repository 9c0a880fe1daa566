"""Whether a provider is worth asking: it opens on evidence, and one probe closes it again. It asks nobody itself."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final, Literal

import structlog

BreakerState = Literal["closed", "open", "half_open"]
EVIDENCE: Final = 5  # failures, and at least half of what was answered lately
_LATELY: Final = 20  # answers
_RECENT_SECONDS: Final = 60.0
_FIRST_SECONDS: Final = 5.0
_LONGEST_SECONDS: Final = 300.0
_PROBE_SECONDS: Final = 15.0  # longer than any request: a probe that was cancelled blocks nobody for ever

_log = structlog.get_logger(__name__)


class Breaker:
    """One provider's, shared by every lane of a process. Times are seconds of ``now``."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._answers: deque[tuple[float, bool]] = deque(maxlen=_LATELY)
        self._opens_for = _FIRST_SECONDS
        self._until: float | None = None
        self._probing_until = 0.0

    @property
    def state(self) -> BreakerState:
        """Closed lets everything through, open nothing, half-open one request at a time."""
        if self._until is None:
            return "closed"
        return "open" if self._now() < self._until else "half_open"

    def wait(self) -> float:
        """Seconds until a request may be tried; 0 for now."""
        if self._until is None:
            return 0.0
        return max(self._until - self._now(), self._probing_until - self._now(), 0.0)

    def begin(self) -> None:
        """A request leaves; while half-open it is the probe."""
        if self.state == "half_open":
            self._probing_until = self._now() + _PROBE_SECONDS

    def succeeded(self) -> None:
        """The provider answered as one that works, if only with a refusal."""
        if self.state == "half_open":
            self._until, self._opens_for, self._probing_until = None, _FIRST_SECONDS, 0.0
            self._answers.clear()
        self._answers.append((self._now(), True))

    def failed(self) -> None:
        """No answer, or one of a provider that is ill."""
        self._answers.append((self._now(), False))
        recent = [good for at, good in self._answers if at > self._now() - _RECENT_SECONDS]
        failures = recent.count(False)
        if self.state == "half_open" or (self.state == "closed" and failures >= max(EVIDENCE, len(recent) / 2)):
            self.open(self._opens_for)

    def open(self, seconds: float) -> None:
        """Ask nothing for so long; when failures open it again, it is for twice that, up to five minutes."""
        if self.state == "open":
            return
        _log.warning("breaker_opened", seconds=seconds)
        self._until = self._now() + seconds
        self._probing_until = 0.0
        self._opens_for = min(2 * max(seconds, self._opens_for), _LONGEST_SECONDS)
