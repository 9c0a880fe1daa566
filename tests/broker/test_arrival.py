"""A worker's start: it waits for a broker that is away, and refuses topics on which facts could be lost."""

import asyncio
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

import msgspec
import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from agents.kafka import topics as module
from agents.kafka.arrival import UnsafeTopics, arrive
from agents.kafka.brokers import free_ports
from agents.kafka.topics import create_topics
from agents.process.settings import read_settings
from schemas.topics import TOMBSTONES_MS, Topic
from tests.conftest import _own_broker

SECONDS = 90


@pytest.fixture
def settings(broker):
    return read_settings({"NURTURE_BOOTSTRAP": broker, "NURTURE_PARTITIONS": "2"})


@pytest.fixture
def registry(monkeypatch, unique):
    """A source and its changelog, under names of their own on the shared broker."""
    made = {
        f"{unique}.facts": Topic("keyed", "forever", "lead id", "nobody", "tests"),
        f"{unique}.rows": Topic("keyed", "compact", "lead id", "nobody", "tests"),
    }
    monkeypatch.setattr(module, "registry", lambda: made)
    return made


def refused(settings, names):
    with pytest.raises(UnsafeTopics) as caught:
        asyncio.run(arrive(settings, names, print))
    return str(caught.value)


def make(settings, name, partitions, **config):
    admin = AdminClient({"bootstrap.servers": settings.bootstrap})
    admin.create_topics([NewTopic(name, partitions, 1, config=config)])[name].result()
    while len(admin.list_topics(name, timeout=10).topics[name].partitions) != partitions:  # a busy broker learns late
        time.sleep(0.01)


FOR_EVER = {"retention.ms": "-1"}
COMPACT = {"cleanup.policy": "compact", "delete.retention.ms": str(TOMBSTONES_MS)}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            ("rows", 2, COMPACT | {"cleanup.policy": "delete"}),
            "cleanup.policy=delete, expected compact; run: kafka-configs",
        ),
        (
            ("rows", 2, COMPACT | {"delete.retention.ms": "1000"}),
            "delete.retention.ms=1000, expected 604800000; run: kafka",
        ),
        (("rows", 3, COMPACT), "found 3 partitions, expected 2; the count never changes later"),
        (("facts", 1, FOR_EVER), "found 1 partition, expected 2; the count never changes later"),
        (("facts", 2, FOR_EVER | COMPACT), "cleanup.policy=compact, expected delete; run: kafka-configs"),
        (
            ("facts", 2, {"retention.ms": "604800000"}),
            "retention.ms=604800000, expected -1; run: kafka-configs",
        ),
        (
            ("facts", 2, FOR_EVER | {"retention.bytes": "1000000"}),
            "retention.bytes=1000000, expected -1; run: kafka-configs",
        ),
        (("facts", 0, {}), "no such topic, expected 2 partitions; run: nurture topics create"),
    ],
)
def test_what_could_lose_facts_is_refused(settings, registry, unique, wrong, sentence):
    """A topic that is missing, otherwise partitioned, or cleaned up otherwise or sooner: one sentence with the remedy."""
    topic, partitions, config = wrong
    if partitions:
        make(settings, f"{unique}.{topic}", partitions, **config)
    other = next(name for name in registry if name != f"{unique}.{topic}")
    make(settings, other, 2, **registry[other].config())
    said = refused(settings, set(registry))
    assert said.startswith(f"{unique}.{topic}: ")
    assert sentence in said
    assert said.count("\n") == 0


def test_too_few_copies_are_refused_in_production_alone(settings, registry):
    """One copy will do for development; production wants as many as the setting says, and two for each write."""
    create_topics(settings)
    three = msgspec.structs.replace(settings, replication_factor=3)
    asyncio.run(arrive(three, registry, print))
    said = refused(msgspec.structs.replace(three, profile="production"), registry).splitlines()
    assert len(said) == 2 * len(registry)
    assert sum("found 1 copies, expected 3" in line for line in said) == len(registry)
    assert sum("found min.insync.replicas=1, expected 2" in line for line in said) == len(registry)


def test_only_the_topics_in_use_are_asked_for(settings, registry):
    """Whoever uses one topic may start while another is missing."""
    create_topics(settings)
    used, *others = registry
    admin = AdminClient({"bootstrap.servers": settings.bootstrap})
    for deleted in admin.delete_topics(others).values():
        deleted.result()
    asyncio.run(arrive(settings, [used], print))


def ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


def test_a_worker_waits_for_its_broker(tmp_path):
    """Started before the broker, a worker says in its log and at /ready what it waits for, and then it works."""
    with _own_broker() as broker:
        env = {"NURTURE_BOOTSTRAP": broker.bootstrap, "NURTURE_PARTITIONS": "2"}
        create_topics(read_settings(env))
        broker.stop()
        [port] = free_ports(1)
        env |= {"NURTURE_HTTP_PORT": str(port), "NURTURE_DATA_DIR": str(tmp_path / "data")}
        with (tmp_path / "log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "agents.cli", "run", "sales"], env=os.environ | env, stdout=log, stderr=log
            )
        try:
            until(lambda: "waiting for the broker: nobody listens at" in ready(port)[1], worker, tmp_path / "log")
            assert ready(port)[0] == 503
            assert "waiting_for_the_broker" in (tmp_path / "log").read_text()
            broker.start()
            until(lambda: ready(port)[0] == 200, worker, tmp_path / "log")
        finally:
            worker.terminate()
            assert worker.wait(SECONDS) == 0


def until(holds, worker, log):
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert worker.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
