"""The limit: the same work and the same transactions in a bare aiokafka loop. No group, no fence, no recovery, no due.

A task for each partition, so that one folds while another's transaction commits, as lanes do.
"""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import aiokafka
import rocksdict
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from agents.journey import JourneyWork
from streams.engine.heap import settle
from streams.engine.partition import partition_of
from streams.engine.record import Batch, Record
from tests.bench.order import Order, taken
from tests.bench.sides.lane import Stopped
from tests.bench.span import Span, pin
from tests.bench.work import work_parts

_MOST_BYTES = 960_000


class Store:
    """Rows by key, as RocksDB gives them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        options = rocksdict.Options(raw_mode=True)
        options.create_if_missing(True)
        self._db = rocksdict.Rdict(str(folder), options)

    def load(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        wanted = list(keys)
        return {key: row for key, row in zip(wanted, self._db.get(wanted), strict=True) if row is not None}

    def get(self, key: bytes) -> bytes | None:
        return self._db.get(key)

    def write(self, batch: Batch) -> None:
        write = rocksdict.WriteBatch(raw_mode=True)
        for key, row in batch.rows.items():
            write.put(key, row.value)
        self._db.write(write)


class Loop:
    """One partition: fetch, fold, commit. It looks to JourneyWork like a lane."""

    clock = Stopped()

    def __init__(self, order: Order, partition: int, consumer: Any) -> None:
        self.topic, self.partition, self.rows = order.source, partition, Store(order.folder / f"{partition}")
        self._order, self._consumer, self._here = order, consumer, TopicPartition(order.source, partition)
        self._producer = aiokafka.AIOKafkaProducer(
            bootstrap_servers=order.bootstrap,
            transactional_id=f"{order.name}-{partition}",
            max_batch_size=_MOST_BYTES,
            retry_backoff_ms=5,
        )

    async def run(self, work: JourneyWork, span: Span, over: asyncio.Event) -> None:
        await self._producer.start()
        try:
            await work.begin(self)
            while not over.is_set():
                fetched = await self._consumer.getmany(self._here, timeout_ms=200, max_records=self._order.most)
                records = [
                    Record(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, r.headers)
                    for r in fetched.get(self._here, ())
                ]
                if not records:
                    continue
                span.begin()
                await work.fold(self, records)
                if span.done(len(records)):
                    span.end()
                    over.set()
        finally:
            await self._producer.stop()

    async def commit(self, batch: Batch) -> None:
        """One transaction, then the rows."""
        async with self._producer.transaction():
            sent = [await self._send(to, made) for to, made in self._packed(batch)]
            place = {self._here: OffsetAndMetadata(batch.upto, "")}
            await asyncio.gather(*sent, self._producer.send_offsets_to_transaction(place, self._order.name))
        self.rows.write(batch)

    async def _send(self, to: TopicPartition, batch: Any) -> Any:
        return await self._producer.send_batch(batch, to.topic, partition=to.partition)

    def _packed(self, batch: Batch) -> list[tuple[TopicPartition, Any]]:
        packed: list[tuple[TopicPartition, Any]] = []
        newest: dict[TopicPartition, Any] = {}
        rows = ((self._order.rows, key, row.value, (), self.partition) for key, row in batch.rows.items())
        for topic, key, value, headers, partition in (*rows, *batch.outs):
            where = partition if partition is not None else partition_of(key, self._order.partitions)
            to = TopicPartition(topic, where)
            for _ in range(2):
                made = newest.get(to)
                if made and made.append(timestamp=None, key=key, value=value, headers=list(headers)) is not None:
                    break
                newest[to] = self._producer.create_batch()
                packed.append((to, newest[to]))
        return packed


async def run(order: Order) -> None:
    """Fold all facts once, then tell what it took."""
    span, over = Span(order.facts), asyncio.Event()
    work = work_parts(order.bootstrap)
    consumer = aiokafka.AIOKafkaConsumer(
        bootstrap_servers=order.bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        fetch_max_wait_ms=25,
    )
    await consumer.start()
    parts = [TopicPartition(order.source, partition) for partition in range(order.partitions)]
    consumer.assign(parts)
    await consumer.seek_to_beginning(*parts)
    loops = [Loop(order, partition, consumer) for partition in range(order.partitions)]
    settle()
    await asyncio.gather(*(loop.run(JourneyWork(*work), span, over) for loop in loops))
    await consumer.stop()
    span.tell()


if __name__ == "__main__":
    given = taken()
    pin({given.core})
    asyncio.run(run(given))
