"""Ticks: in order of time, at most so many at once, and none twice unless its due has changed."""

from bisect import bisect_left, insort

from hypothesis import given
from hypothesis import strategies as st

from streams.engine.due import NEVER, DueIndex, entry, parts

KEYS = st.sampled_from([b"ada", b"ben", b"cleo", b"dan"])
DUES = st.integers(0, 6)
STEPS = st.lists(st.one_of(st.tuples(KEYS, DUES), st.integers(0, 7)), max_size=40)


class Sorted:
    """The entries of a store, in a list."""

    def __init__(self):
        self.names, self.dues = [], {}

    def __call__(self, start):
        """What is at or after start."""
        return iter(self.names[bisect_left(self.names, start) :])

    def set(self, key, due):
        """Move a row; returns its former due."""
        if old := self.dues.pop(key, 0):
            self.names.remove(entry(old, key))
        if due:
            insort(self.names, entry(due, key))
            self.dues[key] = due
        return old


@given(st.integers(0, NEVER - 1), st.integers(0, NEVER - 1), st.binary(max_size=9), st.binary(max_size=9))
def test_bytes_sort_by_time(due, other, key, key_of_other):
    """The byte order of entries is the order of their dues, and both parts can be read back."""
    assert parts(entry(due, key)) == (key, due)
    if due != other:
        assert (entry(due, key) < entry(other, key_of_other)) == (due < other)


@given(STEPS, st.integers(1, 3))
def test_every_due_is_given_out_once(steps, most):
    """Whatever moves in between, a due is given out exactly once, not before its time, earliest first."""
    store = Sorted()
    index, open_dues = DueIndex(store), {}
    for step in steps:
        if isinstance(step, tuple):
            key, due = step
            if store.set(key, due) != due:
                index.moved(key, due)
                open_dues.pop(key, None)
                if due:
                    open_dues[key] = due
            continue
        taken = index.take(step, most)
        ready = sorted((due, key) for key, due in open_dues.items() if due <= step)
        assert [(due, key) for key, due in taken] == ready[:most]
        for key, _ in taken:
            del open_dues[key]


def test_low_is_the_next_due():
    """A peek costs a comparison: ``low`` is the earliest due that was not given out, NEVER without one."""
    store = Sorted()
    store.set(b"ada", 5)
    store.set(b"ben", 9)
    index = DueIndex(store)
    assert index.low == 5
    assert index.take(7, 500) == [(b"ada", 5)]
    assert index.low == 9
    assert index.take(9, 500) == [(b"ben", 9)]
    assert index.low == NEVER


def test_many_of_one_moment_are_walked_once():
    """A thousand rows of the same millisecond are given out in pieces without walking those already given."""
    store, walked = Sorted(), []
    for number in range(1000):
        store.set(b"%04d" % number, 7)

    def counted(start):
        for name in store(start):
            walked.append(name)
            yield name

    index = DueIndex(counted)
    while index.take(7, 100):
        pass
    assert len(walked) < 1100
