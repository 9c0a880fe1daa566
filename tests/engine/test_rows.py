"""Rows on disk: rows, dues and checkpoint are one thing."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.engine.record import Row
from streams.engine.rows import Checkpoint, Rows

HERE = Checkpoint(b"birth", 7)
KEYS = st.sampled_from([b"ada", b"ben", b"cleo", b"\xff\xff", b"\0policy"])
ROWS = st.builds(Row, st.none() | st.binary(max_size=5), st.integers(0, 5))
BATCHES = st.lists(st.dictionaries(KEYS, ROWS, max_size=4), max_size=8)


@pytest.fixture
def rows(tmp_path):
    opened = Rows(tmp_path / "rows")
    yield opened
    opened.close()


def test_missing_rows_are_left_out(rows):
    """What was never written is not in the answer; a tombstone takes a row away."""
    rows.apply({b"ada": Row(b"1"), b"ben": Row(b"2")}, HERE)
    rows.apply({b"ben": Row(None)}, HERE)
    assert rows.load([b"ada", b"ben", b"cleo"]) == {b"ada": b"1"}
    assert rows.get(b"ben") is None
    assert rows.load([]) == {}


def test_scan_leaves_out_the_engines_rows(rows):
    """A scan yields the work's rows in order of their keys, and nothing that begins with a zero byte."""
    rows.apply({b"ben": Row(b"2", 3), b"ada": Row(b"1"), b"\0position": Row(b"9")}, HERE)
    assert list(rows.scan()) == [(b"ada", b"1"), (b"ben", b"2")]
    assert rows.get(b"\0position") == b"9"


def test_the_work_s_own_rows_are_found_by_their_prefix(rows):
    """Every row whose key begins so, in order, and no other; the due index beside them is not in the way."""
    rows.apply(
        {b"\0doubt:b": Row(b"2"), b"\0doubt:a": Row(b"1", 5), b"\0doubts": Row(b"3"), b"ada": Row(b"4", 9)}, HERE
    )
    assert list(rows.within(b"\0doubt:")) == [(b"\0doubt:a", b"1"), (b"\0doubt:b", b"2")]
    assert list(rows.within(b"\0none:")) == []


def test_checkpoint_survives(tmp_path):
    """A closed store opens again at its checkpoint, with its rows and its dues."""
    rows = Rows(tmp_path)
    assert rows.checkpoint is None
    rows.apply({b"ada": Row(b"1", 50)}, Checkpoint(b"abc", 41))
    rows.close()
    again = Rows(tmp_path)
    assert again.checkpoint == Checkpoint(b"abc", 41)
    assert again.get(b"ada") == b"1"
    assert again.due.take(50, 9) == [(b"ada", 50)]
    again.close()


def test_a_due_moves_with_its_row(rows):
    """The index holds the last due of each row: not an earlier one, and none of a deleted row."""
    rows.apply({b"ada": Row(b"1", 10), b"ben": Row(b"2", 20)}, HERE)
    rows.apply({b"ada": Row(b"1", 30), b"ben": Row(None, 20)}, HERE)
    assert rows.due.take(29, 9) == []
    assert rows.due.take(30, 9) == [(b"ada", 30)]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(BATCHES)
def test_index_is_what_the_rows_say(tmp_path_factory, batches):
    """After any batches, read back from disk: rows are the last ones written, and dues are exactly theirs."""
    folder = tmp_path_factory.mktemp("rows")
    rows, last = Rows(folder), {}
    for batch in batches:
        rows.apply(batch, HERE)
        last |= batch
    rows.close()
    again = Rows(folder)
    alive = {key: row for key, row in last.items() if row.value is not None}
    assert again.load(last) == {key: row.value for key, row in alive.items()}
    assert sorted(again.due.take(9, 99)) == sorted((key, row.due) for key, row in alive.items() if row.due)
    again.close()
