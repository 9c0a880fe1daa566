"""A variant on its way out: what the letter says, what the provider, the links and the ledger are told."""

import pytest
from msgspec.structs import replace

from agents.mail.compose import Composed, Composer
from agents.render.renderer import Renderer, Unrenderable
from agents.unsubscribe import unsubscribe_links
from agents.workplace import load_workplace
from schemas.codec import decode_ledger
from tests.agents.sending import NOW, Lane, Port, fold, order, records, work
from tests.agents.workplaces import SMALL, written

LETTER = SMALL["emails/hello.md"].replace(
    "subject: Hello", "subject: Hello\nsubjects: {asks: 'Ready, {{ lead.role }}?'}"
)


@pytest.fixture
def composer(tmp_path):
    """The small workplace, its e-mail with another subject to try."""
    workplace = load_workplace(written(tmp_path, **{"emails/hello.md": LETTER}))
    return Composer(Renderer(workplace), unsubscribe_links("https://oak.example/u", b"key"))


def sent(composer, **fields):
    """What is composed for an order."""
    given = replace(order(email="hello", program="look", step="first"), traits={"role": "boss"})
    return composer.compose(replace(given, **fields), NOW)


def test_a_letter_has_the_subject_of_its_variant(composer):
    """Written with the lead's values like the first one; a name that the e-mail does not know is refused."""
    assert sent(composer).letter.subject == "Hello"
    assert sent(composer, variant="asks", subject="asks").letter.subject == "Ready, boss?"
    refused = sent(composer, variant="asks", subject="gone")
    assert isinstance(refused, Unrenderable)
    assert 'no subject "gone"' in refused.detail


@pytest.mark.parametrize(("variant", "place"), [("asks", "first.asks"), ("", "first")])
def test_links_and_provider_are_told_the_variant_and_nobody_s_name(composer, variant, place):
    """As part of the step: utm_content and a category."""
    composed = sent(composer, variant=variant)
    assert isinstance(composed, Composed)
    assert composed.letter.categories == ("look", place, "hello")
    assert f"utm_campaign=look&amp;utm_content={place}" in composed.letter.html


def test_the_ledger_and_the_lead_s_record_keep_the_variant():
    """In the entry, and in the fact that comes back."""
    lane = Lane()
    fold(lane, work(Port()), records(replace(order(), variant="asks")))
    assert decode_ledger(lane.table[b"k1"]).variant == "asks"
    assert [fact.variant for fact in lane.facts()] == ["asks"]
