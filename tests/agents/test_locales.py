"""Languages: which one a lead reads, what is said around an e-mail in it, and what the policy and the ledger know of it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.mail.compose import Composer
from agents.preview.desk import Desk
from agents.preview.sample import values_for
from agents.render.plain import UnfitError
from agents.render.renderer import Renderer, Unrenderable
from agents.render.tongue import chosen, tongue
from agents.workplace import Workplace, load_workplace
from schemas.brand import Brand
from tests.agents.sending import NOW, Lane, Port, fold, order, records, work
from tests.agents.test_desk import desk
from tests.agents.workplaces import OWNED, SMALL, written

TEMPLATES = Path(__file__).parents[2] / "templates"
BRAND = Brand(
    owner="ines@example.com",
    review_by="2027-03-31",
    name="Oak",
    website="https://oak.example",
    from_name="Ines",
    from_email="ines@oak.example",
    reply_to="hello@oak.example",
    postal_address="1 Wood Street",
    time_zone="Europe/Berlin",
    locales={"DE": "de", "CH": "de", "NO": "nb"},
)
GERMAN = "---\nsubject: Hallo\npreheader: Kurz\n---\nGuten Tag {{ lead.first_name or 'zusammen' }}, {{ lead.employees | number }}!\n"
SPOKEN = {
    "catalogue.yaml": SMALL["catalogue.yaml"].replace("  role:", "  country: {type: text}\n  role:"),
    "brand.yaml": SMALL["brand.yaml"] + "locales: {DE: de}\n",
    "emails/hello.de.md": GERMAN,
    "layouts/letter.mjml": SMALL["layouts/letter.mjml"]
    .replace("<mjml>", '<mjml lang="{{ locale }}">')
    .replace("Leave", '{{ "Leave" | t }}'),
    "layouts/letter.txt": SMALL["layouts/letter.txt"].replace("Leave", '{{ "Leave" | t }}'),
    "locales/de.po": 'msgid "Leave"\nmsgstr "Abbestellen & weg"\n\n#, fuzzy\nmsgid "Stay"\nmsgstr "Bleib"\n',
}


@pytest.mark.parametrize(
    ("traits", "written", "locale"),
    [
        ({}, {"de"}, ""),
        ({"country": "DE"}, {"de"}, "de"),
        ({"country": "de"}, {"de"}, "de"),
        ({"country": "NO"}, {"de"}, ""),
        ({"country": "DE"}, set(), ""),
        ({"locale": "de-AT"}, {"de", "de-AT"}, "de-AT"),
        ({"locale": "de_at"}, {"de", "de-AT"}, "de-AT"),
        ({"locale": "de-AT"}, {"de"}, "de"),
        ({"locale": "fr", "country": "CH"}, {"de"}, "de"),
        ({"locale": "fr", "country": "CH"}, {"de", "fr"}, "fr"),
        ({"locale": "en-US", "country": "DE"}, {"de"}, ""),
        ({"locale": 7, "country": 49}, {"de"}, ""),
        ({"locale": "-", "country": None}, {"de"}, ""),
    ],
)
def test_a_lead_reads_its_own_locale_its_language_its_countrys_or_the_brands(traits, written, locale):
    """The first in which the e-mail is written; who reads the brand's language reads the e-mail as it is."""
    assert chosen(traits, BRAND, written) == locale


@given(st.dictionaries(st.sampled_from(["locale", "country"]), st.text() | st.integers() | st.none()))
def test_whatever_a_lead_says_there_is_a_language(traits):
    """One of those that exist."""
    assert chosen(traits, BRAND, {"de"}) in ("", "de")


def test_a_translation_is_the_email_in_other_words(tmp_path):
    """Subject, text, the layout's words, the numbers and the language of the HTML; what is not translated stays."""
    renderer = Renderer(load_workplace(written(tmp_path, **SPOKEN)))
    values = {
        "lead": {"first_name": "Ada", "employees": 1234.5, "country": "DE"},
        "unsubscribe_url": "https://u.example/x",
    }
    german = renderer.render("hello", values)
    assert (german.subject, german.preheader, german.locale) == ("Hallo", "Kurz", "de")
    assert german.text.startswith("Guten Tag Ada, 1.234,5!\n\nAbbestellen & weg: https://u.example/x")
    assert ('<html lang="de"' in german.html, "Abbestellen &amp; weg</a>" in german.html) == (True, True)
    english = renderer.render("hello", {**values, "lead": {"country": "FR"}})
    assert (english.subject, english.locale, "Leave: " in english.text) == ("Hello", "en-GB", True)
    assert '<html lang="en-GB"' in english.html
    assert renderer.render("again", values).subject == "Again"


def test_the_policy_knows_each_translation_by_its_own_hash(tmp_path):
    """And the letter in it has that hash, not the e-mail's; a changed word is a changed policy."""
    one = load_workplace(written(tmp_path / "a", **SPOKEN))
    two = load_workplace(written(tmp_path / "b", **SPOKEN | {"emails/hello.de.md": GERMAN + "!"}))
    emails = [found.policy.emails["hello"] for found in (one, two)]
    assert emails[0].translations.keys() == {"de"}
    assert (emails[0].translations == emails[1].translations, emails[0].source_hash) == (False, emails[1].source_hash)
    composer = Composer(Renderer(one), lambda lead: f"https://u.example/{lead}")
    composed = composer.compose(order(email="hello", traits={"country": "DE", "employees": 3}), NOW)
    assert (composed.source_hash, composed.locale) == (emails[0].translations["de"], "de")


def test_the_ledger_says_in_which_language_it_was():
    """Beside the hash."""
    lane = Lane()
    fold(lane, work(Port()), records(order("k1")))
    assert lane.entries()["k1"].locale == "de"


def test_a_translation_needs_the_approvals_of_its_email(tmp_path):
    """By itself: what was approved in English says nothing about the German."""
    text = SMALL["emails/hello.md"].replace("claims", "approvals: [sales]\nclaims")
    hashed = load_workplace(written(tmp_path, **SPOKEN, **{"emails/hello.md": text})).policy.emails["hello"]
    approvers = OWNED + "approvers: {max@oak.example: sales}\n"
    record = "hash: {}\nby: {{sales: max@oak.example}}\n"
    written(
        tmp_path,
        **SPOKEN,
        **{
            "emails/hello.md": text,
            "approvers.yaml": approvers,
            "approvals/emails/hello.yaml": record.format(hashed.source_hash),
        },
    )
    loaded = load_workplace(tmp_path)
    unapproved = [one.path for one in loaded.warnings if one.rule == "unapproved"]
    assert unapproved == [f"{tmp_path}/emails/hello.de.md"]
    assert loaded.policy.emails["hello"].withheld == "unapproved"
    written(
        tmp_path,
        **SPOKEN,
        **{"emails/hello.md": text, "approvals/emails/hello.de.yaml": record.format(hashed.translations["de"])},
    )
    assert load_workplace(tmp_path).policy.emails["hello"].withheld == ""


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("emails/nope.de.md", GERMAN, 'found a translation, expected the e-mail "nope" beside it'),
        ("emails/hello.de.md", GERMAN.replace("preheader", "owner"), 'found the key "owner"'),
        ("emails/hello.de.md", "Hallo", "found no front matter"),
        ("emails/hello.de.md", GERMAN + "{{ lead.delete() }}", "found a call"),
        ("emails/hello.de.md", GERMAN + "[x](http://oak.example)", 'found a link to "http://oak.example"'),
        ("emails/hello.de.md", GERMAN + "{{ lead.first_name | t }}", 'found "t" behind a value'),
        ("emails/hello.german.md", GERMAN, 'found the name "hello.german"'),
        ("emails/hello.qq.md", GERMAN, 'found the locale "qq"'),
        ("locales/de.po", "no catalogue", "found a line that is no part of a catalogue"),
        ("locales/fr.po", "", 'found words in "fr"'),
        ("locales/../x.po", "", None),
    ],
)
def test_what_is_wrong_with_a_translation_is_said(tmp_path, name, text, says):
    """In its own file, as with any e-mail."""
    loaded = load_workplace(written(tmp_path, **{**SPOKEN, name: text}))
    problems = loaded.warnings if isinstance(loaded, Workplace) else loaded
    assert any(says in one.message for one in problems) if says else isinstance(loaded, Workplace)


def test_the_preview_shows_each_language(tmp_path):
    """The lead's own at first; the other when it is asked for, with the file that it comes from."""
    shown = desk(
        written(
            tmp_path,
            **SPOKEN,
            **{
                "leads/ada.yaml": SMALL["leads/ada.yaml"].replace("role: boss", "role: boss, country: DE, employees: 3")
            },
        )
    )
    assert isinstance(shown, Desk)
    sheet, other = shown.sheet("hello", "ada"), shown.sheet("hello", "ada", "en-GB")
    assert (sheet.locale, sheet.locales, sheet.subject) == ("de", ("en-GB", "de"), "Hallo")
    assert (other.locale, other.subject) == ("en-GB", "Hello")
    assert sheet.meta["hash"] != other.meta["hash"]
    assert "Guten Tag" in shown.html("hello", "ada", "light")
    assert "Dear Ada" in shown.html("hello", "ada", "light", "en-GB")
    assert shown.sheet("again", "ada").locales == ()


@pytest.mark.parametrize("value", ["12", [], {}])
def test_a_number_is_shown_from_numbers_only(value):
    """Anything else is a letter that cannot be written, and says nothing of the value."""
    with pytest.raises(UnfitError, match="as a number"):
        tongue("de", {}).text.from_string("{{ x | number }}").render({"x": value})


def test_every_shipped_translation_can_be_written():
    """For every sample lead."""
    loaded = load_workplace(TEMPLATES)
    renderer = Renderer(loaded)
    for email, translations in loaded.translations.items():
        for locale in translations:
            for lead in loaded.leads.values():
                letter = renderer.render(email, values_for(lead, locale))
                assert not isinstance(letter, Unrenderable), letter
                assert letter.locale == locale
