"""What a history holds, counted and said in one way."""

from collections import deque

from agents.volume import Volume
from schemas.facts import PageViewed, PolicyApplied, Tick

ABOUT = {"lead_id": "ada", "at": 1, "seen": 1}
FACTS = [
    PolicyApplied(id="p", **ABOUT, policy="p"),
    PageViewed(id="a", **ABOUT, path="/"),
    Tick(id="t", **ABOUT, due=1),
    PageViewed(id="a", **ABOUT, path="/"),
]


def test_every_record_is_one_of_three_kinds():
    """They add up, and those of one are in the singular."""
    volume = Volume(repeats=1)
    deque(volume.passing(FACTS), maxlen=0)
    assert str(volume) == "4 records: 2 facts, 1 tick, 1 policy; 1 repeat"


def test_facts_that_pass_twice_are_counted_once():
    """A history is read again when something in it was taken back, also while it is being read."""
    volume = Volume()
    for _ in volume.passing(FACTS):
        deque(volume.passing(FACTS), maxlen=0)
    assert (volume.facts, volume.ticks, volume.policies) == (2, 1, 1)
