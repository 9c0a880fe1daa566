"""decode_fact raises nothing and explains everything."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import MOST_BYTES, decode_fact, decode_lead, encode, encode_lead
from schemas.facts import FACTS, Happened
from schemas.lead import Basis, Lead
from schemas.problem import Refusal, Rejected, UserError

FACT = {"type": "page.viewed.v1", "id": "1", "lead_id": "ada", "at": 1, "seen": 2, "path": "/"}
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def bytes_of(**changes):
    return json.dumps(FACT | changes).encode()


@given(st.binary(max_size=200))
def test_any_bytes_are_a_fact_or_a_reason(value):
    """Whatever comes, an answer is given."""
    assert isinstance(decode_fact(value), Happened | Rejected)


@given(st.sampled_from(sorted(FACTS)), st.dictionaries(st.sampled_from([*FACT, "traits", "kind", "amount"]), JSON))
def test_any_json_of_any_type_is_a_fact_or_a_reason(kind, changes):
    """Right names with wrong values are refused as a value."""
    found = decode_fact(json.dumps(FACT | {"type": kind} | changes).encode())
    assert isinstance(found, Happened | Rejected)
    if isinstance(found, Rejected):
        assert found.detail


@pytest.mark.parametrize(
    ("value", "reason", "says"),
    [
        (None, Refusal.EMPTY, "empty"),
        (b"", Refusal.EMPTY, "empty"),
        (b"\xff\xfe", Refusal.NOT_JSON, "not JSON"),
        (b"{", Refusal.NOT_JSON, "not JSON"),
        (b"[" * 100_000, Refusal.WRONG_SHAPE, "not an object"),
        (b'{"a": ' * 100_000, Refusal.NOT_JSON, "not JSON"),
        (b'{"type": "page.viewed.v1", "id": "\xff"}', Refusal.NOT_JSON, "not JSON"),
        (b"3", Refusal.WRONG_SHAPE, "not an object"),
        (b"{}", Refusal.UNKNOWN_TYPE, "None"),
        (bytes_of(type="page.viewd.v1"), Refusal.UNKNOWN_TYPE, 'did you mean "page.viewed.v1"'),
        (bytes_of(type="page.viewed.v2"), Refusal.UNKNOWN_TYPE, "this release does not know"),
        (bytes_of(type=7), Refusal.UNKNOWN_TYPE, "7"),
        (bytes_of(type=["page.viewed.v1"]), Refusal.UNKNOWN_TYPE, "page.viewed.v1"),
        (b'{"type": ' + b"9" * 5_000 + b"}", Refusal.WRONG_SHAPE, "$.type"),
        (bytes_of(at="noon"), Refusal.WRONG_SHAPE, "$.at"),
        (bytes_of(id=""), Refusal.WRONG_SHAPE, "$.id"),
        (bytes_of(lead_id="x" * 129), Refusal.WRONG_SHAPE, "$.lead_id"),
        (bytes_of(path="x" * MOST_BYTES), Refusal.OVERSIZE, "at most 900,000"),
    ],
)
def test_each_kind_of_nonsense_has_its_reason(value, reason, says):
    """What was found, what was expected, and where."""
    found = decode_fact(value)
    assert isinstance(found, Rejected)
    assert (found.reason, says in found.detail) == (reason, True), found


def test_what_a_newer_release_added_is_let_pass():
    """An unknown field of a known type is no reason to lose a fact."""
    assert not isinstance(decode_fact(bytes_of(colour="blue")), Rejected)


@given(
    st.builds(
        Lead,
        id=st.text(min_size=1, max_size=9),
        counts=st.dictionaries(
            st.text(max_size=5), st.dictionaries(st.integers(0, 40_000), st.integers(0, 99), max_size=3), max_size=3
        ),
    )
)
def test_a_row_is_read_as_it_was_written(lead):
    """Rows of leads survive MessagePack."""
    row = msgspec.structs.replace(
        lead, bases={"consent": Basis(kind="consent", at=1, form="f", wording="w")}, recent=b"\0\xff"
    )
    assert decode_lead(encode_lead(row)) == row


@pytest.mark.parametrize(
    ("older", "says"),
    [
        ({"enrolment": {"program": "look"}}, "unknown field `enrolment`"),
        ({"sent": [1, 2]}, "Expected `object`, got `array`"),
        ({"standings": {"main": {"grade": "A"}}}, "unknown field `grade`"),
    ],
)
def test_a_row_of_another_release_is_a_sentence(older, says):
    """Nothing that it knows is left out in silence."""
    with pytest.raises(UserError, match=rf"another release \(.*{says}.*run the release that wrote it"):
        decode_lead(msgspec.msgpack.encode({"id": "ada"} | older))


def test_json_is_written_compactly():
    """Defaults are not on the wire."""
    assert json.loads(encode(decode_fact(bytes_of(title="")))) == FACT
