"""A mail provider that hangs, resets, fails, refuses and drips."""

import pytest

MOODS = (
    *("reset", "accept_then_reset", "500", "accept_then_500", "503", "429", "413", "400_not_json", "drip"),
    *("hang", "accept_then_hang", "401", "403", "302"),
)
QUICK = ("accept_then_reset", "500", "429", "413", "drip")


@pytest.mark.parametrize("mood", [pytest.param(m, marks=() if m in QUICK else pytest.mark.long) for m in MOODS])
def test_provider(pipeline, load, record_property, mood):
    """A few requests meet a bad mood, the rest do not: each order ends in one state, and none is accepted twice."""
    fake = pipeline.provider.fake
    fake.reset_in = 1
    fake.next_moods.extend([mood] * 3)
    pipeline.publish(load.some(15))
    pipeline.survived(record_property)
    assert not fake.next_moods, "the mood was met"
