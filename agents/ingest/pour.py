"""Messages to the broker: idempotent, acknowledged by every replica, no faster than they are worked. Reads no file."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final, Protocol

import aiokafka
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from agents.ingest.mapping import TOPICS
from agents.ingest.messages import Message
from agents.ingest.pace import Lag, Pace
from agents.kafka.clients import client
from agents.process.settings import Settings

_BATCH_BYTES: Final = 262_144
_PATIENCE_SECONDS: Final = 15.0
_RUN_AGAIN: Final = "Ingest the file again when it is repaired: repeats are harmless."


class PourError(Exception):
    """The broker did not take the messages: one sentence."""


class Sink(Protocol):
    """Where messages go."""

    async def pour(self, messages: Sequence[Message]) -> None:
        """Returns when all of them are acknowledged. Raises PourError."""


class KafkaSink:
    """The three topics at a broker."""

    def __init__(self, producer: Any, pace: Pace) -> None:
        self._producer, self._pace = producer, pace

    async def pour(self, messages: Sequence[Message]) -> None:
        """Returns when all of them are acknowledged, and begins when live facts leave room. Raises PourError."""
        await self._pace.turn()
        try:
            taken = [
                await self._producer.send(message.topic, message.value, key=message.key, headers=message.headers)
                for message in messages
            ]
            await asyncio.gather(*taken)
        except (KafkaError, OSError) as error:
            raise PourError(f"found that the broker took no more messages ({error!r}). {_RUN_AGAIN}") from None


@asynccontextmanager
async def kafka(settings: Settings) -> AsyncIterator[Sink]:
    """A sink on the broker of the settings. Raises PourError: nobody answers, or a topic is missing."""
    options = client(settings)
    producer = aiokafka.AIOKafkaProducer(
        **options, enable_idempotence=True, acks="all", linger_ms=20, max_batch_size=_BATCH_BYTES
    )
    admin, consumer = AIOKafkaAdminClient(**options), aiokafka.AIOKafkaConsumer(**options)
    async with AsyncExitStack() as stack:
        for stop in (producer.stop, admin.close, consumer.stop):
            stack.push_async_callback(stop)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                for each in (producer, admin, consumer):
                    await each.start()
                known = (await producer.client.fetch_all_metadata()).topics()
        except (KafkaError, OSError, TimeoutError):
            raise PourError(
                f"found no broker that answers at {settings.bootstrap}, expected Kafka there (set NURTURE_BOOTSTRAP)"
            ) from None
        if missing := [topic for topic in TOPICS.values() if topic not in known]:
            message = f'found no topic "{missing[0]}" at {settings.bootstrap}, expected it to exist: '
            raise PourError(message + "run nurture topics create")
        yield KafkaSink(producer, Pace(Lag(admin, consumer).waiting))
