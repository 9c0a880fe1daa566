"""The bench's stand: a broker on cores of its own, topics full of facts, one process a round. It judges no figure."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import aiokafka
import msgspec
from aiokafka.structs import TopicPartition
from kafka.admin import KafkaAdminClient

from agents.kafka.brokers import apache_kafka, end_with_us
from agents.kafka.topics import create_topics
from agents.policies import apply
from agents.process.settings import Settings, read_settings
from schemas.codec import encode
from schemas.policy import policy_hash
from streams.engine.partition import partition_of
from tests.bench.facts import Told, policy_applied
from tests.bench.order import Order, written
from tests.bench.shipped import ROOT, workplace
from tests.bench.span import Spent, pin

PARTITIONS: Final = 8
_MOST_BYTES: Final = 900_000
COMPACT: Final = {"cleanup.policy": "compact"}


class SideFailed(RuntimeError):  # noqa: N818  (says what happened)
    """A side ended without figures: which, and its last words."""


def cores() -> tuple[int, set[int]]:
    """The core of the side that is measured, and those of everybody else."""
    available = (
        sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    )
    return available[0], set(available[1:]) or set(available)


class Mark(NamedTuple):
    """How many records a round wrote, and a checksum of their values that does not know their order."""

    records: int
    check: int


class Stand:
    """A broker with everything on it that a side needs."""

    def __init__(self, bootstrap: str, folder: Path, core: int) -> None:
        self.bootstrap, self.folder, self.core = bootstrap, folder, core
        self.options = {"bootstrap_servers": bootstrap}
        self._rounds = 0
        self._full: dict[str, int] = {}

    def make(self, name: str, config: Mapping[str, str] | None = None, partitions: int = PARTITIONS) -> str:
        """A new topic."""
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        try:
            order = {"num_partitions": partitions, "replication_factor": 1, "configs": dict(config or {})}
            admin.create_topics({name: order})
            admin.wait_for_topics([name])
        finally:
            admin.close()
        return name

    def drop(self, name: str) -> None:
        """Make room."""
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        try:
            admin.delete_topics([name])
        finally:
            admin.close()

    async def fill(self, name: str, told: Iterable[Told]) -> str:
        """A new topic with these facts, the policy first in every partition."""
        self.make(name)
        applied = Told(b"-", encode(policy_applied(policy_hash(workplace().policy))))
        parcels = [[applied, *parcel] for parcel in parted(told)]
        await self.pour(name, parcels)
        self._full[name] = sum(map(len, parcels))
        return name

    async def pour(self, topic: str, parcels: Iterable[Iterable[tuple[Any, ...]]]) -> None:
        """Records (key, value, headers?) for each partition, in large batches."""
        async with _producer(self.options) as out:
            for partition, records in enumerate(parcels):
                acks, batch = [], out.create_batch()
                for key, value, *headers in records:
                    parts = {"timestamp": None, "key": key, "value": value, "headers": [*headers]}
                    if batch.append(**parts) is None:
                        acks.append(await out.send_batch(batch, topic, partition=partition))
                        batch = out.create_batch()
                        batch.append(**parts)
                acks.append(await out.send_batch(batch, topic, partition=partition))
                await asyncio.gather(*acks)

    async def round(self, side: str, source: str, **more: Any) -> Spent:
        """One process of one side folds a whole source, and must have decided something."""
        self._rounds += 1
        name = f"bench-{side}-{self._rounds}"
        order = Order(
            bootstrap=self.bootstrap,
            source=source,
            facts=self._full[source],
            partitions=PARTITIONS,
            name=name,
            rows=self.make(f"{name}-rows", COMPACT),
            folder=self.folder / name,
            core=self.core,
            **more,
        )
        try:
            return msgspec.json.decode(await started(side, order), type=Spent)
        finally:
            shutil.rmtree(order.folder, ignore_errors=True)
            self.drop(order.rows)

    async def ends(self, topic: str) -> dict[TopicPartition, int]:
        """The next offset of every partition, committed or not: markers come after a commit's answer."""
        async with self.reading() as reader:
            ends: dict[TopicPartition, int] = await reader.end_offsets(
                [TopicPartition(topic, p) for p in range(PARTITIONS)]
            )
        return ends

    async def mark(self, topic: str, since: Mapping[TopicPartition, int]) -> Mark:
        """What a round said in a topic, once all of it is readable."""
        count = check = 0
        for value in await self.values(topic, since):
            count, check = count + 1, check ^ zlib.crc32(value)
        return Mark(count, check)

    async def values(self, topic: str, since: Mapping[TopicPartition, int]) -> list[bytes]:
        """What was committed to a topic between two moments: then and now."""
        found: list[bytes] = []
        ends = await self.ends(topic)
        async with self.reading(isolation_level="read_committed") as reader:
            reader.assign(list(since))
            for part, offset in since.items():
                reader.seek(part, offset)
            while any([await reader.position(part) < ends[part] for part in since]):
                for records in (await reader.getmany(timeout_ms=200)).values():
                    found += [record.value for record in records]
        return found

    @asynccontextmanager
    async def reading(self, **more: Any) -> AsyncIterator[Any]:
        """A consumer of nothing yet, that nobody else is in a group with."""
        reader = aiokafka.AIOKafkaConsumer(**self.options, enable_auto_commit=False, **more)
        await reader.start()
        try:
            yield reader
        finally:
            await reader.stop()


def parted(told: Iterable[Told]) -> list[list[Told]]:
    """Facts by partition, in order."""
    parcels: list[list[Told]] = [[] for _ in range(PARTITIONS)]
    for fact in told:
        parcels[partition_of(fact.key, PARTITIONS)].append(fact)
    return parcels


async def started(side: str, order: Order) -> str:
    """The last line that a side's process prints. Raises SideFailed with its last words."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"tests.bench.sides.{side}", written(order)),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    guard = end_with_us(process.pid)
    try:
        out, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        guard.kill()
        guard.wait()
    lines = out.decode().strip().splitlines()
    if process.returncode or not lines:
        raise SideFailed(f"the side {side} ended with {process.returncode}: {last_words(errors)}")
    return lines[-1]


def last_words(log: bytes) -> str:
    """The end of what a process said, in one line."""
    return " / ".join(log.decode(errors="replace").strip().splitlines()[-5:])


@asynccontextmanager
async def stand(*, apart: bool = True) -> AsyncIterator[Stand]:
    """Apache Kafka with our topics and the shipped policy; ``apart``: broker and driver leave the first core alone."""
    core, others = cores()
    if apart:
        pin(others)
    try:
        with _folder() as folder, apache_kafka() as broker:
            create_topics(_settings(broker.bootstrap))
            await apply({"bootstrap_servers": broker.bootstrap}, workplace().policy, PARTITIONS)
            yield Stand(broker.bootstrap, folder, core)
    finally:
        pin({core, *others})


def _settings(bootstrap: str) -> Settings:
    return read_settings(
        {
            "NURTURE_BOOTSTRAP": bootstrap,
            "NURTURE_PARTITIONS": str(PARTITIONS),
            "NURTURE_ID_KEY": "0" * 32,
            "NURTURE_TOKEN_KEY": "0" * 32,
        }
    )


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="nurture-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def _producer(options: Mapping[str, Any]) -> AsyncIterator[Any]:
    producer = aiokafka.AIOKafkaProducer(**options, max_batch_size=_MOST_BYTES, enable_idempotence=True)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()
