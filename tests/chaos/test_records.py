"""Records that are poison, repeated, out of order, refused by the broker, or left open by a stranger."""

import pytest
from confluent_kafka import Producer

from schemas import topics
from tests.chaos.worker import until


def test_poison_between_good_records(pipeline, load, record_property):
    """What cannot be read is a dead letter, once; what comes after it is read."""
    pipeline.publish([*load.some(5), *load.poison(), *load.some(5)])
    verdict = pipeline.survived(record_property)
    assert verdict.seen["dead letters"] > 0


def test_repeated_and_permuted(pipeline, load, dice, record_property):
    """The same messages three times in any order: every repeat is counted as one, and rows are the fold."""
    events = load.some(10) * 3
    dice.shuffle(events)
    pipeline.publish(events)
    pipeline.survived(record_property)


@pytest.mark.parametrize("topic", [topics.DECISIONS, pytest.param(topics.LEAD_ROWS, marks=pytest.mark.long)])
def test_commands_refused_by_the_broker(pipeline, load, record_property, topic):
    """While the broker takes no record of a topic nothing moves on; afterwards everything is there."""
    pipeline.configure(topic, "max.message.bytes", "150")
    pipeline.publish(load.some(10))
    worker = pipeline.one("journey")
    until(lambda: worker.says("a life has ended"), "the journey's transactions fail")
    pipeline.configure(topic, "max.message.bytes", "1048588")
    pipeline.survived(record_property)


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
