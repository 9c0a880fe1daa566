"""State that is deleted, corrupted, exchanged or forgotten: rebuilt from the changelog, or refused in a sentence."""

import shutil

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition

from schemas import topics


@pytest.mark.parametrize("agent", ["journey", "sender"])
def test_group_offsets_reset(pipeline, load, record_property, agent):
    """Set back to the beginning, a group's offsets change nothing: the changelog knows, and no mail goes out again."""
    pipeline.publish(load.some(10))
    pipeline.drained()
    pipeline.one(agent).stop()
    source = topics.FACTS if agent == "journey" else topics.SENDS
    back = ConsumerGroupTopicPartitions(f"nurture-{agent}", [TopicPartition(source, p, 0) for p in (0, 1)])
    for answer in pipeline.admin.alter_consumer_group_offsets([back]).values():
        answer.result(30)
    pipeline.start(agent)
    pipeline.ready()
    pipeline.publish(load.some(20))
    pipeline.survived(record_property)


def folder(worker, partition):
    return worker.data / "nurture-journey" / f"{topics.FACTS}-{partition}"


def test_folder_of_another_partition(pipeline, load, record_property):
    """Rows of another changelog are refused; without the folder they are rebuilt."""
    pipeline.publish(load.some(10))
    pipeline.drained()
    worker = pipeline.one("journey")
    worker.stop()
    aside = worker.data / "aside"
    folder(worker, 0).rename(aside)
    folder(worker, 1).rename(folder(worker, 0))
    aside.rename(folder(worker, 1))
    assert worker.start().ended() != 0
    assert worker.says("Delete the folder to rebuild it")
    pipeline.forget(worker)
    worker.start()
    pipeline.publish(load.some(10))
    pipeline.survived(record_property)


def test_folder_corrupted(pipeline, load, record_property):
    """A store that cannot be opened is refused in a sentence; without the folder it is rebuilt."""
    pipeline.publish(load.some(10))
    pipeline.drained()
    worker = pipeline.one("journey")
    worker.stop()
    (folder(worker, 0) / "CURRENT").write_bytes(b"garbage\n")
    assert worker.start().ended() != 0
    assert worker.says("delete the folder")
    shutil.rmtree(folder(worker, 0))
    worker.start()
    pipeline.publish(load.some(10))
    pipeline.survived(record_property)
