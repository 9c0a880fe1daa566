"""The registry's topics on a real broker."""

import json

import pytest
from click.testing import CliRunner
from kafka.admin import KafkaAdminClient

from agents.cli.topics import topics as command
from agents.kafka import topics as module
from agents.kafka.topics import BrokerRefused, Difference, check_topics, create_topics, plans
from agents.process.settings import read_settings
from schemas.topics import Topic


@pytest.fixture
def settings(broker):
    return read_settings({"NURTURE_BOOTSTRAP": broker, "NURTURE_PARTITIONS": "2"})


@pytest.fixture
def registry(monkeypatch, unique):
    """A registry of our own on the shared broker: one topic of each kind."""
    kinds = {
        "keyed": ("keyed", 7),
        "kept": ("keyed", "forever"),
        "rows": ("keyed", "compact"),
        "single": (1, "compact"),
    }
    made = {
        f"{unique}.{name}": Topic(count, keep, "lead id", "nobody", "tests") for name, (count, keep) in kinds.items()
    }
    monkeypatch.setattr(module, "registry", lambda: made)
    return made


def test_what_is_created_is_what_the_registry_says(settings, registry):
    """Created once, every topic checks clean, and a second creation does nothing."""
    assert create_topics(settings, dry_run=True) == list(registry)
    assert create_topics(settings) == list(registry)
    assert create_topics(settings) == []
    assert check_topics(settings) == []


@pytest.mark.usefixtures("registry")
def test_each_difference_is_said_with_what_to_do(settings, unique):
    """A missing topic, a wrong partition count, cleanup policy or retention: each is one line."""
    admin = KafkaAdminClient(bootstrap_servers=settings.bootstrap)
    admin.create_topics(
        {
            f"{unique}.keyed": {"num_partitions": 3, "replication_factor": 1, "configs": {"retention.ms": "1000"}},
            f"{unique}.rows": {"num_partitions": 2, "replication_factor": 1, "configs": {"cleanup.policy": "delete"}},
        },
        wait_for_metadata=True,
    )
    admin.close()
    said = {(difference.topic, difference.found) for difference in check_topics(settings)}
    assert said >= {
        (f"{unique}.keyed", "3 partitions"),
        (f"{unique}.keyed", "retention.ms=1000"),
        (f"{unique}.rows", "cleanup.policy=delete"),
        (f"{unique}.kept", "no such topic"),
    }
    assert all(difference.todo for difference in check_topics(settings))


def test_the_commands_answer_people_and_machines(settings, registry):
    """``topics check`` exits 1 before ``topics create`` and 0 after it, in words and in JSON."""
    run = CliRunner(env={"NURTURE_BOOTSTRAP": settings.bootstrap, "NURTURE_PARTITIONS": "2"}).invoke
    before = run(command, ["check", "--json"])
    assert before.exit_code == 1
    assert len(json.loads(before.output)["differences"]) == len(registry)
    assert json.loads(run(command, ["create", "--json"]).output) == {"created": list(registry)}
    after = run(command, ["check"])
    assert (after.exit_code, after.output) == (0, "every topic is as the registry has it\n")


def test_more_copies_than_brokers_are_refused_in_words(broker, registry):
    """One broker cannot keep three copies, and its own words say so."""
    three = read_settings({"NURTURE_BOOTSTRAP": broker, "NURTURE_REPLICATION_FACTOR": "3"})
    assert plans(three)[next(iter(registry))].config["min.insync.replicas"] == "2"
    with pytest.raises(BrokerRefused, match="was not created"):
        create_topics(three)


def test_a_broker_that_is_not_there_is_one_sentence():
    """Nobody listens: the address and the variable are named, once."""
    shown = CliRunner(env={"NURTURE_BOOTSTRAP": "127.0.0.1:1"}).invoke(command, ["check"])
    assert shown.exit_code == 2
    assert shown.output.count("\n") == 1
    assert {"127.0.0.1:1", "(NURTURE_BOOTSTRAP),"} <= set(shown.output.split())


def test_a_difference_reads_as_a_sentence():
    """Topic, found, expected, what to do."""
    line = str(Difference("nurture.facts", "3 partitions", "8", "make it anew"))
    assert line == "nurture.facts: found 3 partitions, expected 8; make it anew"
