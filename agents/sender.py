"""The sender: at most one accepted request for one send key, and every order in exactly one visible state.

It reads orders and what is said of earlier ones, and lets ``agents.mail.dispatch`` try what may be tried
(RELIABILITY 1.2 and 1.3). It decides nothing about leads, knows no provider and writes no text.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from random import Random, SystemRandom
from typing import Final, assert_never

import structlog

from agents.deadletter import counted, dead_letter
from agents.mail import cap
from agents.mail.book import SOURCE, Book, Doubts, doubts_of
from agents.mail.cap import DailyCap
from agents.mail.compose import Composer
from agents.mail.dispatch import Dispatch
from agents.mail.gate import Gate
from agents.mail.meter import Meter
from agents.mail.orders import read_order
from agents.mail.port import Port
from agents.mail.throttle import MOST, Throttle
from agents.mail.waiting import open_ended
from schemas.commands import (
    CancelContent,
    ConfirmSend,
    DropSend,
    NotifyOwner,
    ResendSend,
    SendContent,
    SendFeedback,
    ToSender,
)
from schemas.ledger import LedgerEntry
from schemas.problem import Refusal, Rejected
from schemas.reason import Reason
from streams import ledger
from streams.engine.lane import Lane
from streams.engine.record import Record

__all__ = ["MOST", "SenderWork"]
_READY_TRIES: Final = 100  # tenths of a second

_log = structlog.get_logger(__name__)
_Read = tuple[Record, ToSender | Rejected]


class SenderWork:
    """A kind of lane: its source is ``nurture.sends``, its rows are the ledger (key: send key).

    ``share`` is a partition's part of the daily cap (0: none).
    """

    def __init__(
        self,
        *,
        port: Port,
        gate: Gate,
        composer: Composer,
        throttle: Throttle,
        meter: Meter,
        share: Callable[[int], int] = lambda _: 0,
        dice: Random | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._port, self._gate, self._composer = port, gate, composer
        self._throttle, self._meter, self._share = throttle, meter, share
        self._dice, self._sleep = dice or SystemRandom(), sleep
        self._doubts: Doubts = {}

    async def begin(self, lane: Lane) -> None:
        """Learns what is in doubt and what was sent today; a claim of a former life is due, and met in ``tick``."""
        self._doubts = doubts_of(lane)
        self._meter.follow(lane, self._doubts)
        daily = DailyCap(self._share(lane.partition), lane.rows.get(cap.KEY))
        self._dispatch = Dispatch(
            port=self._port,
            gate=self._gate,
            composer=self._composer,
            throttle=self._throttle,
            daily=daily,
            dice=self._dice,
        )
        lane.stirred = self._dispatch.waiting.over
        for _ in range(_READY_TRIES):  # rather than to put the first orders aside
            if self._gate.ready():
                break
            await self._sleep(0.1)

    async def fold(self, lane: Lane, records: Sequence[Record]) -> None:
        """Bring every order to a visible state. What may not be sent now waits in the ledger, and is lost to nobody."""
        for start in range(0, len(records), MOST):
            await self._fold(lane, records[start : start + MOST])

    async def tick(self, lane: Lane, due: Sequence[tuple[bytes, int]]) -> None:
        """Orders that waited are tried, doubts that nothing resolved are held, claims of a former life are doubts."""
        for start in range(0, len(due), MOST):
            await self._look(lane, [key for key, _ in due[start : start + MOST]])
        if later := self._dispatch.waiting.take(lane.rows.due, lane.clock.now()):
            await self._look(lane, later)

    async def _look(self, lane: Lane, keys: Sequence[bytes]) -> None:
        """Look at entries that are due, or whose wait may be over."""
        book = Book(lane, [key.decode() for key in keys], self._doubts)
        for key, why in book.unreadable.items():
            _log.error("ledger_entry_unreadable", send_key=key, detail=why)
        now = lane.clock.now()
        found = [entry for entry in (book.entry(key.decode()) for key in keys) if entry]
        entries = [entry for entry in found if 0 < ledger.due_of(entry) <= now or open_ended(entry)]
        for entry in entries:
            _age(book, entry, now)
        await self._dispatch.send(lane, book, [entry.order for entry in entries if entry.order])
        await book.commit()

    async def _fold(self, lane: Lane, records: Sequence[Record]) -> None:
        read: list[_Read] = [(record, read_order(record)) for record in records]
        book = Book(lane, {found.send_key for _, found in read if not isinstance(found, Rejected)}, self._doubts)
        read = [(record, _readable(book, found)) for record, found in read]
        fresh: dict[str, SendContent | NotifyOwner] = {}
        for _, found in read:
            if isinstance(found, SendContent | NotifyOwner) and _is_fresh(book, found.send_key, lane.clock.now()):
                fresh.setdefault(found.send_key, found)
        cancelled = {found.send_key for _, found in read if isinstance(found, CancelContent)}
        for key in sorted(cancelled & set(fresh)):
            book.write(key, ledger.Blocked(order=fresh[key], at=lane.clock.now(), reason=Reason.CANCELLED))
        await self._dispatch.send(lane, book, [order for key, order in fresh.items() if key not in cancelled])
        _close(book, read, set(fresh), lane.clock.now())
        await book.commit(upto=records[-1].offset + 1)


def _readable(book: Book, found: ToSender | Rejected) -> ToSender | Rejected:
    """An order whose entry this release cannot read is put aside: nobody may guess what became of it."""
    if isinstance(found, Rejected) or found.send_key not in book.unreadable:
        return found
    return Rejected(Refusal.WRONG_SHAPE, book.unreadable[found.send_key])


def _is_fresh(book: Book, send_key: str, now: int) -> bool:
    """Whether the ledger holds nothing of a send. A claim without an outcome is a former life's."""
    entry = book.entry(send_key)
    if entry is not None and entry.state == "claimed":
        _orphaned(book, entry, now)
    return entry is None


def _age(book: Book, entry: LedgerEntry, now: int) -> None:
    """What time alone does to an entry that is due."""
    if entry.state == "claimed":
        _orphaned(book, entry, now)
    elif entry.state == "unknown":
        book.write(entry.send_key, ledger.Expired(at=now))


def _orphaned(book: Book, entry: LedgerEntry, now: int) -> None:
    book.write(
        entry.send_key, ledger.Lost(at=now, detail="the worker that claimed it ended before it wrote the outcome")
    )


def _close(book: Book, read: Iterable[_Read], fresh: set[str], now: int) -> None:
    """What goes with the source position, and so exactly once: dead letters, repeats, words about earlier sends."""
    for record, found in read:
        match found:
            case Rejected():
                book.emit(dead_letter(record, found, SOURCE))
                for name in counted(found):
                    book.add(name)
            case ConfirmSend() | ResendSend() | DropSend() | CancelContent():
                book.add(f"feedback:{_hear(book, found, now)}")
            case SendContent() | NotifyOwner():
                if found.send_key in fresh:
                    fresh.discard(found.send_key)
                else:
                    book.count(ledger.email_of(found), "duplicate")
            case _:
                assert_never(found)


def _hear(book: Book, word: SendFeedback | CancelContent, now: int) -> str:
    """What a word about an earlier send changes: its name, or ``ignored``. Most are about what is settled anyway."""
    entry = book.entry(word.send_key)
    if entry is not None and entry.state == "claimed":
        _orphaned(book, entry, now)
        entry = book.entry(word.send_key)
    event = _event(word, now)
    if entry is None or not ledger.allows(entry, type(event)) or word.id in {order.id for order in entry.ordered}:
        return "ignored"
    return book.write(word.send_key, event).state


def _event(word: SendFeedback | CancelContent, now: int) -> ledger.Event:
    match word:
        case ConfirmSend(event=proof):
            return ledger.Confirmed(at=now, event=proof)
        case ResendSend(id=name, order=order, by=by, why=why):
            return ledger.Resent(id=name, order=order, at=now, by=by, why=why)
        case DropSend(id=name, by=by, why=why):
            return ledger.Dropped(id=name, at=now, by=by, why=why)
        case CancelContent():
            return ledger.Cancelled(at=now)
        case _:
            assert_never(word)
