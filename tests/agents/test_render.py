"""Writing a letter: what authors mean comes out, what leads send in stays text, what is missing is never guessed."""

import html
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.render.language import misuse, parsed
from agents.render.letter import MOST_BYTES, Frames, Rendered, Unrenderable, write
from agents.render.markdown import markdown
from agents.render.plain import clean
from agents.render.renderer import Renderer
from agents.render.source import EmailSource, Layout
from agents.render.text import text_of_html
from agents.render.tongue import tongue
from agents.workplace import load_workplace
from schemas.email import EmailMeta
from tests.agents.workplaces import SMALL, written

TEMPLATES = Path(__file__).parents[2] / "templates"
URL = "https://unsubscribe.example/token"
BODY = """---
owner: ines@example.com
review_by: 2027-03-31
subject: "For {{ lead.first_name }}"
preheader: "{{ lead.role }}"
layout: letter
---
"""


class Seen(HTMLParser):
    """Tags, attributes that lead somewhere, and the text between."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.links, self.words = [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Note the tag and where it leads."""
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data):
        """Note the words."""
        self.words.append(data)


@pytest.fixture(scope="module")
def shipped():
    """The shipped workplace, ready to write."""
    return Renderer(load_workplace(TEMPLATES))


@pytest.fixture(scope="module")
def greeting(tmp_path_factory):
    """A renderer whose e-mail "again" puts a first name where markup would be easiest, and a role into a link's text."""
    body = BODY + (
        "# {{ lead.first_name }}\n\n{{ lead.first_name }}\n\n- **{{ lead.first_name }}**\n\n> {{ lead.first_name }}\n\n"
        "1. x\n\n[to {{ lead.role or 'all' }}](https://oak.example/guide)\n\na {{ lead.first_name }} b\n"
    )
    return Renderer(load_workplace(written(tmp_path_factory.mktemp("greeting"), **{"emails/again.md": body})))


def values(**traits):
    """What the sender passes for a lead."""
    return {"lead": {"email": "ada@lead.example", **traits}, "unsubscribe_url": URL}


def wrote(folder, body):
    """A renderer of the small workplace with another body in "again"."""
    head = SMALL["emails/again.md"].removesuffix("Once more.\n")
    return Renderer(load_workplace(written(folder, **{"emails/again.md": head + body})))


# ── what authors mean ────────────────────────────────────────────────────────────────────────────────────────


def test_one_source_gives_subject_html_and_text(shipped):
    """Both parts say the same, greet by name, and hold address and way out."""
    letter = shipped.render("night-load", values(first_name="Ada", industry="food"))
    assert letter.subject == "What does your plant use at three in the morning?"
    for part in (html.unescape(letter.html), letter.text):
        assert "Hello Ada," in part
        assert "Speicherstraße 14, 28195 Bremen" in part
        assert URL in part
        assert "https://www.wattlark.example/guides/night-load" in part
    assert letter.source_hash == shipped.workplace.policy.emails["night-load"].source_hash


def test_every_shipped_email_can_be_written_for_every_sample_lead(shipped):
    """With no holes: each optional field has a fallback."""
    brief = {
        "headline": "Ada asked for a demo",
        "lead_id": "1",
        "stage": "ready",
        "grade": "A1",
        "fit": 80,
        "engagement": 75,
    }
    for email in shipped.workplace.sources:
        for lead in shipped.workplace.leads.values():
            letter = shipped.render(email, {**values(**lead.traits), "brief": brief})
            assert isinstance(letter, Rendered), (email, letter)
            assert len(letter.html.encode()) < 20_000


def test_conditions_fit_the_reader(shipped):
    """A cold store reads about compressors, anybody else about night load."""
    cold, other = (shipped.render("night-load", values(product_line=line)).text for line in ("cold store", "factory"))
    assert ("compressors never sleep" in cold, "compressors never sleep" in other) == (True, False)


BODIES = [
    ("{{ lead.first_name | upper }}", "ADA"),
    ("{{ lead.employees | number }}", "12,000"),
    ("{% if lead.employees > 50 %}big{% else %}small{% endif %}", "big"),
    ("{% if lead.role %}x{% else %}no role{% endif %}", "no role"),
    ("{{ lead.role | default('reader') }}", "reader"),
    ("{{ lead['first_name'] }}", "Ada"),
    ("{{ 'yes' if lead.role is defined else 'no' }}", "no"),
    ("{{ lead.first_name ~ '!' }}", "Ada!"),
    ("one\n{% if lead.first_name %}\ntwo\n{% endif %}\nthree", "one two three"),
    ("a **b** *c* [d](https://e.example)", "a b c d (https://e.example)"),
    ("[https://e.example](https://e.example)", "https://e.example"),
    ("[write](mailto:a@b.example)", "write (a@b.example)"),
    ("- a\n- b\n  1. c\n  2. d\n\ne", "- a\n- b\n  1. c\n  2. d\n\ne"),
    ("- a\n\n- b\n\nc", "- a\n- b\n\nc"),
    ("3. a\n4. b", "3. a\n4. b"),
    ("> a\n>\n> b\n\nc", "> a\n> \n> b\n\nc"),
    ("# a\n\nb\n\n***\n\nc", "a\n\nb\n\n* * *\n\nc"),
    ("a\\\nb", "a\nb"),
    ("![a meter](https://e.example/m.png) one two three four five six seven eight nine ten", "a meter one two three four five six seven eight nine ten"),
    ("{{ brand.name }} &amp; co", "Oak & co"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "text"), BODIES)
def test_a_body_reads_well_as_plain_text(tmp_path, body, text):
    """Lists keep their marks, links their targets, conditions leave no gap."""
    letter = wrote(tmp_path, body + "\n").render("again", values(first_name="Ada", employees=12000))
    assert isinstance(letter, Rendered), letter
    assert letter.text.split("\n\nLeave:")[0] == text


def test_a_bold_link_alone_is_a_button():
    """In a paragraph of its own, and only there."""
    assert '<p class="action">' in markdown("**[Go](https://a.example)**")
    for body in (
        "**[Go](https://a.example)** now",
        "[Go](https://a.example)",
        "**Go**",
        "**[Go](https://a.example)!**",
    ):
        assert "action" not in markdown(body)


# ── what leads send in ───────────────────────────────────────────────────────────────────────────────────────

NASTY = [
    "<b>Ada</b>", "[x](javascript:alert(1))", "[x](https://evil.example)", "<https://evil.example>", "{{ 7*7 }}",
    "{% for x in y %}", "# Ada", "- Ada", "1. Ada", "> Ada", "    Ada", "\tAda", "```\nAda", "***", "---", "===",
    "**Ada**", "_Ada_", "`Ada`", "![x](https://evil.example/p.png)", "&lt;b&gt;", "&#60;b&#62;", "Ada\r\nBcc: all@evil.example",
    "Ada\u2028Bcc: x", "Ada\x00", "\u202egnp.exe", "[x]: https://evil.example", "Ada\\", "a|b", "=cmd()", '"onclick="x', "'",
    "</title><script>alert(1)</script>", "]]>", "<!-- ", "\ue000lead.x\ue001", "%EE%80%80x%EE%80%81", "\ud800", "Ünï ☕ 👩\u200d🔧",
]  # fmt: skip


def stays_text(renderer, name, role=None):
    """The letter for this name has the markup of Ada's letter, and shows the name as it is."""
    traits = {"role": role} if role else {"role": "x"}
    ada = Seen(renderer.render("again", values(first_name="Ada", role="x")).html)
    letter = renderer.render("again", values(first_name=name, **traits))
    if not clean(name):
        assert isinstance(letter, Unrenderable)
        return
    if isinstance(letter, Unrenderable):
        assert "characters, expected at most" in letter.detail
        return
    found = Seen(letter.html)
    assert found.tags == ada.tags
    assert found.links == ada.links
    squeezed = " ".join("".join(found.words).split())
    assert " ".join(clean(name).split()) in squeezed
    assert not re.search("[\x00-\x1f\x7f\u2028\u2029]", letter.subject)
    assert letter.subject == f"For {clean(name)}"


@pytest.mark.parametrize("name", NASTY)
def test_markup_in_a_name_comes_out_as_text(greeting, name):
    """HTML, Markdown, Jinja, header breaks, marks of our own: all are just characters."""
    stays_text(greeting, name)


@settings(max_examples=150, deadline=None)
@given(name=st.text(max_size=60), role=st.text(max_size=20))
def test_no_name_makes_markup_a_link_or_a_header(greeting, name, role):
    """For any text whatever."""
    stays_text(greeting, name, role if clean(role) else None)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="<>[]()!*_`#-+=|\\&;:/\"'{}%.~ \n\t1aé", max_size=40))
def test_no_dense_markup_gets_through(greeting, name):
    """For texts made of little but signs."""
    stays_text(greeting, name)


# ── what is missing or must not leave ────────────────────────────────────────────────────────────────────────


def test_a_hole_refuses_a_send_and_shows_in_a_preview(tmp_path):
    """The sender is told which field; the author sees it marked, in every part."""
    body = BODY + "Dear {{ lead.first_name }}, [x](https://oak.example) {{ lead.first_name | upper }}\n"
    renderer = Renderer(load_workplace(written(tmp_path, **{"emails/again.md": body})))
    refused = renderer.render("again", values())
    assert refused == Unrenderable("again: nothing is known for lead.first_name, lead.role, and there is no fallback")
    shown = renderer.preview("again", values())
    assert shown.holes == ("lead.first_name", "lead.role")
    assert 'class="hole"' in shown.html
    assert ">lead.first_name</mark>" in shown.html
    assert (shown.subject, shown.preheader) == ("For [lead.first_name]", "[lead.role]")
    assert "Dear [lead.first_name]," in shown.text
    assert "\ue000" not in shown.html + shown.text + shown.subject


@pytest.mark.parametrize("blank", [None, "", "  ", "\u2028", "\u200e"])
def test_blank_is_missing(greeting, blank):
    """A name of blanks is no name: better refused than "Dear ,"."""
    assert isinstance(greeting.render("again", values(first_name=blank)), Unrenderable)


def test_a_comparison_with_nothing_is_refused_with_its_name(tmp_path):
    """Not a traceback, and not silently no."""
    letter = wrote(tmp_path, "{% if lead.employees > 5 %}x{% endif %}\n").render("again", values())
    assert letter == Unrenderable(
        "again: lead.employees is not known, and something is done with it that needs a value", part="body", line=1
    )


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("{% if lead.role > 5 %}x{% endif %}", "lead.role: values of different kinds are compared; compare numbers"),
        ("{% if 5 <= lead.role and lead.role %}x{% endif %}", "lead.role: values of different kinds are compared"),
        ('{% if "x" in lead.sites %}x{% endif %}', 'lead.sites: "in" looks into something that is neither a list nor'),
        ("{% for a in lead.sites %}x{% endfor %}", "lead.sites: a loop goes over something that is no list"),
        ("{{ lead.sites | length }}", 'lead.sites: "length" stands behind something that is no list'),
        ("{{ lead.sites | join }}", 'lead.sites: "join" stands behind something that is no list'),
        ("{{ lead.role | first }}", 'lead.role: "first" stands behind something that is no list'),
        ("{{ lead.role | date }}", "lead.role: something else than a moment is shown as a date"),
        ("{{ lead.role | upper | number }}", "lead.role: a text is shown as a number"),
        ("{{ lead.sites | date }}", "lead.sites: a moment that no calendar has"),
        ("{{ lead }}", "a list or a mapping is printed; print its parts"),
    ],
)
def test_a_template_that_fails_says_where_and_why_in_our_own_words(source, says):
    """The line, the field and what to write; nothing of Python's, and nothing of the value."""
    layout = Layout(name="letter", path="", mjml="<mjml><mj-body></mj-body></mjml>", text="{{ body }}")
    meta = EmailMeta(owner="i", review_by="2027-01-01", subject="Hi")
    text = EmailSource(id="again", path="", meta=meta, body=f"Hello\n{source}\n", body_line=9, source_hash="")
    letter = write(Frames({"letter": layout}, {}).compiled(text), values(role="secret", sites=10**20), {})
    assert isinstance(letter, Unrenderable), letter
    assert letter.detail.startswith(f"again: {says}"), letter.detail
    assert (letter.part, letter.line) == ("body", 2)
    assert not re.search(r"secret|instance|object|'int'|'str'|NoneType|recursion", letter.detail)


@pytest.mark.parametrize(
    ("given", "detail"),
    [
        ({"first_name": "x" * 300}, "the subject has 304 characters"),
        ({"first_name": "x", "role": "x" * 120_000}, "it grew beyond"),
        ({"first_name": ["a"]}, "a list or a mapping is printed"),
    ],
)
def test_what_is_too_large_or_no_text_is_refused(greeting, given, detail):
    """In a sentence without the value."""
    letter = greeting.render("again", values(**given))
    assert isinstance(letter, Unrenderable)
    assert detail in letter.detail
    assert len(letter.detail) < 200


@pytest.mark.parametrize("sites", [1e300, -1e30, float("inf"), float("nan"), True, "many", [3], {"n": 3}])
def test_no_value_of_a_lead_stops_more_than_its_own_letter(shipped, sites):
    """What Babel or Jinja cannot do with it is a refusal, which the ledger keeps, and no failure of the sender."""
    for email in ("compressed-air", "first-ninety-days"):
        assert isinstance(shipped.render(email, values(sites=sites)), Rendered | Unrenderable)


def test_objects_never_reach_a_template(greeting):
    """Plain data only; anything else is our own mistake, told as a refusal."""
    assert "plain data" in greeting.render("again", {"lead": {"first_name": object()}, "unsubscribe_url": URL}).detail


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://x.example", "", None])
def test_the_way_out_is_https_or_there_is_no_letter(greeting, url):
    """A mail that nobody can leave must not leave."""
    assert isinstance(greeting.render("again", {**values(first_name="Ada"), "unsubscribe_url": url}), Unrenderable)


def test_an_unknown_email_is_a_sentence(greeting):
    """The sender meets it when a policy is newer than its workplace."""
    assert greeting.render("nope", values()) == Unrenderable('found no e-mail "nope" in the workplace')


# ── what a template may say (RELIABILITY 4.1) ────────────────────────────────────────────────────────────────

FORBIDDEN = [
    "{{ lead.__class__.__mro__ }}", "{{ lead['__class__'] }}", "{{ lead.delete() }}", "{{ 'x' * 100000000 }}", "{{ 2 ** 99 }}",
    "{{ 'x' | center(50000000) }}", "{{ lead.x | safe }}", "{{ lead.x | attr('y') }}", "{{ lead.x | map(attribute='y') }}",
    "{{ '%s' | format(lead) }}", "{{ lipsum(n=200) }}", "{{ cycler }}", "{{ range(9) }}", "{{ namespace }}", "{% import 'x' as y %}",
    "{% include 'x' %}", "{% extends 'x' %}", "{% set a = 'x' %}", "{% macro m() %}{% endmacro %}", "{% filter upper %}{% endfilter %}",
    "{% for a in lead.x %}{% for b in lead.y %}{% endfor %}{% endfor %}", "{% for a in 'abc' %}{% endfor %}", "{{ lead.x[1:2] }}",
    "{{ lead[lead.x] }}", "{% for a in lead.x recursive %}{% endfor %}", "{{ lead.x is divisibleby 3 }}", "{{ {'a': 1} }}",
    "{{ lead.x | join(attribute='y') }}", "{{ self }}", "{% raw %}{{ a }}{% endraw %}{{ caller() }}", "{{ 1 + 1 }}",
]  # fmt: skip


@pytest.mark.parametrize("source", FORBIDDEN)
def test_an_attack_is_refused_when_it_is_loaded(tmp_path, source):
    """By the syntax tree alone, or because the name is unknown; with the author's line."""
    found = load_workplace(written(tmp_path, **{"emails/again.md": SMALL["emails/again.md"] + source + "\n"}))
    assert isinstance(found, list)
    assert {(problem.path, problem.line) for problem in found} == {(f"{tmp_path}/emails/again.md", 9)}


@pytest.mark.parametrize("source", FORBIDDEN)
def test_the_sandbox_alone_reveals_nothing(source):
    """Were the first wall to fall: no attribute, no global, no long output."""
    try:
        shown = tongue("en-GB", {}).html.from_string(source).render({"lead": {}})
    except Exception as error:  # noqa: BLE001 - any refusal will do
        shown = str(error)
    assert not re.search(r"<class|<function|0x[0-9a-f]{6}", shown)


def test_lines_keep_their_numbers():
    """A line that holds only a block tag leaves no gap in the text and no shift in the count."""
    tree = parsed("a\n{% if b %}\nc\n{% endif %}\n{{ d() }}")
    assert [found.line for found in misuse(tree)] == [5]


def test_text_is_made_from_any_html():
    """The converter never fails on what a body could hold."""
    assert text_of_html("<p>a<br>b</p><ul><li><p>c</p></li></ul>") == "a\nb\n\n- c"
    assert text_of_html("") == ""


def test_a_letter_is_never_larger_than_gmail_shows(tmp_path):
    """Clipped mail hides the way out."""
    renderer = wrote(tmp_path, "{{ lead.first_name }} " * 10 + "\n")
    letter = renderer.render("again", values(first_name="é" * 9_000))
    assert isinstance(letter, Unrenderable)
    assert f"{MOST_BYTES:,}" in letter.detail
