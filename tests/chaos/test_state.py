"""State that is deleted, corrupted, exchanged or forgotten: rebuilt from the changelog, or refused in a sentence."""

import shutil

import pytest

from schemas import topics
from tests.chaos.crew import forget_folder
from tests.chaos.worker import until


def set_back(pipeline, agent, source):
    """The group begins at the beginning."""
    pipeline.admin.set_back(f"nurture-{agent}", source)


def expired(pipeline, agent, _):
    """The broker has forgotten the group."""
    pipeline.admin.forget_group(f"nurture-{agent}")


SOURCE = {"journey": topics.FACTS, "sender": topics.SENDS}


@pytest.mark.parametrize(
    ("agent", "loss"),
    [
        *(("journey", set_back), ("sender", expired)),
        *(
            pytest.param("sender", set_back, marks=pytest.mark.long),
            pytest.param("journey", expired, marks=pytest.mark.long),
        ),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_group_offsets(pipeline, load, record_property, agent, loss):
    """Set back or expired, a group's offsets change nothing: the changelog knows, and no mail goes out again."""
    pipeline.publish(load.some(10))
    pipeline.drained()
    pipeline.crew.one(agent).stop()
    loss(pipeline, agent, SOURCE[agent])
    pipeline.crew.start(agent)
    pipeline.crew.ready()
    pipeline.publish(load.some(20))
    pipeline.survived(record_property)


def folder(worker, partition):
    return worker.data / "nurture-journey" / f"{topics.FACTS}-{partition}"


def test_folder_of_another_partition(pipeline, load, record_property):
    """Rows of another changelog are refused; without the folder they are rebuilt."""
    pipeline.publish(load.some(10))
    pipeline.drained()
    worker = pipeline.crew.one("journey")
    worker.stop()
    aside = worker.data / "aside"
    folder(worker, 0).rename(aside)
    folder(worker, 1).rename(folder(worker, 0))
    aside.rename(folder(worker, 1))
    assert worker.start().ended() != 0
    assert worker.says("Delete the folder to rebuild it")
    forget_folder(worker)
    worker.start()
    pipeline.publish(load.some(10))
    pipeline.survived(record_property)


def test_folder_corrupted(pipeline, load, record_property):
    """A store that cannot be opened is refused in a sentence; without the folder it is rebuilt."""
    pipeline.publish(load.some(10))
    pipeline.drained()
    worker = pipeline.crew.one("journey")
    worker.stop()
    (folder(worker, 0) / "CURRENT").write_bytes(b"garbage\n")
    assert worker.start().ended() != 0
    assert worker.says("delete the folder")
    shutil.rmtree(folder(worker, 0))
    worker.start()
    pipeline.publish(load.some(10))
    pipeline.survived(record_property)


def test_disk_full(pipeline, load, record_property):
    """A journey whose disk takes nothing more says so and goes on when there is room: each fact counts once."""
    pipeline.crew.one("journey").stop()
    worker = pipeline.crew.start("journey")
    pipeline.crew.ready(["journey"])
    worker.fill_disk(40_000)
    pipeline.publish(load.some(30))
    until(lambda: worker.says("make room on that disk; the lane tries again by itself"), "the disk is full")
    worker.fill_disk(0)
    pipeline.publish(load.some(10))
    pipeline.survived(record_property)
    assert worker.runs
