"""The journey's lane: what no row can hold, or our own code fails over, is put aside; nothing else suffers from it."""

import asyncio
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiokafka.errors import KafkaConnectionError

from agents import journey
from agents.fuse import FuseBlown
from agents.journey import JourneyWork
from agents.workplace import load_workplace
from schemas.codec import MOST_BYTES, decode_lead, encode
from schemas.facts import EngagementRetracted, LeadUpdated, PolicyApplied
from schemas.policy import policy_hash
from schemas.topics import DEAD_LETTERS, FACTS
from streams.engine.problem import Oversize
from streams.engine.record import Record
from streams.engine.transaction import MOST_BYTES as MOST_OF_A_ROW
from streams.journey.compiled import Compiled
from streams.journey.decide import decide

NOW = 1_767_225_600_000
POLICY = load_workplace(Path("templates")).policy


class Lane:
    """Rows, counts and records that outlive a fold; refuses what a broker would."""

    topic, partition = FACTS, 0

    def __init__(self):
        self.table, self.counts, self.outs, self.position, self.commits = {}, Counter(), [], 0, 0
        self.clock = SimpleNamespace(now=lambda: NOW)
        load = lambda keys: {key: self.table[key] for key in keys if key in self.table}  # noqa: E731
        self.rows = SimpleNamespace(load=load, get=self.table.get)

    async def commit(self, batch):
        if any(len(row.value) > MOST_OF_A_ROW for row in batch.rows.values()):
            raise Oversize("a record of very many bytes")
        self.table |= {key: row.value for key, row in batch.rows.items()}
        self.counts.update(batch.counts)
        self.outs += batch.outs
        self.position, self.commits = batch.upto, self.commits + 1


class Policies:
    async def get(self, _):
        return Compiled(POLICY)


def record(number, fact):
    return Record(FACTS, 0, number, NOW, fact.lead_id.encode(), encode(fact), ())


def said(number, lead, **traits):
    return record(number, LeadUpdated(id=f"f{number}", lead_id=lead, at=NOW, seen=NOW, traits=traits))


TAKEN_BACK = record(
    1, EngagementRetracted(id="r1", lead_id="ada", at=NOW, seen=NOW, engagement=("f1",), why="corrected")
)
LONG = "x" * (MOST_BYTES * 2 // 3)
BEGIN = record(0, PolicyApplied(id="p0", lead_id="policy", at=NOW, seen=NOW, policy=policy_hash(POLICY)))


@pytest.mark.parametrize("place", [1, 7, 20])
def test_a_fact_that_no_row_can_hold_is_put_aside_alone(place):
    """Ada's row would grow beyond what a broker takes: those facts are dead letters, once; all others count, hers too."""
    lane, ours = Lane(), [("company", "Engines"), ("a", LONG), ("b", LONG), ("c", LONG), ("last_name", "Lovelace")]
    told = [(f"l{number % 5}", "company", f"c{number}") for number in range(20)]
    told[place:place] = [("ada", name, value) for name, value in ours]
    records = [BEGIN, *(said(number, lead, **{name: value}) for number, (lead, name, value) in enumerate(told, 1))]
    asyncio.run(live(lane, records))
    letters = [out for out in lane.outs if out.topic == DEAD_LETTERS]
    assert len(letters) == lane.counts["dead_letters:oversize"] == 2
    assert lane.position == len(records)
    assert lane.counts["applied"] + lane.counts["dead_letters"] + lane.counts["policies"] == len(records)
    assert decode_lead(lane.table[b"ada"]).traits == {"company": "Engines", "a": LONG, "last_name": "Lovelace"}
    assert lane.commits < len(records), "found by halves"


BUG = "Mary had a little lamb"


def stumbles(lead, fact, policy):
    """A release with a bug: over Mary, and over her alone."""
    if BUG in getattr(fact, "traits", {}).values():
        raise ZeroDivisionError(f"what to do about {BUG}?")
    return decide(lead, fact, policy)


def test_a_fact_over_which_our_own_code_fails_is_put_aside_alone(monkeypatch):
    """It does not stop the worker, again and again: everybody else's facts count, and a later release takes it in."""
    lane, mary = Lane(), said(3, "ada", company=BUG)
    told = [BEGIN, said(1, "ada", last_name="Lovelace"), said(2, "eve", company="Engines"), mary, said(4, "ada", a="b")]
    with monkeypatch.context() as release:
        release.setattr(journey, "decide", stumbles)
        asyncio.run(live(lane, told))
    (letter,) = (out for out in lane.outs if out.topic == DEAD_LETTERS)
    assert letter.value == mary.value
    assert (lane.position, lane.counts["dead_letters:our_error"], lane.counts["applied"]) == (5, 1, 3)
    assert decode_lead(lane.table[b"ada"]).traits == {"last_name": "Lovelace", "a": "b"}
    asyncio.run(live(lane, [mary._replace(offset=5)]))
    assert decode_lead(lane.table[b"ada"]).traits["company"] == BUG


def test_a_dead_letter_says_where_our_code_failed_and_quotes_nobody(monkeypatch):
    """The type of the error and its place are enough to mend it; its words may be somebody's."""
    monkeypatch.setattr(journey, "decide", stumbles)
    lane = Lane()
    asyncio.run(live(lane, [BEGIN, said(1, "ada", company=BUG)]))
    detail = dict(lane.outs[-1].headers)["nurture_detail"].decode()
    assert detail.startswith(f"found a ZeroDivisionError in {__name__}:")
    assert ", called by agents.journey:" in detail
    assert "Mary" not in detail


@pytest.mark.parametrize(("fuse", "stops"), [(True, True), (False, False)])
def test_a_release_that_fails_over_most_facts_stops(monkeypatch, fuse, stops):
    """A bug in everything is no reason to empty the topic into dead letters: nothing of the batch is taken."""
    monkeypatch.setattr(journey, "decide", stumbles)
    lane = Lane()
    records = [BEGIN, *(said(number, f"l{number}", company=BUG) for number in range(1, 300))]
    with pytest.raises(FuseBlown, match="because of our_error") if stops else nullcontext():
        asyncio.run(live(lane, records, fuse=fuse))
    assert (lane.position, lane.counts["dead_letters"]) == ((0, 0) if stops else (300, 299))


def test_what_kafka_raises_is_no_fault_of_the_fact(monkeypatch):
    """The facts of a lead that cannot be read now are no reason to put the retraction aside: the worker stops."""

    async def away(*_):
        raise KafkaConnectionError

    monkeypatch.setattr(journey, "needs_past", lambda *_: True)
    with pytest.raises(KafkaConnectionError):
        asyncio.run(live(Lane(), [BEGIN, TAKEN_BACK], before=away))


def test_a_past_over_which_our_own_code_fails_is_put_aside_with_what_asked_for_it(monkeypatch):
    """To fold a lead's facts again meets the one that was put aside: the retraction joins it, and stops nobody."""
    lane = Lane()
    monkeypatch.setattr(journey, "needs_past", lambda *_: True)
    monkeypatch.setattr(journey, "recalled", lambda *_: 1 / 0)
    asyncio.run(live(lane, [BEGIN, TAKEN_BACK]))
    assert (lane.position, lane.counts["dead_letters:our_error"], lane.counts["refolds"]) == (2, 1, 0)


def test_the_policy_in_force_is_told_when_it_takes_over_and_when_a_life_begins():
    """Whoever looks after an apply or a restart sees it, though nothing was decided yet."""
    lane, told = Lane(), []
    tell = lambda *place: told.append(place)  # noqa: E731
    asyncio.run(live(lane, [BEGIN], in_force=tell))
    assert told == [(FACTS, 0, policy_hash(POLICY))]
    asyncio.run(live(lane, [said(1, "ada")], in_force=tell))
    assert told == [(FACTS, 0, policy_hash(POLICY))] * 2


async def _nothing_before(*_):
    return {}


async def live(lane, records, before=_nothing_before, **settings):
    work = JourneyWork(Policies(), b"key", lambda *_: None, before, **settings)
    await work.begin(lane)
    await work.fold(lane, records)
