"""The sender: at most one accepted request for one send key, and every order in exactly one visible state.

Gate, CLAIM in a transaction, suppression again, request outside any transaction, outcome in a transaction
(RELIABILITY 1.2 and 1.3). It decides nothing about leads, knows no provider and writes no text.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, NamedTuple, assert_never

import structlog

from agents.deadletter import counted, dead_letter
from agents.mail.book import SOURCE, Book
from agents.mail.compose import Composer
from agents.mail.gate import Gate
from agents.mail.orders import read_order
from agents.mail.port import Accepted, Answer, Halted, Letter, NotNow, Port, Refused, Unknown
from agents.render.renderer import Unrenderable
from schemas.commands import SendOrder
from schemas.problem import Rejected
from schemas.reason import Reason
from streams import ledger
from streams.engine.failpoint import reach
from streams.engine.lane import Lane
from streams.engine.record import Record

MOST: Final = 100  # orders that one transaction claims
_ABREAST: Final = 16  # requests at a time, one lane
_GATHER_SECONDS: Final = 0.05  # how long an outcome waits for company in a transaction
_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 300.0
_HALTED_WAIT: Final = 30.0

_log = structlog.get_logger(__name__)


class _Sending(NamedTuple):
    order: SendOrder
    letter: Letter


_Read = tuple[Record, SendOrder | Rejected]


class _Brake:
    """Pulled by the first answer that says not now: requests that have not begun stay at home, and the lane waits."""

    def __init__(self) -> None:
        self.wait = 0.0

    def pull(self, seconds: float, detail: str) -> None:
        """Wait at least this long before the next request."""
        if not self.wait:
            _log.warning("sending_paused", detail=detail, seconds=seconds)
        self.wait = max(self.wait, seconds)


class SenderWork:
    """A kind of lane: its source is ``nurture.sends``, its rows are the ledger (key: send key)."""

    def __init__(
        self, *, port: Port, gate: Gate, composer: Composer, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._port = port
        self._gate = gate
        self._composer = composer
        self._sleep = sleep
        self._abreast = asyncio.Semaphore(_ABREAST)
        self._setbacks = 0  # rounds in a row that pulled the brake

    async def begin(self, lane: Lane) -> None:
        """Nothing: a claim that a former life left behind is met when its order is read again."""

    async def tick(self, lane: Lane, due: Sequence[tuple[bytes, int]]) -> None:
        """Nothing is ever due: orders wait in line, not in rows."""

    async def fold(self, lane: Lane, records: Sequence[Record]) -> None:
        """Bring every order to its end. What may not be sent now waits here, in order, and is lost to nobody."""
        for start in range(0, len(records), MOST):
            await self._settle(lane, records[start : start + MOST])

    async def _settle(self, lane: Lane, records: Sequence[Record]) -> None:
        read: list[_Read] = [(record, read_order(record)) for record in records]
        orders: dict[str, SendOrder] = {}
        for _, found in read:
            if not isinstance(found, Rejected):
                orders.setdefault(found.send_key, found)
        book = Book(lane, orders.values())
        left = [order for order in orders.values() if not _met_before(book, order, lane.clock.now())]
        wait = 0.0
        while left:
            left, wait = await self._round(lane, book, left)
            if left:
                await book.commit()
                await self._sleep(wait)
        _close(book, read)
        await book.commit(upto=records[-1].offset + 1)
        if wait:
            await self._sleep(wait)

    async def _round(self, lane: Lane, book: Book, orders: Sequence[SendOrder]) -> tuple[list[SendOrder], float]:
        """One try at every order: those that are left (proven not sent), and the seconds to wait before the next."""
        brake = _Brake()
        sendings = self._claim(lane, book, orders, brake)
        if sendings:
            reach("W0")
            await book.commit()  # the CLAIM: on the record before any byte leaves
            await self._send_all(lane, book, sendings, brake)
        self._setbacks = self._setbacks + 1 if brake.wait else 0
        return [order for order in orders if book.entry(order) is None], brake.wait

    def _claim(self, lane: Lane, book: Book, orders: Iterable[SendOrder], brake: _Brake) -> list[_Sending]:
        """Gate every order and claim those that may go; one that waits for the suppression list is left as it is."""
        sendings = []
        for order in orders:
            now = lane.clock.now()
            reason = self._gate.refusal(order, now)
            if reason is Reason.SUPPRESSION_UNKNOWN:
                brake.pull(_FIRST_WAIT, "the view of the suppression list is too old")
            elif reason is not None:
                book.write(order, ledger.Blocked(order=order, at=now, reason=reason))
            elif isinstance(composed := self._composer.compose(order, now), Unrenderable):
                blocked = ledger.Blocked(order=order, at=now, reason=Reason.TEMPLATE, detail=composed.detail)
                book.write(order, blocked)
            else:
                claimed = ledger.Claimed(order=order, at=now, port=self._port.name, source_hash=composed.source_hash)
                book.write(order, claimed)
                sendings.append(_Sending(order, composed.letter))
        return sendings

    async def _send_all(self, lane: Lane, book: Book, sendings: Sequence[_Sending], brake: _Brake) -> None:
        """Side by side, one at a time for a lead. What ends this early (a failed commit) ends the requests too."""
        chains = [asyncio.create_task(self._chain(lane, chain, brake)) for chain in _by_lead(sendings)]
        pending = set(chains)
        try:
            while pending:
                done, pending = await asyncio.wait(
                    pending, timeout=_GATHER_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                for chain in filter(done.__contains__, chains):
                    for order, event in chain.result():
                        book.write(order, event)
                if pending:
                    await book.commit_if_older(_GATHER_SECONDS)
                    reach("W5")
        finally:
            for task in chains:
                task.cancel()
            await asyncio.gather(*chains, return_exceptions=True)

    async def _chain(
        self, lane: Lane, sendings: Iterable[_Sending], brake: _Brake
    ) -> list[tuple[SendOrder, ledger.Event]]:
        return [(sending.order, await self._send(lane, sending, brake)) for sending in sendings]

    async def _send(self, lane: Lane, sending: _Sending, brake: _Brake) -> ledger.Event:
        async with self._abreast:
            if brake.wait:
                return ledger.Released()
            reason = self._gate.suppressed(sending.order)
            if reason is Reason.SUPPRESSION_UNKNOWN:
                brake.pull(_FIRST_WAIT, "the view of the suppression list is too old")
                return ledger.Released()
            if reason is not None:
                return ledger.Blocked(order=sending.order, at=lane.clock.now(), reason=reason)
            reach("W1")
            answer = await self._port.send(sending.letter)
            reach("W4")
            return self._outcome(answer, lane.clock.now(), brake)

    def _outcome(self, answer: Answer, now: int, brake: _Brake) -> ledger.Event:
        """What an answer means for the ledger (RELIABILITY 1.3, W2 to W6)."""
        backoff = min(_FIRST_WAIT * 2 ** min(self._setbacks, 9), _LONGEST_WAIT)
        match answer:
            case Accepted(message_id=message_id):
                return ledger.Accepted(at=now, message_id=message_id)
            case Refused(detail=detail):
                return ledger.Refused(at=now, detail=detail)
            case NotNow(retry_after=seconds, detail=detail):
                brake.pull(max(seconds, backoff), detail)
                return ledger.Released()
            case Halted(detail=detail):
                brake.pull(_HALTED_WAIT, detail)
                return ledger.Released()
            case Unknown(detail=detail):
                brake.pull(backoff, detail)  # a provider that fails must not turn the whole line into held sends
                return ledger.Lost(at=now, detail=detail)
            case _:
                assert_never(answer)


def _met_before(book: Book, order: SendOrder, now: int) -> bool:
    """Whether the ledger knows the key. A claim without an outcome is a former life's: it may have been sent."""
    entry = book.entry(order)
    if entry is None:
        return False
    if entry.state == "claimed":
        book.write(order, ledger.Lost(at=now, detail="the worker that claimed it ended before it wrote the outcome"))
    else:
        book.count(order, "duplicate")
    return True


def _close(book: Book, read: Iterable[_Read]) -> None:
    """What goes with the source position: dead letters, and repeats of a key within the batch."""
    seen = set[str]()
    for record, found in read:
        if isinstance(found, Rejected):
            book.emit(dead_letter(record, found, SOURCE))
            for name in counted(found):
                book.add(name)
        elif found.send_key in seen:
            book.count(found, "duplicate")
        else:
            seen.add(found.send_key)


def _by_lead(sendings: Iterable[_Sending]) -> list[list[_Sending]]:
    chains: dict[str, list[_Sending]] = {}
    for sending in sendings:
        chains.setdefault(sending.order.lead_id, []).append(sending)
    return list(chains.values())
