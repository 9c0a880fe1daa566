"""One Kafka transaction at a time, under a name that only the newest holder may use. It knows no rows and no lanes."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Self

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import MessageSizeTooLargeError, TopicAuthorizationFailedError
from aiokafka.structs import OffsetAndMetadata

from streams.engine.failpoint import reach
from streams.engine.partition import partition_of
from streams.engine.problem import LifeEnded, Oversize, Refused
from streams.engine.record import Out
from streams.engine.settings import EngineSettings

MOST_BYTES: Final = 960_000  # of one batch on the wire; brokers take 1,048,588 unless told otherwise
_OVERHEAD: Final = 200
_CLOSE_S: Final = 2.0
_ABORT_S: Final = 1.0
_REMEDIES: Final = {
    MessageSizeTooLargeError: ": raise max.message.bytes there to the default, 1,048,588",
    TopicAuthorizationFailedError: ": give this worker the right to write there",
}

Parcel = tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]
Sent = list[tuple[TopicPartition, Any]]


class Packed(NamedTuple):
    """Records of one partition, encoded as the broker stores them."""

    to: TopicPartition
    batch: Any
    records: int


class Transactions:
    """The producer of one lane. Whoever calls ``fence`` later under the same name shuts this one out."""

    def __init__(self, producer: AIOKafkaProducer, group: str, timeout_s: float) -> None:
        self._producer, self._group, self._timeout_s = producer, group, timeout_s
        self._partitions: dict[str, int] = {}

    @classmethod
    async def fence(cls, name: str, group: str, settings: EngineSettings) -> Self:
        """Shut out every predecessor of this name, and abort what it left open. Raises LifeEnded."""
        timeout_s = settings.transaction_timeout_ms / 1000
        producer = AIOKafkaProducer(
            **settings.client,
            transactional_id=name,
            transaction_timeout_ms=settings.transaction_timeout_ms,  # an open one hides its partitions from readers
            request_timeout_ms=2 * settings.transaction_timeout_ms,
            max_batch_size=MOST_BYTES,
            retry_backoff_ms=5,  # aiokafka #1172: a transaction may meet one spurious retry
        )
        transactions = cls(producer, group, timeout_s)
        try:
            async with asyncio.timeout(2 * timeout_s):
                await producer.start()
        except BaseException as problem:
            await transactions.close()
            if isinstance(problem, Exception):
                raise LifeEnded(problem) from problem
            raise
        return transactions

    async def pack(self, outs: Sequence[Out]) -> list[Packed]:
        """Encode everything before anything begins. Raises Oversize, Refused, or LifeEnded for an unknown topic."""
        parcels: dict[TopicPartition, list[Parcel]] = {}
        counts = {topic: await self.partitions(topic) for topic in {out.topic for out in outs}}
        for topic, key, value, headers, chosen in outs:
            partition = partition_of(key or b"", counts[topic]) if chosen is None else chosen
            parcels.setdefault(TopicPartition(topic, partition), []).append((key, value, list(headers)))
        for topic, partition in parcels:
            if partition >= counts[topic]:
                raise Refused(
                    f"topic {topic} has {counts[topic]} partitions, but a record is for partition {partition}:"
                    f" all topics keyed by lead need the same count (nurture topics check)"
                )
        return pack(self._producer.create_batch, parcels)

    async def partitions(self, topic: str) -> int:
        """How many partitions a topic has. Raises LifeEnded when the broker does not know it."""
        if topic not in self._partitions:
            try:
                async with asyncio.timeout(self._timeout_s):
                    self._partitions[topic] = len(await self._producer.partitions_for(topic))
            except Exception as problem:
                unknown = LookupError(f"the broker does not know the topic {topic}: create it (nurture topics create)")
                raise LifeEnded(unknown) from problem
        return self._partitions[topic]

    async def commit(
        self, packed: Sequence[Packed], offsets: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, int]:
        """All or nothing, and the next offset of each partition written to. Raises LifeEnded on any doubt."""
        sent: Sent = []
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._producer.begin_transaction()
                try:
                    reach("J3")  # begun, nothing delivered
                    ends = await self._fill(packed, offsets, sent)
                    reach("J4")  # all delivered, nothing committed
                except BaseException:
                    await self._abort()
                    raise
                await self._producer.commit_transaction()
        except Exception as problem:  # a fenced producer, a refusal, silence: the next life finds out what holds
            raise LifeEnded(problem, _undelivered(sent) + _REMEDIES.get(type(problem), "")) from problem
        return ends

    async def close(self) -> None:
        """Let go of the connections, or leave them to themselves after two seconds: they commit nothing any more."""
        closing = asyncio.ensure_future(self._producer.stop())
        closing.add_done_callback(lambda task: task.cancelled() or task.exception())
        await asyncio.wait({closing}, timeout=_CLOSE_S)

    async def _fill(
        self, packed: Sequence[Packed], offsets: Mapping[TopicPartition, int], sent: Sent
    ) -> dict[TopicPartition, int]:
        """Await every delivery: aiokafka's commit would ignore those that failed. Offsets travel at the same time."""
        for to, batch, _ in packed:
            sent.append((to, await self._producer.send_batch(batch, to.topic, partition=to.partition)))
        waiting = [answer for _, answer in sent]
        if offsets:
            positions = {tp: OffsetAndMetadata(offset, "") for tp, offset in offsets.items()}
            waiting.append(self._producer.send_offsets_to_transaction(positions, self._group))
        answers = await asyncio.gather(*waiting)
        return {to: answer.offset + count for (to, _, count), answer in zip(packed, answers, strict=False)}

    async def _abort(self) -> None:
        """Be quick to show others their partitions again; who comes next aborts it anyway."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_ABORT_S):
                await self._producer.abort_transaction()


def pack(create: Callable[[], Any], parcels: Mapping[TopicPartition, Sequence[Parcel]]) -> list[Packed]:
    """As few batches as fit, the first of every partition before the second of any."""
    rounds: list[list[Packed]] = []
    for to, records in parcels.items():
        for turn, packed in enumerate(_pack_one(create, to, records)):
            if turn == len(rounds):
                rounds.append([])
            rounds[turn].append(packed)
    return [packed for batches in rounds for packed in batches]


def _pack_one(create: Callable[[], Any], to: TopicPartition, records: Sequence[Parcel]) -> list[Packed]:
    done: list[Packed] = []
    batch, count = create(), 0
    for key, value, headers in records:
        taken = batch.append(timestamp=None, key=key, value=value, headers=headers)
        if taken is None:  # it is full, and an empty one takes anything
            done.append(Packed(to, batch, count))
            batch, count = create(), 0
            taken = batch.append(timestamp=None, key=key, value=value, headers=headers)
        if taken.size + _OVERHEAD > MOST_BYTES:
            raise _oversize(to, key, taken.size + _OVERHEAD)
        count += 1
    return [*done, Packed(to, batch, count)]


def _undelivered(sent: Sent) -> str:
    """The topics that have not said that they took what they were sent."""
    done = [answer.done() and not answer.cancelled() and answer.exception() is None for _, answer in sent]
    topics = sorted({to.topic for (to, _), taken in zip(sent, done, strict=True) if not taken})
    return f"; not taken by {', '.join(topics)}" if topics else ""


def _oversize(to: TopicPartition, key: bytes | None, size: int) -> Oversize:
    """The broker would refuse it, life after life."""
    return Oversize(
        f"a record of {size:,} bytes for {to.topic} (key {(key or b'')[:40]!r}) is too large:"
        f" expected at most {MOST_BYTES:,} bytes; make it a dead letter or keep less in it"
    )
