"""Clocks that are wrong, and do not agree."""

import pytest

from tests.chaos.worker import SKEW


@pytest.mark.parametrize(
    "wrong", ["journey", pytest.param("sender", marks=pytest.mark.long), pytest.param("intake", marks=pytest.mark.long)]
)
def test_clocks_that_disagree(pipeline, load, record_property, wrong):
    """Two workers of an agent an hour apart from the truth and two from each other: a fact holds its time, so all agree."""
    pipeline.one(wrong).stop()
    early, late = (pipeline.start(wrong, **{SKEW: skew}) for skew in ("3600", "-3600"))
    pipeline.ready([wrong])
    pipeline.publish(load.some(20))
    pipeline.drained([each for each in ("intake", "journey", "sender", "sales") if each != wrong])
    for worker in (early, late):
        worker.stop()
    pipeline.start(wrong)
    pipeline.survived(record_property)
