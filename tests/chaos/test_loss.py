"""What the broker no longer has: refused in a sentence, with nothing written and nobody mailed, until it is put right."""

import itertools
import shutil

import pytest
from confluent_kafka import OFFSET_END

from schemas import topics
from tests.chaos.crew import AGENTS, forget_folder

CHANGELOG = {"journey": topics.LEAD_ROWS, "sender": topics.EMAIL_LEDGER}
OUTPUT = {"journey": topics.DECISIONS, "sender": topics.FACTS, "intake": topics.FACTS}


def long(*values):
    return pytest.param(*values, marks=pytest.mark.long)


class Standstill:
    """What an agent has written and what the provider was asked, before and after a refusal."""

    def __init__(self, pipeline, agent):
        self._pipeline, self._topic = pipeline, OUTPUT[agent]
        self._before = self._now()

    def _now(self):
        return self._pipeline.admin.records(self._topic), sum(self._pipeline.provider.fake.asked.values())

    def holds(self):
        return self._now() == self._before


def refuses(pipeline, worker, *sentences):
    """It does not run, says why, and did nothing."""
    before = Standstill(pipeline, worker.agent)
    assert worker.start().ended() != 0
    assert [sentence for sentence in sentences if not worker.says(sentence)] == []
    assert before.holds()


def missing(pipeline, topic, _):
    """The topic is not there."""
    pipeline.admin.lose(topic)


def made_anew(pipeline, topic, _):
    """The topic is there again, and empty."""
    pipeline.admin.make_anew(topic)


def truncated(pipeline, topic, records):
    """Its log begins later: the birth record is gone."""
    pipeline.admin.cut(topic, {partition: its[len(its) // 2].offset for (_, partition), its in records.items()})


def emptied(pipeline, topic, records):
    """Its log begins at its end: nothing is left."""
    pipeline.admin.cut(topic, {partition: OFFSET_END for _, partition in records})


WITHOUT_BIRTH = "instead of its birth record"
SAYS = {  # with the rows' folder at hand, and without it
    missing: ("found no such topic", "found no such topic"),
    made_anew: ("holds nothing, but the rows in", "changelog holds nothing: the rows are gone"),
    truncated: (WITHOUT_BIRTH, WITHOUT_BIRTH),
    emptied: ("holds nothing, but the rows in", "changelog holds nothing: the rows are gone"),
}
LOSSES = {"missing, made anew": (missing, made_anew), "truncated": (truncated,), "emptied": (emptied,)}
FAST = (("sender", "missing, made anew"), ("journey", "truncated"))


@pytest.mark.parametrize(
    ("agent", "loss"),
    [way if way in FAST else long(*way) for way in itertools.product(CHANGELOG, LOSSES)],
)
def test_changelog(pipeline, load, record_property, agent, loss):
    """A changelog that is lost is refused, with the rows at hand and without; put back from a backup, all goes on."""
    topic = CHANGELOG[agent]
    pipeline.publish(load.some(10))
    pipeline.drained()
    worker = pipeline.crew.one(agent)
    worker.stop()
    backup = pipeline.admin.records(topic)
    for stage in LOSSES[loss]:
        stage(pipeline, topic, backup)
        with_rows, without_rows = SAYS[stage]
        refuses(pipeline, worker, with_rows)
        aside = worker.data.rename(worker.data.with_suffix(".aside"))
        refuses(pipeline, worker, without_rows)
        forget_folder(worker)
        aside.rename(worker.data)
    pipeline.admin.lose(topic)
    pipeline.admin.make_anew(topic, backup)
    refuses(pipeline, worker, "the topic has lost records. Delete the folder")  # it has no markers, so it is shorter
    forget_folder(worker)
    worker.start()
    pipeline.publish(load.some(10))
    pipeline.survived(record_property)


@pytest.mark.parametrize("agent", ["journey", long("sender")])
def test_changelog_ahead_of_the_rows(pipeline, load, record_property, agent):
    """An old copy of a folder is no loss: what came since is in the changelog."""
    pipeline.publish(load.some(10))
    pipeline.drained()
    worker = pipeline.crew.one(agent)
    worker.stop()
    copy = shutil.copytree(worker.data, worker.data.with_suffix(".copy"))
    worker.start()
    pipeline.publish(load.some(10))
    pipeline.drained()
    worker.stop()
    forget_folder(worker)
    copy.rename(worker.data)
    worker.start()
    pipeline.publish(load.some(10))
    pipeline.survived(record_property)


def test_source_deleted_under_a_worker(pipeline, load, record_property):
    """The worker ends and says what is gone; an empty topic is refused; put back from a backup, all goes on."""
    pipeline.publish(load.some(10))
    backup = pipeline.admin.records(topics.LEADS)
    worker = pipeline.crew.one("intake")
    pipeline.admin.lose(topics.LEADS)
    assert worker.ended() != 0
    assert worker.says(f"topic {topics.LEADS} is gone from the broker"), worker.last_words()
    pipeline.drained([agent for agent in AGENTS if agent != "intake"])
    refuses(pipeline, worker, f"{topics.LEADS}: found no such topic")
    pipeline.admin.make_anew(topics.LEADS)
    refuses(pipeline, worker, "it was made anew or has lost records")
    pipeline.admin.lose(topics.LEADS)
    pipeline.admin.make_anew(topics.LEADS, backup)
    worker.start()
    pipeline.publish(load.some(20))
    pipeline.survived(record_property)


def test_messages_deleted_before_they_were_read(pipeline, load, record_property):
    """Retention that overtakes a stopped intake is refused; accepted, each lost message is counted, and no other is lost."""
    pipeline.publish(load.some(10))
    pipeline.drained()
    worker = pipeline.crew.one("intake")
    worker.stop()
    pipeline.publish([event for event in load.some(10) if event[0] == topics.ENGAGEMENT])
    lost = pipeline.admin.forget(topics.ENGAGEMENT)
    refuses(pipeline, worker, "records are gone that nobody folded", f"NURTURE_ACCEPT_LOSS={topics.ENGAGEMENT}")
    worker.start(NURTURE_ACCEPT_LOSS=topics.ENGAGEMENT)
    pipeline.publish(load.some(10))
    pipeline.survived(record_property)
    counts = [lane["counts"] for lane in worker.lanes() if lane["topic"] == topics.ENGAGEMENT]
    assert sum(found.get("lost", 0) for found in counts) == lost > 0
