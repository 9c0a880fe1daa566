"""Recovery without a broker: what rows on disk are worth depends on the changelog, and on how old they are."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition

from schemas.topics import TOMBSTONES_MS
from streams.engine import recovery
from streams.engine.problem import LifeEnded, Refused
from streams.engine.record import Row
from streams.engine.recovery import BIRTH, Changelog
from streams.engine.rows import Checkpoint, Rows

NOW = 1_767_225_600_000
PLACE = TopicPartition("rows", 0)


class Log:
    """A consumer of one partition: records by offset (compaction leaves gaps, a marker ends each transaction)."""

    def __init__(self, records, end):
        self.records, self.end, self.at, self.read = records, end, 0, 0

    def assign(self, _):
        self.at = 0

    async def end_offsets(self, places):
        return dict.fromkeys(places, self.end)

    async def seek_to_beginning(self, _):
        self.at = 0

    def seek(self, _, offset):
        self.at = offset

    async def position(self, _):
        return self.at

    def last_stable_offset(self, _):
        return self.end

    async def getmany(self, place, timeout_ms, max_records):  # noqa: ARG002
        found = [offset for offset in sorted(self.records) if offset >= self.at][: min(2, max_records)]
        self.at = found[-1] + 1 if found else self.end
        self.read += len(found)
        return {place: [_record(*self.records[offset]) for offset in found]}


def _record(key, value):
    return SimpleNamespace(key=key, value=value, headers=())


def compacted(*rows, end=10):
    """A changelog whose first record is its birth; the others lie at the end of it."""
    return Log({0: (BIRTH, b"b1")} | dict(enumerate(rows, end - 1 - len(rows))), end)


@pytest.fixture
def rows(tmp_path):
    made = Rows(tmp_path / "rows")
    yield made
    made.close()


def recover(log, rows, kept_ms=TOMBSTONES_MS):
    return asyncio.run(Changelog(log, PLACE, "the folder", kept_ms).recover(rows, lambda *_: None))


@pytest.fixture(autouse=True)
def now(monkeypatch):
    monkeypatch.setattr(recovery, "wall_ms", lambda: NOW)


@pytest.mark.parametrize(
    ("age", "offset", "left"),
    [
        (TOMBSTONES_MS, 5, {b"ada": b"old", b"eve": b"new"}),
        (TOMBSTONES_MS + 1, 5, {b"eve": b"new"}),
        (TOMBSTONES_MS + 1, 9, {b"ada": b"old"}),
        (-TOMBSTONES_MS, 5, {b"ada": b"old", b"eve": b"new"}),
    ],
    ids=["a tombstone would still be there", "too old", "nothing came since but a marker", "a clock that ran back"],
)
def test_rows_older_than_tombstones_are_built_anew(rows, age, offset, left):
    """Ada was deleted and the record of it compacted away: rows that old may hold her, so they begin anew."""
    rows.apply({b"ada": Row(b"old", 7)}, Checkpoint(b"b1", offset, NOW - age))
    assert recover(compacted((b"eve", b"new")), rows) == Checkpoint(b"b1", 10, NOW)
    assert dict(rows.scan()) == left
    assert rows.due.take(NOW, 10) == ([(b"ada", 7)] if b"ada" in left else [])


def test_rows_are_complete_only_at_the_end(rows):
    """What was read half before a crash is as old as it was: the next recovery may not take it for fresh."""
    log = compacted(*((b"k%d" % number, b"v") for number in range(5)))
    seen = []
    progress = lambda *_: seen.append(rows.checkpoint.at)  # noqa: E731
    asyncio.run(Changelog(log, PLACE, "the folder", TOMBSTONES_MS).recover(rows, progress))
    assert seen == [0] * (len(seen) - 1) + [NOW]
    assert len(seen) > 2


def test_a_standby_is_as_fresh_as_its_last_complete_look(rows):
    """Behind the end it keeps the time at which it was last complete."""

    async def look(end):
        log = compacted((b"eve", b"new"))
        log.end, log.at = end, 5
        await Changelog(log, PLACE, "the folder", TOMBSTONES_MS).go_on(rows, lambda *_: None)
        return rows.checkpoint.at

    rows.apply({}, Checkpoint(b"b1", 5, 3))
    assert asyncio.run(look(end=20)) == 3
    assert asyncio.run(look(end=9)) == NOW


@pytest.mark.parametrize(
    ("checkpoint", "log", "sentence"),
    [
        (Checkpoint(b"b2", 5), compacted(), "the topic was made anew, or the folder is from another cluster"),
        (Checkpoint(b"b1", 11), compacted(), "ends at 10, but the rows in the folder are at 11"),
        (Checkpoint(b"b1", 5), Log({}, 0), "holds nothing, but the rows in the folder belong to birth id b1"),
        (None, Log({3: (b"ada", b"1")}, 5), "begins with b'ada' instead of its birth record"),
    ],
)
def test_what_cannot_be_right_is_refused(rows, checkpoint, log, sentence):
    """Another changelog, a shorter one, an empty one, one without its beginning: one sentence, and nothing changes."""
    if checkpoint:
        rows.apply({b"ada": Row(b"old")}, checkpoint)
    before = dict(rows.scan())
    with pytest.raises(Refused, match=sentence.replace("(", r"\(")) as caught:
        recover(log, rows)
    assert "\n" not in str(caught.value)
    assert (dict(rows.scan()), rows.checkpoint) == (before, checkpoint)


def test_a_fresh_start_reads_everything_and_a_restart_the_tail(rows):
    """The checkpoint says where to go on; a changelog that holds nothing gets a birth id of its own."""
    assert len(recover(Log({}, 0), rows).birth) == 16
    log = compacted((b"ada", b"1"), (b"eve", b"2"))
    assert recover(log, rows).offset == 10
    assert dict(rows.scan()) == {b"ada": b"1", b"eve": b"2"}
    log.read = 0
    recover(log, rows)
    assert log.read == 1, "its birth record alone"


def test_a_changelog_that_gives_nothing_more_is_not_waited_for_for_ever(rows, monkeypatch):
    """The broker may have forgotten the topic meanwhile, without a word: the life ends, and the next one asks for it."""
    monkeypatch.setattr(recovery, "_PATIENCE_S", 0)
    log = compacted((b"ada", b"1"), end=10)

    async def nothing(place, timeout_ms, max_records):  # noqa: ARG001
        return {}

    log.getmany = nothing
    with pytest.raises(LifeEnded, match=r"changelog rows, partition 0, has more than 0 records, and none came"):
        recover(log, rows)
