"""Dead letters: nothing of the record is lost, and the headers say where it came from and why."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.deadletter import dead_letter
from schemas.codec import MOST_BYTES
from schemas.problem import Refusal, Rejected
from schemas.topics import DEAD_LETTERS
from streams.engine.record import Record
from streams.engine.transaction import MOST_BYTES as MOST_ON_THE_WIRE

WHY = Rejected(Refusal.NOT_JSON, "found bytes that are not JSON")
RECORD = Record("nurture.leads", 3, 42, 1_767_225_600_000, b"\xffkey", b"\xfe raw", [("ce_type", b"x")])


def test_a_dead_letter_holds_the_raw_bytes_and_the_place():
    """Topic, partition, offset, key, reason and bytes are all there, under one key per record."""
    out = dead_letter(RECORD, WHY, "nurture/intake")
    assert (out.topic, out.key, out.value, out.partition) == (DEAD_LETTERS, b"nurture.leads:3:42", b"\xfe raw", None)
    assert dict(out.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"nurture.leads:3:42",
        "ce_type": b"dead_letter.v1",
        "ce_source": b"nurture/intake",
        "ce_time": b"2026-01-01T00:00:00.000Z",
        "content-type": b"application/json",
        "nurture_reason": b"not_json",
        "nurture_detail": b"found bytes that are not JSON",
        "nurture_topic": b"nurture.leads",
        "nurture_partition": b"3",
        "nurture_offset": b"42",
        "nurture_key": base64.b64encode(b"\xffkey"),
    }


@pytest.mark.parametrize(("field", "value"), [("key", None), ("value", None), ("timestamp", -1)])
def test_a_record_with_nothing_in_it_is_put_aside_too(field, value):
    """A missing key, value or timestamp is no reason to fail."""
    out = dead_letter(RECORD._replace(**{field: value}), WHY, "nurture/intake")
    assert ("nurture_key" in dict(out.headers)) is (field != "key")
    assert out.value == (None if field == "value" else RECORD.value)


@given(size=st.integers(0, 1_048_588), key=st.integers(0, 20_000), detail=st.text(max_size=3_000))
def test_a_dead_letter_always_fits_into_a_batch(size, key, detail):
    """Whatever a broker took, its dead letter can be produced; what was cut says from how much."""
    record = RECORD._replace(key=bytes(key), value=bytes(size))
    out = dead_letter(record, Rejected(Refusal.OVERSIZE, detail), "nurture/intake")
    whole = len(out.key) + len(out.value) + sum(len(name) + len(text) for name, text in out.headers)
    assert whole < MOST_ON_THE_WIRE - 1_000
    cut = dict(out.headers).get("nurture_cut_from")
    assert cut == (str(size).encode() if size > MOST_BYTES else None)
    assert ("nurture_key_cut_from" in dict(out.headers)) == (key > 10_000)


@given(st.text())
def test_any_detail_can_be_written(detail):
    """A detail that is no clean Unicode does not stop the lane."""
    dead_letter(RECORD, Rejected(Refusal.NOT_JSON, detail + "\ud800"), "nurture/intake")
