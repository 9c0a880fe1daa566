"""One partition while we own it: life after life, turn after turn. It knows no lead and no Faust."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol

from aiokafka import TopicPartition
from msgspec import Struct

from streams.engine.clock import Clock, SteppedClock
from streams.engine.failpoint import reach
from streams.engine.inbox import Inbox
from streams.engine.life import Life, Place
from streams.engine.observe import LaneState, Observer
from streams.engine.problem import LifeEnded
from streams.engine.record import Batch, Record
from streams.engine.rows import Rows
from streams.engine.settings import EngineSettings
from streams.engine.status import LaneStatus

_log = logging.getLogger(__name__)
_MOST_TICKS: Final = 500
_SHORTEST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 2.0
_ASK_AGAIN_S: Final = 0.5
_REGAINED: Final = 64  # folds after which a lane that had to take fewer records takes as many as ever
_CANCEL_S: Final = 5.0


class Work(Protocol):
    """What a kind of lane does with its records; a new instance for each life of a lane."""

    async def begin(self, lane: "Lane") -> None:
        """Rows are complete; read what is kept in memory."""

    async def fold(self, lane: "Lane", records: Sequence[Record]) -> None:
        """Fold records, and commit up to the offset after the last of them before returning."""

    async def tick(self, lane: "Lane", due: Sequence[tuple[bytes, int]]) -> None:
        """Rows (key, due in ms) whose time has come; none comes twice in a life unless its due changes.

        None at all when the lane was stirred: ``lane.stirred`` is the work's own question, asked every 20 ms.
        """


class Kind(Struct, frozen=True):
    """A kind of lane: source topic, changelog topic, its work, records a fold takes, and seconds it may finish in."""

    source: str
    changelog: str
    work: Callable[[], Work]
    most: int = 4_000
    grace_s: float = 2.0


class Shared(Struct, frozen=True):
    """What all lanes of a worker share; ``ours`` asks the group whether this worker is still a member."""

    app: str
    settings: EngineSettings
    clock: Clock
    observe: Observer
    cache: Any
    ours: Callable[[], Awaitable[bool]]
    crash: Callable[[BaseException], Awaitable[None]]


def place_of(app: str, kind: Kind, partition: int) -> Place:
    """Where the rows of a partition are: in Kafka, and on this machine."""
    return Place(app, TopicPartition(kind.source, partition), TopicPartition(kind.changelog, partition))


def _never() -> bool:
    return False


class Lane:
    """A life ends when a transaction does not; the lane ends when its partition leaves. Never two lives at once."""

    def __init__(self, kind: Kind, partition: int, shared: Shared) -> None:
        self.topic, self.partition, self.clock = kind.source, partition, shared.clock
        self.inbox: Inbox | None = None
        self.stirred: Callable[[], bool] = _never
        self._kind, self._shared = kind, shared
        self._place = place_of(shared.app, kind, partition)
        self._life: Life | None = None
        self._state: LaneState = "ended"
        self._most = self._took = kind.most
        self._looked, self._busy, self._leaving, self._turned = 0, False, False, time.monotonic()
        self._task = asyncio.create_task(self._lives(), name=f"lane {self._place.name}")

    @property
    def rows(self) -> Rows:
        """The rows of the present life."""
        return self._alive.rows

    @property
    def leaving(self) -> bool:
        """True once the partition is being given away: begin nothing that takes long."""
        return self._leaving

    async def commit(self, batch: Batch) -> None:
        """One Kafka transaction, then one write to disk. Raises Oversize (nothing happened), or ends the life."""
        await self._alive.commit(batch)

    async def end(self) -> None:
        """Let a running fold finish within its grace, then let go of everything; bounded, whatever the work does."""
        self._leaving = True
        if self._busy:
            await asyncio.wait({self._task}, timeout=self._kind.grace_s)
        self._task.cancel()
        await asyncio.wait({self._task}, timeout=_CANCEL_S)

    def look(self, now: int) -> None:
        """Wake up when something is due, or the work is stirred; otherwise a comparison in memory."""
        if self.inbox is None or self._busy:
            return
        if self.rows.due.low <= now or self.stirred() or self._passed_markers(self.inbox):
            self.inbox.wake.set()
        else:
            self._looked = now

    def status(self) -> LaneStatus:
        """What a driver may rely on: idle at a position and a clock means that all before both was folded."""
        life, inbox = self._life, self.inbox
        if life is None or inbox is None:
            return LaneStatus(topic=self.topic, partition=self.partition, state=self._state)
        idle = not (self._busy or len(inbox) or life.rows.due.low <= self._looked or self.stirred())
        position = inbox.position if idle and inbox.sought else life.position
        return LaneStatus(
            topic=self.topic,
            partition=self.partition,
            state=self._state,
            position=position,
            idle=idle,
            clock=self._looked,
            counts=life.counts,
            lag=max(0, inbox.end - position),
            late=max(0, self.clock.now() - life.rows.due.low),
        )

    @property
    def _alive(self) -> Life:
        if self._life is None:
            raise LifeEnded(RuntimeError("the lane is between two lives"))
        return self._life

    async def _lives(self) -> None:
        """A new life begins only while the group counts us in: who was shut out by a successor never fences back."""
        pause_s = _SHORTEST_PAUSE_S
        try:
            while True:
                fruitful = await self._one_life()
                if self._leaving:
                    return
                pause_s = _SHORTEST_PAUSE_S if fruitful else min(2 * pause_s, _LONGEST_PAUSE_S)
                await asyncio.sleep(pause_s)
                if not await self._shared.ours():
                    await self._shut_out()
        except Exception as bug:  # noqa: BLE001  (a bug or a refusal: nothing is acknowledged, and the worker goes)
            await self._shared.crash(bug)

    async def _shut_out(self) -> None:
        _log.warning(
            "lane %s: the group counts this worker out (its session expired, or a successor has its name), so it waits"
            " to be given partitions again; if this comes often, raise NURTURE_SESSION_TIMEOUT_S or give it more CPU",
            self._place.name,
        )
        while not await self._shared.ours():  # noqa: ASYNC110  (the answer is at the broker)
            await asyncio.sleep(_ASK_AGAIN_S)

    async def _one_life(self) -> bool:
        """Live until the end; True when anything was committed."""
        try:
            await self._be_born()
            await self._live(self._kind.work())
        except LifeEnded as ended:
            self._mourn(ended)
        except asyncio.CancelledError as cancelled:
            if self._task.cancelling():
                raise
            self._mourn(LifeEnded(cancelled))  # a library let one out that was not meant for us
        finally:
            life, self._life, self.inbox, self.stirred = self._life, None, None, _never
            self._to("ended")
            if life:
                await life.close()
        return life is not None and life.fruitful

    def _mourn(self, ended: LifeEnded) -> None:
        """What was too much for one transaction would be too much again, so the next life takes half of it."""
        if self._life and self._life.over is ended and ended.reason == TimeoutError.__name__:
            self._most = max(1, min(self._most, self._took) // 2)
        _log.warning("lane %s: a life has ended (%s)", self._place.name, ended)
        self._shared.observe.transaction_failed(self.topic, self.partition, ended.reason)

    async def _be_born(self) -> None:
        shared = self._shared
        if isinstance(self.clock, SteppedClock):
            await self.clock.ready.wait()
        self._to("fencing")
        self._life = await Life.begin(
            self._place, shared.settings, shared.cache, shared.observe, lambda: self._to("recovering")
        )

    async def _live(self, work: Work) -> None:
        try:
            await work.begin(self)
            self.inbox = Inbox(self._alive.position, self._most)
            self._to("folding")
            while not self._leaving:
                await self._turn(work, self.inbox)
        except Exception as problem:
            raise self._alive.over or problem from problem

    async def _turn(self, work: Work, inbox: Inbox) -> None:
        """Fold all that waits (while one transaction commits, the next batch grows), then give out what is due."""
        await inbox.wake.wait()
        inbox.wake.clear()
        if inbox.astray and not inbox:
            raise LifeEnded(LookupError(f"the broker has no offset {inbox.position} of {self._place.name} any more"))
        self._busy = True
        try:
            if records := inbox.take(self._alive.position):
                reach("J2")  # records taken, nothing begun
                self._took = len(records)
                await work.fold(self, records)
                self._must_be_done(work, records[-1].offset + 1)
                inbox.most = self._most = min(self._kind.most, self._most + 1 + self._kind.most // _REGAINED)
            now = self.clock.now()
            due = self.rows.due.take(now, _MOST_TICKS)
            if due or self.stirred():
                await work.tick(self, due)
            if self._passed_markers(inbox):
                await self.commit(Batch(upto=inbox.position))
            self._looked, self._turned = now, time.monotonic()
        finally:
            self._busy = False
        if inbox or inbox.astray or self.rows.due.low <= now or self.stirred():
            inbox.wake.set()

    def _passed_markers(self, inbox: Inbox) -> bool:
        """Long idle, with only transaction markers since our position: their deletion would look like a loss."""
        if inbox or not inbox.sought or self._alive.position >= inbox.position:
            return False
        return time.monotonic() - self._turned > self._shared.settings.settle_s

    def _must_be_done(self, work: Work, upto: int) -> None:
        if self._alive.position < upto:
            raise RuntimeError(
                f"{type(work).__name__} of {self._place.name} returned from fold at {self._alive.position},"
                f" expected a commit up to {upto}: a fold commits everything it was given"
            )

    def _to(self, state: LaneState) -> None:
        self._state = state
        self._shared.observe.lane_state(self.topic, self.partition, state)
