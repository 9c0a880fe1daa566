"""The journey's lane: what no row can hold is put aside, and nothing else suffers from it."""

import asyncio
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from agents.journey import JourneyWork
from agents.workplace import load_workplace
from schemas.codec import MOST_BYTES, decode_lead, encode
from schemas.facts import LeadUpdated, PolicyApplied
from schemas.policy import policy_hash
from schemas.topics import DEAD_LETTERS, FACTS
from streams.engine.problem import Oversize
from streams.engine.record import Record
from streams.engine.transaction import MOST_BYTES as MOST_OF_A_ROW
from streams.journey.compiled import Compiled

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


async def _nothing_before(*_):
    return {}


async def live(lane, records):
    work = JourneyWork(Policies(), b"key", lambda *_: None, _nothing_before)
    await work.begin(lane)
    await work.fold(lane, records)
