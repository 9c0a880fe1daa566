"""Ingest against a real broker: what was counted is what is there, read back with a client that is not ours."""

import asyncio
import json
from contextlib import closing
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from click.testing import CliRunner
from confluent_kafka import Consumer, TopicPartition

from agents.cli.ingest import ingest
from agents.ingest.mapping import TOPICS
from agents.ingest.messages import Message
from agents.ingest.pace import Lag
from agents.ingest.pour import KafkaSink, PourError, kafka
from agents.kafka.clients import client
from agents.kafka.topics import create_topics
from agents.process.settings import read_settings

MAPPING = """
name: {name}
format: csv
lead: id
facts:
  - {{event: Lead Created, topic: leads, fields: {{company: firm}}}}
  - {{event: Page Viewed, topic: engagement, fields: {{path: page}}}}
"""


@pytest.fixture
def settings(broker):
    made = read_settings({"NURTURE_BOOTSTRAP": broker})
    create_topics(made)
    return made


def read_back(bootstrap, unique):
    """Values by lead of both topics, with the partition each was on."""
    group = {
        "bootstrap.servers": bootstrap,
        "group.id": unique,
        "auto.offset.reset": "earliest",
        "enable.partition.eof": True,
    }
    consumer, found, ended = Consumer(group), [], set()
    topics = [TOPICS["leads"], TOPICS["engagement"]]
    partitions = sum(len(consumer.list_topics(topic, 20).topics[topic].partitions) for topic in topics)
    consumer.subscribe(topics)
    while len(ended) < partitions:
        record = consumer.poll(20)
        assert record is not None, "the broker fell silent"
        if record.error():
            ended.add((record.topic(), record.partition()))
        elif record.key().decode().startswith(unique):
            found.append((record.key().decode(), record.partition(), json.loads(record.value())))
    consumer.close()
    return found


def test_what_was_counted_is_at_the_broker(settings, unique, tmp_path):
    """Every message arrives, under its lead's key, so that all of one lead is on one partition of each topic."""
    (tmp_path / "map.yaml").write_text(MAPPING.format(name=f"m{unique}"))
    rows = "".join(f"{unique}-{n},Firm {n},/page\n" for n in range(3000))
    Path(tmp_path / "a.csv").write_text("id,firm,page\n" + rows)
    result = CliRunner().invoke(
        ingest, [str(tmp_path / "a.csv"), "--map", str(tmp_path / "map.yaml"), "--json"],
        env={"NURTURE_BOOTSTRAP": settings.bootstrap},
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["messages"] == 6000
    found = read_back(settings.bootstrap, unique)
    assert len(found) == 6000
    assert len({(lead, partition) for lead, partition, _ in found}) == 3000
    assert len({message["messageId"] for _, _, message in found}) == 6000


def test_a_topic_that_is_missing_is_one_sentence(settings, unique, monkeypatch):
    """Nothing is created by accident: the sentence says what to run."""
    monkeypatch.setattr("agents.ingest.pour.TOPICS", {"leads": f"missing-{unique}"})
    with pytest.raises(PourError, match="run nurture topics create"):
        asyncio.run(_open(settings))


def test_a_message_that_the_broker_refuses_is_one_sentence(settings):
    """A record that is too large for the broker ends the run, and says that running again is harmless."""

    async def pour():
        async with kafka(settings) as sink:
            assert isinstance(sink, KafkaSink)
            await sink.pour([Message(TOPICS["leads"], b"k", b"x" * 2_000_000, [], "")])

    with pytest.raises(PourError, match="repeats are harmless"):
        asyncio.run(pour())


def test_what_a_group_has_not_taken_waits(settings, unique, monkeypatch):
    """A reader that is one record behind leaves one; a group that never took any leaves none."""
    group = {"bootstrap.servers": settings.bootstrap, "group.id": unique}
    with closing(Consumer(group)) as reader:
        asyncio.run(_pour(settings, unique))
        part = TopicPartition(TOPICS["leads"], 0)
        part.offset = reader.get_watermark_offsets(part, timeout=20)[1] - 1
        reader.commit(offsets=[part], asynchronous=False)
    monkeypatch.setattr("agents.ingest.pace.READERS", {unique: (TOPICS["leads"],), f"{unique}-never": TOPICS.values()})
    assert asyncio.run(_waiting(settings)) == 1


async def _pour(settings, unique):
    async with kafka(settings) as sink:
        await sink.pour([Message(TOPICS["leads"], f"{unique}-{n}".encode(), b"{}", [], "") for n in range(50)])


async def _waiting(settings):
    admin, consumer = AIOKafkaAdminClient(**client(settings)), AIOKafkaConsumer(**client(settings))
    await admin.start()
    await consumer.start()
    try:
        return await Lag(admin, consumer).waiting()
    finally:
        await admin.close()
        await consumer.stop()


async def _open(settings):
    async with kafka(settings):
        pass
