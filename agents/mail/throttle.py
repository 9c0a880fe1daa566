"""How fast one process may ask its provider, and when not at all. It knows no lead, no letter and no lane."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple, assert_never

import structlog

from agents.mail.breaker import Breaker
from agents.mail.port import Accepted, Answer, Halted, NotNow, Refused, Unknown

MOST: Final = 100  # orders that one transaction claims
_HALTED_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.5

_log = structlog.get_logger(__name__)


class Wait(NamedTuple):
    """Not now: at least so many seconds, because. ``open_ended``: nobody knows how many, but its end is noticed."""

    seconds: float
    because: str
    open_ended: bool = False


class Throttle:
    """Shared by every lane of a process: a rate of our own (0: none), the provider's window, and its breaker."""

    def __init__(
        self,
        per_second: float = 0,
        breaker: Breaker | None = None,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.breaker = breaker or Breaker(now)
        self.waited = 0.0  # seconds, all requests together, for the metric
        self._per_second, self._now, self._sleep = per_second, now, sleep
        self._next = self._open_at = 0.0

    @property
    def handful(self) -> int:
        """Orders worth claiming at once: about a second's requests, since a claim that a crash leaves is a doubt."""
        if self.breaker.state == "half_open":
            return 1
        return max(1, min(MOST, int(self._per_second))) if self._per_second else MOST

    def shut(self) -> Wait | None:
        """Whether asking is pointless now."""
        if (seconds := self._open_at - self._now()) > 0:
            return Wait(seconds, "the mail provider's rate limit")
        if (seconds := self.breaker.wait()) > 0:
            return Wait(seconds, "the mail provider fails: the breaker is open", open_ended=True)
        return None

    async def turn(self, given_up: Callable[[], bool]) -> None:
        """Returns when a request may leave by our own rate (they are evenly spaced), or once nobody wants it to.

        A lane that is given away must not keep claims that wait: with many lanes and a low rate the line is long.
        """
        if not self._per_second:
            return
        now = self._now()
        at = max(now, self._next)
        self._next = at + 1 / self._per_second
        while (left := at - self._now()) > 0 and not given_up():
            nap = min(left, _LOOK_SECONDS)
            self.waited += nap
            await self._sleep(nap)

    def learn(self, answer: Answer) -> None:
        """What an answer says of the provider's health."""
        match answer:
            case Accepted() | Refused():
                self.breaker.succeeded()
            case NotNow(retry_after=seconds) if seconds > 0:
                self._pause(seconds)
            case NotNow() | Unknown():
                self.breaker.failed()
            case Halted(detail=detail):
                _log.error("sending_halted", detail=detail)
                self.breaker.open(_HALTED_SECONDS)
            case _:
                assert_never(answer)

    def _pause(self, seconds: float) -> None:
        """The provider named the moment when its window opens again."""
        until = self._now() + seconds
        if until > self._open_at:
            self.waited += until - max(self._open_at, self._now())
            self._open_at = until
