"""Letters from the real workplace: everything the law asks for is in what leaves."""

import asyncio
import re
from pathlib import Path

import pytest

from agents.mail.compose import Composed, Composer
from agents.mail.sendgrid import payload
from agents.render.renderer import Renderer, Unrenderable
from agents.unsubscribe import unsubscribe_links, unsubscribed_lead
from agents.workplace import Workplace, load_workplace
from schemas.commands import NotifyOwner, SendContent
from schemas.handoff import Brief
from schemas.reason import Reason
from tests.fakes.sendgrid import FakeSendGrid

NOW = 1_767_225_600_000
KEY = b"a key that signs unsubscribe links"
TRAITS = {"first_name": "Ada", "company": "Engines & Co", "industry": "cold storage", "country": "DE"}


@pytest.fixture(scope="module")
def workplace():
    found = load_workplace(Path(__file__).parents[2] / "templates")
    assert isinstance(found, Workplace), found
    return found


@pytest.fixture(scope="module")
def composer(workplace):
    return Composer(Renderer(workplace), unsubscribe_links("https://mail.wattlark.example/u", KEY))


def content(email, **fields):
    given = {
        "id": "c1",
        "lead_id": "ada",
        "because": "f1",
        "seen": NOW,
        "policy": "p1",
        "send_key": "k1",
        "email": email,
        "kind": "nurture",
        "not_after": NOW,
        "program": "first-look",
        "step": "one",
        "to": "ada@wonder.example",
        "traits": TRAITS,
    }
    return SendContent(**given | fields)


def notice(**brief):
    given = {"headline": "Ada is ready", "stage": "ready", "grade": "A1", "fit": 60, "engagement": 70, "since": NOW}
    return NotifyOwner(
        id="c2",
        lead_id="ada",
        because="f1",
        seen=NOW,
        policy="p1",
        send_key="n1",
        handoff_id="ada:0",
        to="rep@wattlark.example",
        answer_by=NOW,
        not_after=NOW,
        brief=Brief(lead_id="ada", **given | brief),
    )


def test_every_email_to_a_lead_can_be_left(workplace, composer):
    """RFC 8058 headers, a visible link in both parts, the postal address, and a link that names this lead."""
    for email, source in workplace.policy.emails.items():
        if source.kind == "internal":
            continue
        composed = composer.compose(content(email, kind=source.kind), NOW)
        assert isinstance(composed, Composed), composed
        letter = composed.letter
        headers = dict(letter.headers)
        [link] = re.fullmatch(r"<(https://[^>]+)>", headers["List-Unsubscribe"]).groups()
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert unsubscribed_lead(link.rpartition("/")[2], KEY) == "ada"
        assert link in letter.html
        assert link in letter.text
        assert "Bremen" in letter.html
        assert "Bremen" in letter.text
        assert composed.source_hash == source.translations.get(composed.locale, source.source_hash)
        assert letter.categories == ("first-look", "one", email)


def test_requested_content_has_no_program_in_its_categories(composer):
    """A mail that the lead asked for is known by its e-mail alone."""
    composed = composer.compose(content("pricing-sheet", kind="requested", program="", step=""), NOW)
    assert composed.letter.categories == ("pricing-sheet",)


@pytest.mark.parametrize(
    "brief",
    [{}, {"name": "Ada", "company": "Engines", "asked": True, "email": "ada@wonder.example"}],
    ids=["bare", "full"],
)
def test_a_notice_tells_the_rep_and_offers_no_unsubscribe(composer, brief):
    """Whatever is known of the lead, the notice can be written; a rep cannot leave handoffs."""
    composed = composer.compose(notice(**brief), NOW)
    assert isinstance(composed, Composed), composed
    assert "Ada is ready" in composed.letter.text
    assert "ada:0" in composed.letter.text
    assert composed.letter.headers == ()
    assert composed.letter.categories == ("handoff-notice",)


def test_what_is_past_its_date_is_not_sent(composer):
    """The letter is refused with the reason; a notice to a rep still goes."""
    late = 2_000_000_000_000
    assert composer.compose(content("dairy-story"), late).reason is Reason.OUTDATED
    assert isinstance(composer.compose(notice(), late), Composed)


def test_what_cannot_be_written_says_why_and_names_nobody(composer):
    """An unknown e-mail is a value with a sentence, not a crash."""
    found = composer.compose(content("no-such-email"), NOW)
    assert found == Unrenderable('found no e-mail "no-such-email" in the workplace')


@pytest.mark.parametrize("name", ["Ada\r\nBcc: eve@evil.example", "{{ 7 * 7 }}", "<script>x</script>", "\u202eadA\x00"])
def test_no_name_of_a_lead_breaks_a_letter(workplace, composer, name):
    """A hostile name stays a name: SendGrid takes every such letter, with the headers that we set."""

    async def main():
        async with FakeSendGrid() as fake:
            return [
                complaint
                for email, source in workplace.policy.emails.items()
                if source.kind != "internal"
                for complaint in fake._complaints(
                    payload(
                        composer.compose(content(email, traits={**TRAITS, "first_name": name}), NOW).letter,
                        sandbox=False,
                    )
                )
            ]

    assert asyncio.run(main()) == []
