"""The intake lane on a fake lane: one record in, one fact or one dead letter out, in order, in one commit."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.fuse import LEAST, WINDOW, FuseBlown
from agents.intake import IntakeWork, lead_id_of
from schemas.codec import decode_fact
from schemas.topics import DEAD_LETTERS, FACTS, LEADS
from streams.engine.record import Record

NOW = 1_709_700_000_000
KEY = b"a key for tests"


class FakeLane:
    """Keeps what was committed; its clock stands still."""

    def __init__(self):
        self.topic, self.partition, self.rows, self.clock = LEADS, 3, {}, self
        self.batches = []

    def now(self):
        """Always the same moment."""
        return NOW

    async def commit(self, batch):
        """Keep the batch."""
        self.batches.append(batch)


def good(n=0, **message):
    value = {"type": "identify", "messageId": f"m{n}", "userId": f"lead-{n}"} | message
    return json.dumps(value).encode()


def fold(work, lane, *values):
    start = sum(len(batch.outs) for batch in lane.batches)
    records = [Record(LEADS, 3, start + n, NOW, b"key", value, ()) for n, value in enumerate(values)]
    asyncio.run(work.fold(lane, records))


@pytest.fixture
def lane():
    return FakeLane()


@pytest.fixture
def work():
    return IntakeWork(lead_id_of(KEY))


@given(
    st.lists(st.sampled_from([good(), b"", None, b"nonsense", b'{"type":"group"}', b"\xff"]), min_size=1, max_size=150)
)
def test_each_record_becomes_one_fact_or_one_dead_letter(values):
    """Whatever comes, as much goes out as came in, in the same order, and the counts say so."""
    lane = FakeLane()
    fold(IntakeWork(lead_id_of(KEY)), lane, *values)
    [batch] = lane.batches
    assert [out.topic for out in batch.outs] == [FACTS if value == good() else DEAD_LETTERS for value in values]
    assert batch.counts["in"] == batch.counts["facts"] + batch.counts["dead_letters"] == len(values)
    assert batch.upto == len(values)
    assert batch.rows == {}


def test_a_fact_goes_to_its_lead_with_the_envelope(work, lane):
    """The key is the lead, the partition is left to the key, and the headers say type, id and time."""
    fold(work, lane, good(7, timestamp="2024-03-05T10:00:00Z"))
    [out] = lane.batches[0].outs
    assert (out.key, out.partition) == (b"lead-7", None)
    assert dict(out.headers)["ce_type"] == b"lead.updated.v1"
    assert dict(out.headers)["ce_id"] == b"m7"
    assert dict(out.headers)["ce_time"] == b"2024-03-05T10:00:00.000Z"
    assert decode_fact(out.value).seen == NOW


def test_a_dead_letter_keeps_the_raw_bytes_and_the_reason(work, lane):
    """What cannot be read is kept as it came, with where it came from and why."""
    fold(work, lane, b"\xffnonsense")
    [out] = lane.batches[0].outs
    assert (out.topic, out.value) == (DEAD_LETTERS, b"\xffnonsense")
    assert dict(out.headers)["nurture_reason"] == b"not_json"


def test_an_address_never_becomes_a_key(work, lane):
    """Every spelling of an address is one lead, under a hash that nobody can undo without our key."""
    spellings = ["Ana@Contoso.example", "ana@contoso.example", " ana@CONTOSO.example "]
    fold(work, lane, *[good(n, userId=spelling) for n, spelling in enumerate(spellings)])
    [key] = {out.key for out in lane.batches[0].outs}
    assert key.startswith(b"mail-")
    assert b"ana" not in key.lower()
    assert key.decode() != lead_id_of(b"another key")(spellings[0])


@pytest.mark.parametrize(
    ("values", "blows"),
    [
        ([b"x"] * (LEAST - 1), False),
        ([b"x"] * LEAST, True),
        ([good(), b"x"] * LEAST, False),
        ([good()] * WINDOW + [b"x"] * (WINDOW // 2), False),
        ([good()] * WINDOW + [b"x"] * (WINDOW // 2 + 1), True),
        ([b"x", good(), good()] * WINDOW + [good()] * WINDOW + [b"x"] * (WINDOW // 2), False),
    ],
)
def test_the_fuse_blows_when_most_of_what_comes_is_unreadable(work, lane, values, blows):
    """More than half of the last 1,000, and of at least 200; a lane that has always been fine is given time."""
    if not blows:
        fold(work, lane, *values)
        assert len(lane.batches) == 1
        return
    with pytest.raises(FuseBlown):
        fold(work, lane, *values)
    assert lane.batches == []


def test_a_blown_fuse_says_what_blew_it_and_how_to_close_it(work, lane):
    """The sentence names the topic, the share, the most frequent reason and the way out."""
    fold(work, lane, *[good(n) for n in range(90)])
    with pytest.raises(FuseBlown) as blown:
        fold(work, lane, *[b'{"type":"group"}'] * 20, *[b"x"] * 90)
    sentence = str(blown.value)
    assert sentence.startswith("nurture.leads-3: 110 of the last 200 records (55%) cannot be read")
    assert "90 of them because of not_json" in sentence
    assert "NURTURE_FUSE=false" in sentence


def test_without_its_fuse_everything_goes_to_dead_letters(lane):
    """Whoever really wants it may give up a whole topic."""
    fold(IntakeWork(lead_id_of(KEY), fuse=False), lane, *[b"x"] * 2 * WINDOW)
    assert lane.batches[0].counts == {"in": 2000, "facts": 0, "dead_letters": 2000, "dead_letters:not_json": 2000}
