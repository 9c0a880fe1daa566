"""Records that are poison, repeated, out of order, refused by the broker, or left open by a stranger."""

from contextlib import contextmanager

import pytest
from confluent_kafka import Producer

from schemas import topics
from tests.chaos.worker import until


def test_poison_between_good_records(pipeline, load, record_property):
    """What cannot be read is a dead letter, once; what comes after it is read."""
    poison = load.poison()
    pipeline.publish([*load.some(5), *poison, *load.some(5)])
    assert pipeline.survived(record_property).seen["dead letters"] == len(poison)


def test_repeated_and_permuted(pipeline, load, dice, record_property):
    """The same messages three times in any order: every repeat is counted as one, and rows are the fold."""
    events = load.some(10) * 3
    dice.shuffle(events)
    pipeline.publish(events)
    pipeline.survived(record_property)


@contextmanager
def taking_nothing(pipeline, topic, agent):
    """A topic that takes no record, until a transaction of an agent has failed of what the block does."""
    worker = pipeline.crew.one(agent)
    said = worker.said()
    pipeline.admin.configure(topic, "max.message.bytes", "100")
    yield
    until(lambda: worker.says("a life has ended", said), "its transactions fail", seen=pipeline.crew.scene)
    pipeline.admin.configure(topic, "max.message.bytes", "1048588")


@pytest.mark.parametrize("topic", [topics.DECISIONS, pytest.param(topics.LEAD_ROWS, marks=pytest.mark.long)])
def test_commands_refused_by_the_broker(pipeline, load, record_property, topic):
    """While the broker takes no record of a topic nothing moves on; afterwards everything is there."""
    with taking_nothing(pipeline, topic, "journey"):
        pipeline.publish(load.some(10))
    pipeline.survived(record_property)


def test_dead_letters_refused_by_the_broker(pipeline, load, record_property):
    """While no dead letter can be written, what follows a poisoned record waits behind it; then each is there, once."""
    poison = load.poison()
    with taking_nothing(pipeline, topics.DEAD_LETTERS, "intake"):
        pipeline.publish([*poison, *load.some(10)])
    assert pipeline.survived(record_property).seen["dead letters"] == len(poison)


def test_engagement_taken_back_while_journeys_die(pipeline, load, record_property):
    """Who dies while it folds a lead's whole past again leaves no trace: rows are those of one that never died."""
    events = load.some(12)
    pipeline.publish(events)
    pipeline.drained()
    worker = pipeline.crew.one("journey")
    before = refolds(worker)
    worker.stop()
    leads = sorted({lead for _, lead, _ in events})
    pipeline.publish(load.one("Engagement Retracted", lead, message_ids=[f"{lead}-0"], why="bot") for lead in leads)
    pipeline.drained(["intake"])
    pipeline.crew.start("journey", "J4").ended()
    worker.start()
    pipeline.survived(record_property)
    assert refolds(worker) == before + len(leads)


def refolds(worker):
    """How often its lanes have folded a whole past again, in all of their lives."""
    return sum(lane["counts"].get("refolds", 0) for lane in worker.lanes())


def test_a_transaction_left_open(pipeline, load, record_property, name):
    """A stranger's open transaction hides what follows it, until it is aborted: then all of it is folded."""
    stranger = Producer({"bootstrap.servers": pipeline.bootstrap, "transactional.id": name, "log_level": 0})
    stranger.init_transactions(30)
    stranger.begin_transaction()
    for partition in (0, 1):
        stranger.produce(topics.ENGAGEMENT, b"never committed", b"stranger", partition=partition)
    stranger.flush(30)
    pipeline.publish(load.some(10))
    stranger.abort_transaction(30)
    pipeline.survived(record_property)
