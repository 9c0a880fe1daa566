"""What waits for a fold: bounded, in order, and never what was folded before."""

from hypothesis import given
from hypothesis import strategies as st

from streams.engine.inbox import Inbox
from streams.engine.record import Record


def records(start, count):
    return [Record("facts", 0, offset, 0, b"ada", b"", ()) for offset in range(start, start + count)]


@given(st.lists(st.integers(0, 9), max_size=8), st.integers(1, 12))
def test_a_fold_takes_what_waits_up_to_its_limit(sizes, most):
    """However fetches cut the stream, folds see it whole, in order, in pieces of at most the limit."""
    inbox, offset = Inbox(0, most), 0
    for size in sizes:
        inbox.receive(records(offset, size), offset + size, offset + size)
        offset += size
    folded = []
    while len(inbox):
        piece = inbox.take(0)
        assert 0 < len(piece) <= most
        folded += piece
    assert [record.offset for record in folded] == list(range(offset))


def test_what_was_folded_is_not_folded_again():
    """A fetch after a seek may repeat records: those before the position are dropped."""
    inbox = Inbox(5, 10)
    inbox.receive(records(3, 4), 7, 7)
    assert [record.offset for record in inbox.take(5)] == [5, 6]


def test_a_full_inbox_says_so():
    """Twice the limit, or eight batches of any size, is enough to be left out of the fetch."""
    inbox = Inbox(0, 10)
    inbox.receive(records(0, 19), 19, 19)
    assert not inbox.full
    inbox.receive(records(19, 1), 20, 20)
    assert inbox.full
    few = Inbox(0, 1000)
    for offset in range(8):
        few.receive(records(offset, 1), offset + 1, 9)
    assert few.full


def test_markers_move_the_position_without_waking_anybody():
    """A fetch that brought a transaction's marker alone passes it, and leaves the lane idle."""
    inbox = Inbox(0, 10)
    inbox.receive([], 2, 2)
    assert (inbox.position, inbox.end, inbox.wake.is_set(), len(inbox)) == (2, 2, False, 0)
