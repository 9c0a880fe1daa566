"""The collector leaves alone what is there for good, and still finds what is not."""

import gc
import weakref

import pytest

from streams.engine.heap import settle


class Ring:
    def __init__(self):
        self.me = self


@pytest.fixture
def collector():
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.mark.usefixtures("collector")
def test_what_is_there_is_not_searched_again_and_later_rings_still_go():
    """Nothing that is there at the start is looked at, and what comes later is freed as ever."""
    settle()
    assert gc.get_freeze_count() > 10_000
    ring = weakref.ref(Ring())
    gc.collect()
    assert ring() is None
