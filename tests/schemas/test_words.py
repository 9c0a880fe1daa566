"""Closed lists of words, each with its sentence; and what goes into headers."""

from schemas.envelope import headers
from schemas.problem import Problem
from schemas.reason import SENTENCES, Reason
from schemas.words import counted


def test_every_reason_for_silence_has_a_sentence():
    """Two lists, compared; each sentence is one, without its full stop."""
    assert set(SENTENCES) == set(Reason)
    assert len(set(SENTENCES.values())) == len(Reason)
    assert not [sentence for sentence in SENTENCES.values() if not sentence or sentence.endswith(".")]


def test_an_event_carries_the_attributes_of_cloudevents():
    """Binary mode: every attribute is a header, as bytes."""
    found = dict(headers("page.viewed.v1", "seg-1", "nurture/intake", 1_772_442_000_000))
    assert found == {
        "ce_specversion": b"1.0",
        "ce_id": b"seg-1",
        "ce_type": b"page.viewed.v1",
        "ce_source": b"nurture/intake",
        "ce_time": b"2026-03-02T09:00:00.000Z",
        "content-type": b"application/json",
    }


def test_problems_sort_by_place_and_read_as_editors_expect():
    """path:line:column: message [rule]."""
    second = Problem(path="a.yaml", line=10, column=1, message="found a", rule="r")
    first = Problem(path="a.yaml", line=9, column=7, message="found b", rule="r")
    assert sorted([second, first]) == [first, second]
    assert str(first) == "a.yaml:9:7: found b [r]"


def test_words_in_y_have_their_own_plural():
    """Not so those with a vowel before it."""
    assert [counted(2, "policy"), counted(2, "day"), counted(1, "policy")] == ["2 policies", "2 days", "1 policy"]
