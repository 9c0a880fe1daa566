"""One life of a lane: its transactions, its rows, how far both are. It folds nothing and ends at the first doubt."""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple, Self

import msgspec
import rocksdict
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from streams.engine.clock import wall_ms
from streams.engine.failpoint import reach
from streams.engine.observe import Observer
from streams.engine.problem import LifeEnded, Refused
from streams.engine.record import Batch, Out, Row
from streams.engine.recovery import BIRTH, COUNTS, DUE, POSITION, Changelog, first_position, reader
from streams.engine.rows import Checkpoint, Rows, full, unreadable, unwritten
from streams.engine.settings import EngineSettings
from streams.engine.transaction import Transactions

LOST: Final = "lost"
_HELD: Final = ("IO error: While lock file:", "IO error: lock hold by current process")
_log = logging.getLogger(__name__)
_decode_counts: Final = msgspec.json.Decoder(dict[str, int]).decode


class Place(NamedTuple):
    """Whose life it is: the app (and group), the partition of the source, and that of the changelog."""

    app: str
    source: TopicPartition
    changelog: TopicPartition

    @property
    def name(self) -> str:
        """The transactional id, which only the newest life may use."""
        return f"{self.app}-{self.source.topic}-{self.source.partition}"

    def folder(self, settings: EngineSettings) -> Path:
        """Where its rows are on this machine."""
        return settings.data_dir / self.app / f"{self.source.topic}-{self.source.partition}"


class Life:
    """Fenced and recovered when ``begin`` returns; every way to go on ends in ``close``."""

    position: int
    counts: dict[str, int]
    fruitful: bool  # whether any transaction of it was committed

    def __init__(self, place: Place, transactions: Transactions, rows: Rows, observe: Observer) -> None:
        self.rows, self._place, self._transactions, self._observe = rows, place, transactions, observe
        self._checkpoint = Checkpoint(b"", 0)
        self._committing = asyncio.Lock()
        self._over: LifeEnded | None = None
        self.fruitful = False

    @classmethod
    async def begin(
        cls,
        place: Place,
        settings: EngineSettings,
        cache: rocksdict.Cache,
        observe: Observer,
        fenced: Callable[[], None],
    ) -> Self:
        """Fence, then recover; ``fenced`` is called in between. Raises LifeEnded or Refused."""
        transactions = await Transactions.fence(place.name, place.app, settings)
        fenced()
        reach("J0")  # predecessors are shut out, nothing recovered
        try:
            life = cls(place, transactions, open_rows(place.folder(settings), cache), observe)
        except BaseException:
            await transactions.close()
            raise
        try:
            await life._recover(settings)
        except BaseException:
            await life.close()
            raise
        return life

    async def commit(self, batch: Batch) -> None:
        """One Kafka transaction, then one write to disk. Raises Oversize (nothing happened) or LifeEnded."""
        async with self._committing:
            if self._over:
                raise self._over
            try:
                await self._commit(batch)
            except LifeEnded as ended:
                self._over = ended
                raise

    @property
    def over(self) -> LifeEnded | None:
        """Why nothing can be committed any more; None while all is well."""
        return self._over

    async def close(self) -> None:
        """Let go of the rows and of the producer."""
        self._over = self._over or LifeEnded(asyncio.CancelledError("the lane has ended"))
        self.rows.close()
        await self._transactions.close()

    async def _recover(self, settings: EngineSettings) -> None:
        consumer = reader(settings, self._place.app)
        try:
            await consumer.start()
            await self._must_match(set(await consumer.topics()))
            changelog = Changelog(
                consumer, self._place.changelog, str(self._place.folder(settings)), settings.tombstones_ms
            )
            self._checkpoint = await changelog.recover(self.rows, self._progress)
            start = await first_position(consumer, self._place.source, self.rows.get(POSITION), settings.accept_loss)
        except (KafkaError, OSError) as problem:
            raise LifeEnded(problem) from problem
        finally:
            await consumer.stop()
        self.position = start.position
        self.counts = _decode_counts(self.rows.get(COUNTS) or b"{}")
        if self.rows.get(BIRTH) is None:
            await self.commit(Batch(rows={BIRTH: Row(self._checkpoint.birth)}))
        if start.lost:
            _log.warning("%s goes on at %s: %s records are lost, as accepted", self._place.name, *start)
            await self.commit(Batch(counts={LOST: start.lost}, upto=start.position))

    async def _must_match(self, topics: set[str]) -> None:
        """Where a topic is missing a client would wait for ever, and where partitions differ rows would be missed."""
        source, changelog = self._place.source.topic, self._place.changelog.topic
        if changelog not in topics:
            raise Refused(
                f"the changelog topic {changelog} is missing: create it (nurture topics create); if it was lost,"
                f" restore it first, because the rows of every lane are kept there"
            )
        ours, theirs = await self._transactions.partitions(source), await self._transactions.partitions(changelog)
        if ours != theirs:
            raise Refused(
                f"topic {source} has {ours} partitions, but its changelog {changelog} has {theirs}: they must be the"
                f" same, and stay so; create the changelog anew with {ours} partitions while it is still empty"
            )

    async def _commit(self, batch: Batch) -> None:
        rows, counts, position = self._complete(batch)
        topic, partition = self._place.changelog
        outs = [Out(topic, key, row.value, _headers(row), partition) for key, row in rows.items()] + batch.outs
        if not outs:
            return
        packed = await self._transactions.pack(outs)
        started = time.perf_counter()
        ends = await self._transactions.commit(packed, {} if batch.upto is None else {self._place.source: position})
        seconds, self.fruitful = time.perf_counter() - started, True
        offset = ends.get(self._place.changelog, self._checkpoint.offset)
        self._checkpoint = Checkpoint(self._checkpoint.birth, offset, wall_ms())
        reach("J5")  # committed, not on disk
        self.rows.apply(rows, self._checkpoint)
        reach("J6")  # on disk
        self.position, self.counts = position, counts
        self._observe.committed(self._place.source.topic, self._place.source.partition, len(outs), seconds)

    def _complete(self, batch: Batch) -> tuple[dict[bytes, Row], dict[str, int], int]:
        """The engine's own rows go along: the next source offset, and the counts added up."""
        rows, counts, position = dict(batch.rows), self.counts, self.position
        if batch.upto is not None:
            position = batch.upto
            rows[POSITION] = Row(b"%d" % position)
        if batch.counts:
            counts = counts | {name: counts.get(name, 0) + more for name, more in batch.counts.items()}
            rows[COUNTS] = Row(msgspec.json.encode(counts))
        return rows, counts, position

    def _progress(self, applied: int, left: int) -> None:
        self._observe.recovering(self._place.source.topic, self._place.source.partition, applied, left)


def _headers(row: Row) -> list[tuple[str, bytes]]:
    """The due travels beside the row, so that recovery can build the index without reading rows."""
    return [(DUE, row.due.to_bytes(8, "big"))] if row.due and row.value is not None else []


def open_rows(folder: Path, cache: rocksdict.Cache) -> Rows:
    """Rows on disk. Raises LifeEnded while another process holds them or the disk is full, Refused when unreadable."""
    try:
        return Rows(folder, cache)
    except Refused:
        raise
    except Exception as problem:  # rocksdict raises nothing more exact
        if str(problem).startswith(_HELD):
            raise LifeEnded(problem) from problem
        raise (unwritten if full(problem) else unreadable)(folder, problem) from problem
