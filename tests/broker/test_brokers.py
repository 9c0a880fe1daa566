"""The brokers that tests and demo stand on."""

import os
import select
import subprocess
import sys

import pytest
from kafka.admin import KafkaAdminClient

from agents.kafka.brokers import Broker, BrokerError, apache_kafka, embedded

STARTS_AND_WAITS = """
import sys
from pathlib import Path
from agents.kafka.brokers import embedded
print(embedded(Path(sys.argv[1])).pid, flush=True)
sys.stdin.read()
"""


def topics(broker):
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    try:
        return set(admin.list_topics())
    finally:
        admin.close()


def test_a_killed_broker_starts_again_with_what_it_had(tmp_path):
    """Killed like by a power cut, Apache Kafka comes back on its port and folder with its topics."""
    with apache_kafka(folder=tmp_path / "kafka") as broker:
        admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
        admin.create_topics({"kept": {"num_partitions": 1, "replication_factor": 1}})
        admin.close()
        address, pid = broker.bootstrap, broker.pid
        broker.kill()
        assert broker.pid == 0
        broker.start()
        assert broker.pid not in (0, pid)
        assert (broker.bootstrap, "kept" in topics(broker)) == (address, True)
    assert broker.pid == 0


def test_a_stopped_broker_leaves_nothing():
    """The embedded broker's own folder goes with it."""
    with embedded() as broker:
        assert broker.folder.exists()
        topics(broker)
    assert (broker.pid, broker.folder.exists()) == (0, False)


def test_a_broker_dies_with_who_started_it(tmp_path):
    """Killed without a chance to say goodbye, a process takes its broker along."""
    with subprocess.Popen(
        [sys.executable, "-c", STARTS_AND_WAITS, str(tmp_path)], stdin=-1, stdout=-1, text=True
    ) as starter:
        broker = int(starter.stdout.readline())
        end = os.pidfd_open(broker)
        starter.kill()
    try:
        assert select.select([end], [], [], 10)[0], "the broker outlived its starter by 10 s"
    finally:
        os.close(end)


@pytest.mark.parametrize(("environment", "named"), [({"JAVA_HOME": "/nowhere"}, "JAVA_HOME"), ({}, "make kafka")])
def test_what_is_missing_is_said_with_what_to_run(monkeypatch, tmp_path, environment, named):
    """No Java, no jars: one sentence that names what was looked for."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BrokerError, match=named):
        apache_kafka(libs=tmp_path)


def test_a_broker_that_ends_at_its_start_is_quoted(tmp_path):
    """The last words of a broker that could not start are in the error."""
    broker = Broker("the broker", "127.0.0.1:1", tmp_path, ["/bin/sh", "-c", "echo no space left; exit 1"])
    with pytest.raises(BrokerError, match="no space left"):
        broker.start()
