"""Unsubscribe links: only we can write them, and they name a lead and nobody else."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from agents.unsubscribe import NO_ENDPOINT, unsubscribe_links, unsubscribed_lead

KEY = b"a key that signs unsubscribe links"


def token_of(lead_id, key=KEY):
    return unsubscribe_links("https://mail.wattlark.example/u", key)(lead_id).rpartition("/")[2]


@given(st.text(min_size=1, max_size=128))
def test_a_link_names_its_lead(lead_id):
    """Whatever a lead id holds, its link leads back to it."""
    assert unsubscribed_lead(token_of(lead_id), KEY) == lead_id


@pytest.mark.parametrize("base", ["https://mail.wattlark.example/u", "https://mail.wattlark.example/u/", NO_ENDPOINT])
def test_a_link_is_https_and_safe_in_a_header(base):
    """A link has no character that would need quoting in List-Unsubscribe, and fits into one line."""
    link = unsubscribe_links(base, KEY)("ada lovelace <>\r\n")
    assert link.startswith(base.rstrip("/") + "/")
    assert not set(link) & set("<>\r\n \t,")
    assert len(link) < 900


@pytest.mark.parametrize("base", ["", "http://mail.wattlark.example/u", "mailto:out@wattlark.example", "//x"])
def test_a_link_that_is_not_https_is_refused(base):
    """RFC 8058 wants https; the sentence says what was found."""
    with pytest.raises(ValueError, match=r"found the unsubscribe URL .* expected .*https://"):
        unsubscribe_links(base, KEY)


FORGED = URLSafeSerializer(KEY, salt="unsubscribe.v1").dumps("ada")  # right key, SHA-1


@pytest.mark.parametrize(
    "token",
    [
        "",
        "ada",
        token_of("ada")[:-1],
        token_of("ada") + "A",
        token_of("ada", b"another key of the same length.."),
        URLSafeSerializer(KEY, salt="another.v1").dumps("ada"),
        FORGED,
        "x" * 100_000,
        "ÿ.ÿ",
        "\ud800",
    ],
    ids=range(10),
)
def test_a_token_that_we_did_not_write_names_nobody(token):
    """Forged, cut, foreign and absurd tokens all get the same answer."""
    assert unsubscribed_lead(token, KEY) is None


def test_a_token_of_ours_that_holds_no_text_names_nobody():
    """Only text is a lead id, even under our own signature."""
    signer = URLSafeSerializer(KEY, salt="unsubscribe.v1", signer_kwargs={"digest_method": hashlib.sha256})
    assert unsubscribed_lead(signer.dumps(["ada"]), KEY) is None


def test_without_a_key_no_link_is_written_and_none_is_believed():
    """Anybody could sign with an empty key: only the placeholder's links, which lead nowhere, may do without."""
    with pytest.raises(ValueError, match="NURTURE_TOKEN_KEY"):
        unsubscribe_links("https://mail.wattlark.example/u", b"")
    assert unsubscribed_lead(unsubscribe_links(NO_ENDPOINT, b"")("ada").rpartition("/")[2], b"") is None
