"""How we speak to Kafka outside a lane: client options from the settings, and one-shot reads. It folds nothing."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiokafka
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from agents.process.settings import Settings
from schemas.problem import UserError
from streams.engine.partition import partition_of
from streams.engine.settings import EngineSettings

Client = dict[str, Any]
_PATIENCE_MS = 20  # a fetch that brings a transaction's marker alone would wait so long for more


class UnreachableError(UserError):
    """Nobody answers, or there is no such topic: one sentence for whoever asked."""


def engine_settings(settings: Settings) -> EngineSettings:
    """What the engine must know of the settings; its ``client`` holds the arguments of every aiokafka client."""
    return EngineSettings(
        bootstrap=settings.bootstrap,
        data_dir=settings.data_dir,
        partitions=settings.partitions,
        session_timeout_s=settings.session_timeout_s,
        heartbeat_s=settings.session_timeout_s / 5,
        instance_id=settings.instance_id or None,
        standby=settings.standby,
        accept_loss=frozenset(settings.accept_loss),
        security_protocol=settings.kafka_security,
        ssl_context=tls(settings) if settings.kafka_security.endswith("SSL") else None,
        sasl_mechanism=settings.kafka_sasl_mechanism,
        sasl_username=settings.kafka_username or None,
        sasl_password=settings.kafka_password.reveal() or None,
    )


def client(settings: Settings) -> Client:
    """Arguments of every aiokafka client: servers and security."""
    return engine_settings(settings).client


def tls(settings: Settings) -> ssl.SSLContext:
    """Verifies the brokers' names; brings our own certificate when there is one."""
    context = ssl.create_default_context(cafile=settings.kafka_ca_file)
    if settings.kafka_cert_file:
        context.load_cert_chain(settings.kafka_cert_file, settings.kafka_key_file)
    return context


@asynccontextmanager
async def producer(options: Client, **more: Any) -> AsyncIterator[Any]:
    """An idempotent producer that waits for every replica. Raises UnreachableError."""
    made = aiokafka.AIOKafkaProducer(**options, enable_idempotence=True, acks="all", linger_ms=5, **more)
    async with _started(made, options):
        yield made


async def read_whole(options: Client, topic: str, key: bytes | None = None) -> AsyncIterator[Any]:
    """Every committed record of a topic that is there now, one partition after the other; only the one of ``key``.

    Raises UnreachableError, or LookupError for a topic that does not exist.
    """
    async with _started(_reader(options), options) as consumer:
        found = sorted(await _partitions(consumer, topic))
        for number in found if key is None else [partition_of(key, len(found))]:
            async for record in _read_partition(consumer, TopicPartition(topic, number)):
                yield record


async def read_before(options: Client, topic: str, partition: int, offset: int) -> AsyncIterator[Any]:
    """The committed records of one partition, from its first one up to an offset. Raises UnreachableError."""
    async with _started(_reader(options), options) as consumer:
        async for record in _read_partition(consumer, TopicPartition(topic, partition), offset):
            yield record


def _reader(options: Client) -> Any:
    """Where retention overtakes it, it goes on with what is left: aiokafka's default is to go to the end."""
    return aiokafka.AIOKafkaConsumer(
        **options, isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="earliest"
    )


async def _read_partition(consumer: Any, part: TopicPartition, before: int | None = None) -> AsyncIterator[Any]:
    consumer.assign([part])
    await consumer.seek_to_beginning(part)
    end = (await consumer.end_offsets([part]))[part] if before is None else before
    while await consumer.position(part) < end:
        for record in (await consumer.getmany(part, timeout_ms=_PATIENCE_MS)).get(part, ()):
            if record.offset < end:
                yield record


async def read_newest(options: Client, topic: str) -> dict[bytes, bytes]:
    """A compacted topic as a table: the newest value of each key; tombstones and the engine's own keys are left out."""
    table: dict[bytes, bytes] = {}
    async for record in read_whole(options, topic):
        if record.key is None or record.key.startswith(b"\0"):
            continue
        if record.value is None:
            table.pop(record.key, None)
        else:
            table[record.key] = record.value
    return table


@asynccontextmanager
async def _started(made: Any, options: Client) -> AsyncIterator[Any]:
    """The client while it is connected; what never connected is let go of too."""
    try:
        await _start(made, options)
        yield made
    finally:
        await made.stop()


async def _start(made: Any, options: Client) -> None:
    try:
        await made.start()
    except (KafkaError, OSError) as error:
        raise UnreachableError(
            f"found no broker that answers at {options['bootstrap_servers']}, expected Kafka there (NURTURE_BOOTSTRAP)"
        ) from error


async def _partitions(consumer: Any, topic: str) -> set[int]:
    await consumer._client.force_metadata_update()  # noqa: SLF001 - partitions_for_topic reads a cache only
    found: set[int] | None = consumer.partitions_for_topic(topic)
    if not found:
        raise UnreachableError(
            f'found no topic "{topic}" at the broker, expected it to exist: run "nurture topics create"'
        )
    return found
