"""Rows of another release: whichever lane meets one stops with a sentence that names it and the remedy."""

import asyncio
from types import SimpleNamespace

import pytest

from agents.crowd import CrowdWork
from agents.journey import JourneyWork
from agents.mail.book import doubts_of
from agents.sales import SalesWork
from schemas import topics
from schemas.codec import encode
from schemas.facts import LeadUpdated
from schemas.sighting import Sighting
from streams.engine.problem import Refused
from streams.engine.record import Record
from tests.agents.sending import NOW
from tests.agents.test_dead_letters import EXAMPLES

UPDATED = encode(LeadUpdated(id="f1", lead_id="ada", at=NOW, seen=NOW, traits={}))
HANDOFF = (EXAMPLES / "hand_off.v1.json").read_bytes()
CLICK = encode(Sighting(id="c1", client="ada", lead_id="ada", company="", at=NOW, seen=NOW, companies=2, within=1))


class OfAnotherRelease:
    """A lane all of whose rows were written by a release that came later."""

    partition = 3

    def __init__(self, topic, row):
        self.topic = topic
        within = lambda prefix: [(prefix + b"k1", row)]  # noqa: E731
        self.rows = SimpleNamespace(load=lambda keys: dict.fromkeys(keys, row), within=within)


async def _doubts(lane, _records):
    doubts_of(lane)


@pytest.mark.parametrize(
    ("topic", "fold", "value", "row", "named"),
    [
        (topics.FACTS, JourneyWork(None, b"", None, None).fold, UPDATED, b"\x81\xa1x\x01", '"ada"'),
        (topics.HANDOFFS, SalesWork().fold, HANDOFF, b'{"state":"doubted"}', '"ada:0"'),
        (topics.CLICKS, CrowdWork().fold, CLICK, b'{"sightings":7}', '"ada"'),
        (topics.SENDS, _doubts, b"", b'{"state":"doubted"}', '"k1"'),
        (topics.SENDS, _doubts, b"", b"\xff", '"k1"'),
    ],
    ids=["a lead", "a handoff", "a client", "a doubt", "a doubt that is no JSON"],
)
def test_a_row_of_another_release_is_refused_by_name(topic, fold, value, row, named):
    """One sentence says which row of which partition, what is wrong with it, and which release to run."""
    lane = OfAnotherRelease(topic, row)
    with pytest.raises(Refused) as refused:
        asyncio.run(fold(lane, [Record(topic, 3, 7, NOW, b"ada", value, ())]))
    sentence = str(refused.value)
    assert sentence.startswith(f"{topic}[3]: found the row {named} of another release (")
    assert sentence.endswith("run the release that wrote it, or a newer one")
    assert "\0" not in sentence
