"""How a lane gets its rows back: from its own checkpoint to the end of its changelog. It folds nothing."""

import logging
import secrets
import time
from collections.abc import Callable, Container, Iterable
from typing import Any, Final, NamedTuple

from aiokafka import TopicPartition

from schemas.units import DAY
from streams.engine.clock import wall_ms
from streams.engine.consumer import PacedConsumer
from streams.engine.failpoint import reach
from streams.engine.problem import LifeEnded, Refused
from streams.engine.record import Row
from streams.engine.rows import Checkpoint, Rows
from streams.engine.settings import EngineSettings

BIRTH: Final = b"\0birth"
POSITION: Final = b"\0position"
COUNTS: Final = b"\0counts"
DUE: Final = "due"
_BATCH: Final = 5_000
_WAIT_MS: Final = 20
_PATIENCE_S: Final = 30.0
_log = logging.getLogger(__name__)


class Changelog:
    """One partition of a changelog, read committed, from the view of its lane."""

    def __init__(
        self, consumer: PacedConsumer, tp: TopicPartition, folder: str, kept_ms: int, wait_ms: int = _WAIT_MS
    ) -> None:
        """``kept_ms``: how long the topic keeps tombstones; rows that were not complete for longer begin anew."""
        self._consumer, self._tp, self._folder = consumer, tp, folder
        self._kept_ms, self._wait_ms = kept_ms, wait_ms
        self._moved = time.monotonic()

    async def recover(self, rows: Rows, progress: Callable[[int, int], None]) -> Checkpoint:
        """Bring rows up to date and return how far; a new changelog gets a new birth id. Raises Refused."""
        self._consumer.assign([self._tp])
        self._moved, now = time.monotonic(), wall_ms()
        end: int = (await self._consumer.end_offsets([self._tp]))[self._tp]
        born = await self._birth(end)
        done = self._judge(rows.checkpoint, born, end)
        if born is None:
            return done
        if self._too_old(done, end, now):
            rows.clear()
            done = Checkpoint(born, 0)
        await self._replay(rows, done, end, now, progress)
        return rows.checkpoint or done

    async def go_on(self, rows: Rows, progress: Callable[[int, int], None]) -> None:
        """Apply what has come since; returns at once when something has, else after a while."""
        if (done := rows.checkpoint) is None or not (records := await self._next(_BATCH)):
            return
        position: int = await self._consumer.position(self._tp)
        left = max(0, (self._consumer.last_stable_offset(self._tp) or 0) - position)
        rows.apply(_changes(records), Checkpoint(done.birth, position, done.at if left else wall_ms()))
        progress(len(records), left)

    async def _birth(self, end: int) -> bytes | None:
        """The first readable record tells which changelog this is; None while nothing was ever committed to it."""
        await self._consumer.seek_to_beginning(self._tp)
        while await self._consumer.position(self._tp) < end:
            for record in await self._more(most=1):
                if record.key == BIRTH:
                    return bytes(record.value)
                raise Refused(
                    f"{self._name} begins with {record.key[:40]!r} instead of its birth record: its beginning was"
                    f" deleted. Check its cleanup.policy (expected: compact) and restore the topic; nothing was folded"
                )
        return None

    def _judge(self, checkpoint: Checkpoint | None, born: bytes | None, end: int) -> Checkpoint:
        """Rows of another changelog, or newer than this one, must not be folded on."""
        if checkpoint is None:
            return Checkpoint(born or secrets.token_hex(8).encode(), 0)
        if checkpoint.birth != born:
            found = f"birth id {born.decode(errors='replace')}" if born else "nothing"
            raise Refused(
                f"{self._name} holds {found}, but the rows in {self._folder} belong to birth id"
                f" {checkpoint.birth.decode(errors='replace')}: the topic was made anew, or the folder is from another"
                f" cluster. Delete the folder to rebuild it from the topic, or restore the topic"
            )
        if checkpoint.offset > end:
            raise Refused(
                f"{self._name} ends at {end}, but the rows in {self._folder} are at {checkpoint.offset}: the topic has"
                f" lost records. Delete the folder to go back to what the topic knows, or restore the topic"
            )
        return checkpoint

    def _too_old(self, done: Checkpoint, end: int, now: int) -> bool:
        """Whether a row may have been deleted unseen: compaction drops the record of it after a while.

        When nothing but the marker of our own last transaction came since, nothing was deleted.
        """
        if not 0 < done.offset < end - 1 or now - done.at <= self._kept_ms:
            return False
        days = (now - done.at) / DAY
        _log.warning("the rows in %s are %.1f days old: %s is read from its beginning", self._folder, days, self._name)
        return True

    async def _replay(
        self, rows: Rows, done: Checkpoint, end: int, now: int, progress: Callable[[int, int], None]
    ) -> None:
        """Rows are complete as of ``now`` once ``end`` is reached, and not before."""
        self._consumer.seek(self._tp, done.offset)
        position, applied = done.offset, 0
        while position < end:
            records = await self._more(_BATCH)
            position = await self._consumer.position(self._tp)
            rows.apply(_changes(records), Checkpoint(done.birth, position, done.at if position < end else now))
            reach("J1")  # some of the changelog is on disk
            applied += len(records)
            progress(applied, max(0, end - position))

    async def _more(self, most: int) -> list[Any]:
        """Of what is known to be there. Raises LifeEnded when nothing comes for long: the topic may be gone."""
        before = await self._consumer.position(self._tp)
        records = await self._next(most)
        if await self._consumer.position(self._tp) != before:
            self._moved = time.monotonic()
        elif time.monotonic() - self._moved > _PATIENCE_S:
            raise LifeEnded(TimeoutError(f"{self._name} has more than {before} records, and none came for so long"))
        return records

    async def _next(self, most: int) -> list[Any]:
        """The wait is short: a fetch that brings a transaction's marker alone does not end it."""
        fetched = await self._consumer.getmany(self._tp, timeout_ms=self._wait_ms, max_records=most)
        return list(fetched.get(self._tp, ()))

    @property
    def _name(self) -> str:
        return f"changelog {self._tp.topic}, partition {self._tp.partition},"


def _changes(records: Iterable[Any]) -> dict[bytes, Row]:
    return {record.key: Row(record.value, due_of(record.headers)) for record in records}


def reader(settings: EngineSettings, group: str, wait_ms: int = _WAIT_MS) -> PacedConsumer:
    """A consumer for one recovery. It names the group to ask for its offsets, but never joins it."""
    return PacedConsumer(
        **settings.client,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        fetch_max_wait_ms=wait_ms,
        max_partition_fetch_bytes=4 << 20,
    )


class Start(NamedTuple):
    """The next source offset, and how many offsets before it are gone unread (accepted by the settings)."""

    position: int
    lost: int = 0


async def first_position(
    consumer: PacedConsumer, source: TopicPartition, known: bytes | None, accept_loss: Container[str]
) -> Start:
    """The next source offset: what the changelog says, or the beginning for a lane that never lived. Raises Refused.

    The group's offset is written in the same transactions as the changelog, so alone it only tells that one is gone.
    """
    beginning: int = (await consumer.beginning_offsets([source]))[source]
    if known is None:
        await _must_be_new(consumer, source, beginning)
        return Start(beginning)
    position = int(known)
    end: int = (await consumer.end_offsets([source]))[source]
    where = f"topic {source.topic}, partition {source.partition},"
    if position > end:
        raise Refused(
            f"{where} ends at {end}, but its lane has read to {position}: it was made anew or has lost records."
            f" Restore it, or delete the lane's changelog, state folder and group offsets to begin again"
        )
    lost = max(0, beginning - position)
    if lost and source.topic not in accept_loss:
        raise Refused(
            f"{where} begins at {beginning}, but its lane has read to {position}: up to {lost:,} records are gone that"
            f" nobody folded (retention, or somebody deleted them). Restore them, or start once with"
            f" NURTURE_ACCEPT_LOSS={source.topic} to go on without them"
        )
    return Start(position + lost, lost)


async def _must_be_new(consumer: PacedConsumer, source: TopicPartition, beginning: int) -> None:
    committed = await consumer.committed(source)
    if committed is not None and committed > beginning:
        raise Refused(
            f"topic {source.topic}, partition {source.partition}, was read to {committed} by its group, but its lane's"
            f" changelog holds nothing: the rows are gone, and going on would begin with empty ones. Restore the"
            f" changelog, or delete the group's offsets to fold the topic again from its beginning:"
            f" what its lane said then goes out a second time"
        )


def due_of(headers: Any) -> int:
    """The due of a row from the headers of its changelog record, in milliseconds; 0 without one."""
    return next((int.from_bytes(value, "big") for name, value in headers if name == DUE), 0)
