"""One try at every order of a batch: gate, CLAIM, suppression again, request, outcome (RELIABILITY 1.2 and 1.3).

What may not be sent now is put aside in its ledger entry, with a time to look again. It reads no topic.
"""

import asyncio
from collections.abc import Iterable, Sequence
from random import Random
from typing import Final, NamedTuple, assert_never

from agents.mail import cap
from agents.mail.book import Book
from agents.mail.cap import DailyCap
from agents.mail.compose import Composed, Composer
from agents.mail.gate import Gate
from agents.mail.port import Accepted, Answer, Halted, Letter, NotNow, Port, Refused, Unknown
from agents.mail.throttle import Throttle, Wait
from agents.mail.waiting import Waiting
from agents.render.renderer import Unrenderable
from schemas.commands import NotifyOwner, SendOrder
from streams import ledger
from streams.engine.failpoint import reach
from streams.engine.lane import Lane

_ABREAST: Final = 16  # requests at a time, one lane
_GATHER_SECONDS: Final = 0.05  # how long an outcome waits for company in a transaction
_SHORTEST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 300.0


class _Sending(NamedTuple):
    order: SendOrder
    letter: Letter


class Dispatch:
    """What one life of a lane sends with. ``dice`` spread the times at which waiting orders are looked at again."""

    def __init__(
        self, *, port: Port, gate: Gate, composer: Composer, throttle: Throttle, daily: DailyCap, dice: Random
    ) -> None:
        self._port, self._gate, self._composer = port, gate, composer
        self._throttle, self._daily, self._dice = throttle, daily, dice
        self.waiting = Waiting(gate, throttle)
        self._abreast = asyncio.Semaphore(_ABREAST)

    async def send(self, lane: Lane, book: Book, orders: Iterable[SendOrder]) -> None:
        """Every order to its end, or to a state that says what it waits for. The last of it is not committed yet."""
        left = list(orders)
        while left:
            handful = self._throttle.handful
            some, left = left[:handful], left[handful:]
            sendings = self._claim(lane, book, some)
            if sendings:
                reach("W0")
                await book.commit()  # the CLAIM: on the record before any byte leaves
                await self._send_all(lane, book, sendings)

    def _claim(self, lane: Lane, book: Book, orders: Iterable[SendOrder]) -> list[_Sending]:
        """Gate every order, and claim those that may go."""
        sendings = []
        for order in orders:
            now = lane.clock.now()
            reason = self._gate.refusal(order, now)
            if reason is None and (wait := self._must_wait(lane, order) or self._spent(order, now)):
                self._put_aside(book, order, now, wait)
            elif reason := reason or self._gate.suppressed(order):
                book.write(order.send_key, ledger.Blocked(order=order, at=now, reason=reason))
            elif isinstance(composed := self._composer.compose(order, now), Unrenderable):
                blocked = ledger.Blocked(order=order, at=now, reason=composed.reason, detail=composed.detail)
                book.write(order.send_key, blocked)
            else:
                book.write(order.send_key, self._claimed(order, now, composed))
                self._charge(book, order, now, 1)
                sendings.append(_Sending(order, composed.letter))
        return sendings

    def _claimed(self, order: SendOrder, now: int, composed: Composed) -> ledger.Claimed:
        return ledger.Claimed(
            order=order, at=now, port=self._port.name, source_hash=composed.source_hash, locale=composed.locale
        )

    def _put_aside(self, book: Book, order: SendOrder, now: int, wait: Wait) -> None:
        """A look that finds nothing new writes nothing: a long stop must not cost a transaction a look."""
        until, known = self._until(book, order, now, wait), book.entry(order.send_key)
        if known is None or (known.until, known.detail) != (until, wait.because):
            book.write(order.send_key, ledger.Postponed(order=order, at=now, until=until, detail=wait.because))

    async def _send_all(self, lane: Lane, book: Book, sendings: Sequence[_Sending]) -> None:
        """Side by side, one at a time for a lead. What ends this early (a failed commit) ends the requests too."""
        chains = [asyncio.create_task(self._chain(lane, book, chain)) for chain in _by_lead(sendings)]
        pending = set(chains)
        try:
            while pending:
                done, pending = await asyncio.wait(
                    pending, timeout=_GATHER_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                for chain in filter(done.__contains__, chains):
                    for order, event in chain.result():
                        self._note(lane, book, order, event)
                if pending:
                    await book.commit_if_older(_GATHER_SECONDS)
                    reach("W5")
        finally:
            for task in chains:
                task.cancel()
            await asyncio.gather(*chains, return_exceptions=True)

    async def _chain(
        self, lane: Lane, book: Book, sendings: Iterable[_Sending]
    ) -> list[tuple[SendOrder, ledger.Event]]:
        return [(sending.order, await self._send(lane, book, sending)) for sending in sendings]

    async def _send(self, lane: Lane, book: Book, sending: _Sending) -> ledger.Event:
        order = sending.order
        async with self._abreast:
            if not self._throttle.shut():
                await self._throttle.turn(lambda: lane.leaving)
            if wait := self._must_wait(lane, order):
                return self._deferred(lane, book, order, wait)
            if reason := self._gate.suppressed(order):
                return ledger.Blocked(order=order, at=lane.clock.now(), reason=reason)
            self._throttle.breaker.begin()
            reach("W1")
            answer = await self._port.send(sending.letter)
            reach("W4")
            self._throttle.learn(answer)
            return self._outcome(lane, book, order, answer)

    def _outcome(self, lane: Lane, book: Book, order: SendOrder, answer: Answer) -> ledger.Event:
        """What an answer means for the ledger (RELIABILITY 1.3, W2 to W6)."""
        now = lane.clock.now()
        match answer:
            case Accepted(message_id=message_id):
                return ledger.Accepted(at=now, message_id=message_id)
            case Refused(detail=detail):
                return ledger.Refused(at=now, detail=detail)
            case NotNow(retry_after=seconds, detail=detail):
                return self._deferred(lane, book, order, Wait(seconds, detail))
            case Halted(detail=detail):
                wait = self._throttle.shut() or Wait(0, detail)
                return self._deferred(lane, book, order, wait._replace(because=detail))
            case Unknown(detail=detail):
                return ledger.Lost(at=now, detail=detail)
            case _:
                assert_never(answer)

    def _note(self, lane: Lane, book: Book, order: SendOrder, event: ledger.Event) -> None:
        """Write the outcome; what was claimed and proven not sent does not count towards today's cap."""
        book.write(order.send_key, event)
        if isinstance(event, ledger.Deferred | ledger.Blocked):
            self._charge(book, order, lane.clock.now(), -1)

    def _charge(self, book: Book, order: SendOrder, now: int, more: int) -> None:
        """Mail to leads counts; a rep's notice of a handoff must not wait for tomorrow."""
        if not isinstance(order, NotifyOwner):
            self._daily.add(now, more)
            book.keep(cap.KEY, self._daily.row())

    def _must_wait(self, lane: Lane, order: SendOrder) -> Wait | None:
        if lane.leaving:
            return Wait(0, "the lane is being given away")
        return self.waiting.why(order)

    def _spent(self, order: SendOrder, now: int) -> Wait | None:
        if isinstance(order, NotifyOwner) or self._daily.left(now):
            return None
        return Wait((cap.tomorrow(now) - now) / 1_000, "today's cap is reached (NURTURE_DAILY_CAP)")

    def _deferred(self, lane: Lane, book: Book, order: SendOrder, wait: Wait) -> ledger.Event:
        until = self._until(book, order, lane.clock.now(), wait)
        return ledger.Deferred(order=order, until=until, detail=wait.because)

    def _until(self, book: Book, order: SendOrder, now: int, wait: Wait) -> int:
        """When to look again (ms): decorrelated jitter over what was waited before, and not beyond the order's time.

        What has no known end is noticed when it ends (``agents.mail.waiting``).
        """
        over = max(now, order.not_after) + 1
        if wait.open_ended:
            self.waiting.add(order)
            return over + 1  # later than any other wait: see open_ended
        entry = book.entry(order.send_key)
        waited = (now - entry.begun_at) / 1_000 if entry else 0
        jitter = self._dice.uniform(_SHORTEST_WAIT, min(max(3 * waited, 3 * _SHORTEST_WAIT), _LONGEST_WAIT))
        return min(now + round(1_000 * (wait.seconds + jitter)), over)


def _by_lead(sendings: Iterable[_Sending]) -> list[list[_Sending]]:
    chains: dict[str, list[_Sending]] = {}
    for sending in sendings:
        chains.setdefault(sending.order.lead_id, []).append(sending)
    return list(chains.values())
