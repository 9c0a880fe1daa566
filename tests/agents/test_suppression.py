"""The suppression list: every spelling of an address is one, and an old view is not trusted."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.suppression import SuppressionView, keyed_address

KEY = b"a key for hashes of addresses"


@pytest.mark.parametrize(
    "spelling",
    ["Ada@Wonder.example", " ada@wonder.example ", "ADA@WONDER.EXAMPLE", "ada@wonder.example\n"],
)
def test_every_spelling_of_an_address_has_one_hash(spelling):
    """Case and space around an address do not let anybody slip through."""
    assert keyed_address(spelling, KEY) == keyed_address("ada@wonder.example", KEY)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@BÜCHER.example", "ada@bu\u0308cher.example"),
        ("\u0061\u030ada@wonder.example", "\u00e5da@wonder.example"),
    ],
)
def test_a_domain_in_letters_and_in_ascii_is_one_domain(one, other):
    """An address is the same in Unicode, decomposed or in punycode."""
    assert keyed_address(one, KEY) == keyed_address(other, KEY)


@pytest.mark.parametrize("other", ["ada@wonder.example.org", "a.da@wonder.example", "ada+x@wonder.example", "ada"])
def test_another_address_has_another_hash(other):
    """Dots and plus signs matter: whether they reach the same mailbox is the mailbox's business."""
    assert keyed_address(other, KEY) != keyed_address("ada@wonder.example", KEY)


def test_the_hash_is_hmac_sha256_in_hexadecimal():
    """The key decides the hash: without it nobody can test an address against the topic."""
    expected = hmac.new(KEY, b"ada@wonder.example", hashlib.sha256).hexdigest()
    assert keyed_address("ada@wonder.example", KEY) == expected
    assert keyed_address("ada@wonder.example", b"another key") != expected


@given(st.text(max_size=300))
def test_any_text_has_a_hash(text):
    """What is no address at all is hashed too: the gate must not crash on it."""
    assert len(keyed_address(text, KEY)) == 64


def test_a_suppression_holds_until_a_tombstone_lifts_it():
    """The newest record of a key wins, as the compacted topic keeps it."""
    view = SuppressionView(KEY)
    hashed = keyed_address("ada@wonder.example", KEY).encode()
    view.learn(hashed, b"{}")
    view.learn(hashed, b"{}")
    view.learn(None, b"{}")
    assert view.holds("Ada@wonder.example")
    assert not view.holds("bob@wonder.example")
    view.learn(hashed, None)
    assert not view.holds("ada@wonder.example")


@pytest.mark.parametrize(("age", "fresh"), [(0, True), (10, True), (10.5, False), (float("inf"), False)])
def test_a_view_older_than_ten_seconds_is_not_fresh(age, fresh):
    """Age counts from the last time that the view was complete; before the first it is infinite."""
    view = SuppressionView(KEY, now=lambda: 100.0)
    view.complete(100.0 - age)
    assert (view.age_seconds(), view.fresh()) == (age, fresh)


def test_a_late_word_does_not_make_the_view_older():
    """Completeness only moves forward."""
    view = SuppressionView(KEY, now=lambda: 100.0)
    view.complete(99.0)
    view.complete(50.0)
    assert view.age_seconds() == 1.0
