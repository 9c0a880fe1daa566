"""The finished letter: MJML bodies, partials, links that say where they stood, who signs, and text that can be read."""

import datetime as dt
import re
import shutil
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.check.contrast import colour_of, contrast, faint
from agents.preview.sample import values_for
from agents.render.letter import in_scheme
from agents.render.renderer import Rendered, Renderer, Unrenderable
from agents.render.tags import tagged
from agents.render.text import text_of_html
from agents.workplace import Workplace, load_workplace
from schemas.sales import Rep
from tests.agents.workplaces import OWNED, SMALL, edited, written

TEMPLATES = Path(__file__).parents[2] / "templates"
VALUES = {"lead": {"email": "ada@lead.example", "first_name": "Ada"}, "unsubscribe_url": "https://u.example/x"}
SLOT = SMALL["layouts/letter.mjml"].replace(
    "<mj-section><mj-column>\n<mj-text>{{ body }}</mj-text>",
    '<mj-include path="body.mjml" />\n<mj-section><mj-column>',
)
BODY = "<mj-section><mj-column><mj-text>{{ body }}</mj-text></mj-column></mj-section>\n"
STORY = f"""---
{OWNED}subject: Again
layout: letter
---
<mj-section><mj-column><mj-text>Dear {{{{ lead.first_name or "reader" }}}},</mj-text></mj-column></mj-section>
{{% if lead.first_name %}}
<mj-section>
  <mj-column><mj-text>5%</mj-text></mj-column>
  <mj-column><mj-include path="action.mjml" /></mj-column>
</mj-section>
{{% endif %}}
"""
MJML = {
    "layouts/letter.mjml": SLOT,
    "partials/body.mjml": BODY,
    "partials/action.mjml": '<mj-button href="{{ brand.website }}/go">Go on</mj-button>\n',
    "emails/again.md": None,
    "emails/again.mjml": STORY,
    "journey.yaml": None,
}


def found(folder):
    """The rules that complain, with file, line and column."""
    loaded = load_workplace(folder)
    problems = loaded.warnings if isinstance(loaded, Workplace) else loaded
    return [(p.rule, p.path.removeprefix(f"{folder}/"), p.line, p.column) for p in problems]


# ── MJML ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_mjml_body_stands_where_a_markdown_body_would(tmp_path):
    """Both kinds share one layout; conditions hold around sections, partials are filled in, the text part is made."""
    renderer = Renderer(load_workplace(written(tmp_path, **MJML)))
    story, hello = renderer.render("again", VALUES), renderer.render("hello", VALUES)
    assert (
        story.text
        == "Dear Ada,\n\n5%\n\nGo on (https://oak.example/go)\n\nLeave: https://u.example/x\nOak & Son, 1 Wood Street, Bremen\n"
    )
    assert hello.text.startswith("Dear Ada,\n")
    for letter in (story, hello):
        assert letter.html.count('href="https://u.example/x"') == 1
        assert "mj-" not in letter.html.replace("mj-column", "").replace("mj-outlook", "")
    short = renderer.render("again", {**VALUES, "lead": {}})
    assert short.text.startswith("Dear reader,\n\nLeave")


def test_values_in_mjml_are_escaped(tmp_path):
    """A name stays a name."""
    renderer = Renderer(load_workplace(written(tmp_path, **MJML)))
    letter = renderer.render("again", {**VALUES, "lead": {"first_name": "<b>&{{ 7*7 }}</b>"}})
    assert "<b>&" not in letter.html
    assert letter.text.startswith("Dear <b>&{{ 7*7 }}</b>,")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"layouts/letter.mjml": SMALL["layouts/letter.mjml"]}, ("lost-body", "emails/again.mjml", 5, 9)),
        ({"partials/action.mjml": BODY + '<mj-include path="body.mjml" />'}, ("unknown-partial", "partials/action.mjml", 2, 19)),
        ({"partials/action.mjml": '<mj-include path="action.mjml" />'}, ("unknown-partial", "partials/action.mjml", 1, 19)),
        ({"partials/action.mjml": None}, ("unknown-partial", "emails/again.mjml", 11, 32)),
        ({"partials/body.mjml": None}, ("unknown-partial", "layouts/letter.mjml", 1, 34)),
        ({"emails/again.mjml": STORY + "<mj-section>"}, ("broken-layout", "emails/again.mjml", 7, 1)),
        ({"emails/again.mjml": STORY + "<mj-text>{{ lead.x }}</mj-text>"}, ("unknown-variable", "emails/again.mjml", 14, 13)),
        ({"partials/action.mjml": "{{ lead.delete() }}"}, ("template-language", "partials/action.mjml", 1, 9)),
        ({"emails/again.md": SMALL["emails/again.md"]}, ("file", "emails/again.mjml", 1, 1)),
        ({"emails/again.mjml": STORY + "<mj-raw><svg></svg></mj-raw>"}, ("unsupported-css", "emails/again.mjml", 14, 9)),
    ],
)  # fmt: skip
def test_what_is_wrong_in_mjml_is_said_once_with_its_place(tmp_path, changes, complaint):
    """Layouts without a place, partials in a circle or missing, broken sections, names, attacks, doubles."""
    assert (
        found(
            written(
                tmp_path,
                **MJML,
            )
        )
        == []
    )
    for name, text in changes.items():
        (tmp_path / name).unlink(missing_ok=True)
        if text is not None:
            (tmp_path / name).write_text(text, "utf-8")
    assert complaint in found(tmp_path)
    assert len([rule for rule, *_ in found(tmp_path) if rule == complaint[0]]) == 1


def test_partials_that_include_each_other_are_told_by_their_way_round(tmp_path):
    """In each of them, and nowhere else: not as a layout that is no MJML."""
    circle = {
        "layouts/letter.mjml": SMALL["layouts/letter.mjml"].replace(
            "<mj-text>", '<mj-include path="a.mjml" /><mj-text>', 1
        ),
        "partials/a.mjml": '<mj-include path="b.mjml" />',
        "partials/b.mjml": '<mj-include path="a.mjml" />',
    }
    loaded = load_workplace(written(tmp_path, **circle))
    assert [str(problem).removeprefix(f"{tmp_path}/partials/") for problem in loaded] == [
        "a.mjml:1:19: found a partial that includes another (a → b → a), expected the text itself [unknown-partial]",
        "b.mjml:1:19: found a partial that includes another (b → a → b), expected the text itself [unknown-partial]",
    ]


def test_a_huge_include_is_refused(tmp_path):
    """A layout that includes a large partial many times is a sentence, not a gigabyte."""
    layout = SLOT.replace("<mj-section>", '<mj-include path="action.mjml" />' * 500 + "<mj-section>")
    folder = written(tmp_path, **{**MJML, "layouts/letter.mjml": layout, "partials/action.mjml": "x" * 150_000})
    assert {rule for rule, *_ in found(folder)} == {"broken-layout"}


def test_nobody_else_learns_who_reads(tmp_path):
    """Neither a font nor a style is fetched from anywhere."""
    fonts = SLOT.replace(
        "<mjml>", '<mjml><mj-head><mj-attributes><mj-all font-family="Roboto" /></mj-attributes></mj-head>'
    )
    letter = Renderer(load_workplace(written(tmp_path, **{**MJML, "layouts/letter.mjml": fonts}))).render(
        "again", VALUES
    )
    assert "@import" not in letter.html
    assert "googleapis" not in letter.html


def test_attachments_are_refused(tmp_path):
    """There is no key for them: what is worth reading is linked."""
    folder = edited(tmp_path, "emails/again.md", "layout: letter", "layout: letter\nattachments: [prices.pdf]")
    assert found(folder) == [("attachment", "emails/again.md", 6, 1)]


def test_text_is_made_from_mjml_too():
    """Cells apart, nothing from the head, nothing of styles."""
    assert (
        text_of_html("<head><title>x</title><style>y</style></head><table><tr><td>a</td><td><p>b</p></td></tr></table>")
        == "a\n\nb"
    )


# ── links that say where they stood ──────────────────────────────────────────────────────────────────────────

TAGS = {"utm_source": "nurture", "utm_campaign": "first-look"}


@pytest.mark.parametrize(
    ("url", "after"),
    [
        ("https://oak.example", "https://oak.example?utm_source=nurture&utm_campaign=first-look"),
        ("https://www.oak.example/a?b=c#d", "https://www.oak.example/a?b=c&utm_source=nurture&utm_campaign=first-look#d"),
        ("https://oak.example/?utm_source=mine", "https://oak.example/?utm_source=mine&utm_campaign=first-look"),
        ("https://badoak.example/", None),
        ("https://other.example/oak.example", None),
        ("mailto:hello@oak.example", None),
        ("https://u.oak.example/leave", None),
        ("https://[bad", None),
    ],
)  # fmt: skip
def test_only_links_to_our_own_site_are_tagged(url, after):
    """By host; what the author wrote wins; the way out and others' links stay as they are."""
    html = f'<p><a class="x" href="{url.replace("&", "&amp;")}">x</a></p>'
    shown = tagged(html, "https://www.oak.example", TAGS, but="https://u.oak.example/leave")
    assert shown == html.replace(url, (after or url).replace("&", "&amp;"))


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=8), max_size=4))
def test_a_tag_arrives_as_it_was_given(tags):
    """Whatever a program or a step is called."""
    given_tags = {
        name: value for name, value in tags.items() if not any(0xD800 <= ord(c) <= 0xDFFF for c in name + value)
    }
    shown = tagged('<a href="https://oak.example/x">x</a>', "https://oak.example", given_tags)
    query = urlsplit(shown.removeprefix('<a href="').removesuffix('">x</a>').replace("&amp;", "&")).query
    assert {n: v[0] for n, v in parse_qs(query, keep_blank_values=True).items()} == given_tags or "&" in str(given_tags)


def test_both_parts_have_the_tags_and_the_way_out_has_none(tmp_path):
    """The same in HTML and text; without tags nothing changes."""
    renderer = Renderer(load_workplace(written(tmp_path)))
    letter = renderer.render("hello", VALUES, TAGS)
    assert "https://oak.example/guide?utm_source=nurture&amp;utm_campaign=first-look" in letter.html
    assert "https://oak.example/guide?utm_source=nurture&utm_campaign=first-look" in letter.text
    assert 'href="https://u.example/x"' in letter.html
    assert "utm" not in renderer.render("hello", VALUES).html


# ── the link that no person sees ─────────────────────────────────────────────────────────────────────────────


def test_a_machine_finds_the_link_that_no_person_sees(tmp_path):
    """Hidden from eyes, keyboards and assistive technology; not in the text, and not there when none is set."""
    loaded = load_workplace(TEMPLATES)
    trap = loaded.policy.sending.bots.honeypot
    letter = Renderer(loaded).render("night-load", VALUES)
    [link] = [found for found in re.findall(r"<a [^>]*>", letter.html) if trap in found]
    assert all(word in link for word in ("hidden", 'aria-hidden="true"', 'tabindex="-1"', "display: none"))
    assert trap not in letter.text
    for email, source in loaded.policy.emails.items():
        sample = values_for(loaded.leads["amira"])
        assert (trap in Renderer(loaded).render(email, sample).html) is (source.kind != "internal")
    folder = shutil.copytree(TEMPLATES, tmp_path / "w")
    sending = (folder / "sending.yaml").read_text("utf-8")
    (folder / "sending.yaml").write_text(sending.replace(f"  honeypot: {trap}\n", ""), "utf-8")
    assert "tabindex" not in Renderer(load_workplace(folder)).render("night-load", VALUES).html


# ── who signs ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("sender", "owner", "signs"),
    [
        ("owner", "jonas@oak.example", ("Jonas", "jonas@oak.example")),
        ("owner", "gone@oak.example", ("Ines", "ines@oak.example")),
        ("owner", None, ("Ines", "ines@oak.example")),
        ("brand", "jonas@oak.example", ("Ines", "ines@oak.example")),
    ],
)
def test_a_rep_signs_for_their_own_leads_only(tmp_path, sender, owner, signs):
    """And the brand for all others; the body may name who signs."""
    text = SMALL["emails/again.md"].replace("layout", f"from: {sender}\nlayout") + "\n{{ sender.name }}\n"
    renderer = Renderer(load_workplace(written(tmp_path, **{"emails/again.md": text})))
    traits = {"owner": owner} if owner else {}
    assert renderer.sender("again", traits) == signs
    assert f"Once more.\n\n{signs[0]}\n" in renderer.render("again", {**VALUES, "lead": traits}).text


def test_a_rep_who_signs_writes_from_our_domain(tmp_path):
    """Only asked when an e-mail is from its owner."""
    folder = written(tmp_path)
    (folder / "sales.yaml").write_text(SMALL["sales.yaml"].replace("jonas@oak", "jonas@elm"))
    assert found(folder) == []
    (folder / "emails/again.md").write_text(SMALL["emails/again.md"].replace("layout", "from: owner\nlayout"))
    assert [rule for rule, *_ in found(folder)] == ["foreign-sender"]


# ── claims ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("day", "severity"), [(16, None), (17, "warning"), (31, "warning"), (32, "error")])
def test_a_claim_is_warned_about_before_its_day_and_stops_its_emails_after_it(tmp_path, day, severity):
    """14 days ahead; the e-mail that makes it is pointed at."""
    today = dt.date(2031, 1, 1) + dt.timedelta(days=day - 1)
    text = {name: content.replace("2027-03-31", "2032-03-31") for name, content in SMALL.items()}
    loaded = load_workplace(written(tmp_path, **text), today)
    problems = loaded.warnings if isinstance(loaded, Workplace) else loaded
    assert [p.severity for p in problems if p.rule == "expired-claim"] == [severity] * (severity is not None)


# ── text that can be read ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("html", "least"),
    [
        ('<p style="color:#777777">x</p>', 4.5),
        ('<p style="color:#767676">x</p>', None),
        ('<div style="background:#000"><p style="color:#fff">x</p></div>', None),
        ('<div style="background-color:#000;background:#fff !important"><p style="color:white">x</p></div>', 4.5),
        ('<div style="background:url(x.png)"><p style="color:#fff">x</p></div>', None),
        ('<td bgcolor="#eeeeee"><br><img src="x"><font style="color: rgb(150, 150, 150)">x</font></td>', 4.5),
        ('<p style="color:#949494;font-size:24px">x</p>', None),
        ('<p style="color:#969696;font-size:24px">x</p>', 3.0),
        ('<div style="display:none;color:#fff">x</div><p>y</p>', None),
        ('<p style="color:#fff"> </p></p></div><p style="color:inherit">y</p>', None),
    ],
)
def test_faint_text_is_found(html, least):
    """By the nearest colour and ground that are known, the cascade's winner, and the size (WCAG 2.2, 1.4.3)."""
    assert [text.least for text in faint(html)] == ([least] if least else [])


def test_contrast_is_the_standards():
    """Black on white is 21, a colour on itself 1; both ways the same."""
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((9, 9, 9), (9, 9, 9)) == 1
    assert contrast((1, 2, 3), (200, 100, 0)) == contrast((200, 100, 0), (1, 2, 3))
    assert [colour_of(text) for text in ("#fff", "#0b6e4f", "red", "")] == [(255, 255, 255), (11, 110, 79), None, None]


@pytest.mark.parametrize(("ink", "scheme"), [("color: #999999", "light"), ("", "dark")])
def test_a_layout_nobody_can_read_is_pointed_out_for_each_email(tmp_path, ink, scheme):
    """By day and in the dark."""
    dark = "@media (prefers-color-scheme: dark) { body { background: #111 !important } }"
    style = f"<mjml><mj-head><mj-style>.t div {{ {ink} }} {'' if ink else dark}</mj-style></mj-head>"
    layout = SMALL["layouts/letter.mjml"].replace("<mjml>", style).replace("<mj-text>{{", '<mj-text css-class="t">{{')
    loaded = load_workplace(
        written(
            tmp_path,
            **{
                "layouts/letter.mjml": layout.replace(
                    '<mj-text css-class="t">',
                    f'<mj-text css-class="t" {"color=" + chr(34) + "#999999" + chr(34) if ink else ""}>',
                )
            },
        )
    )
    assert [p.rule for p in loaded] == ["low-contrast"] * 3
    assert f"in the {scheme}" in loaded[0].message


def test_dark_and_light_are_two_views_of_one_letter(tmp_path):
    """The same words; in the dark view what the media query says is in force, in the light one it is gone."""
    style = "<mjml><mj-head><mj-style>@media (prefers-color-scheme: dark) { body { background: #123456 !important; } }</mj-style></mj-head>"
    layout = (
        SMALL["layouts/letter.mjml"]
        .replace("<mjml>", style)
        .replace("<mj-text>", '<mj-text color="#ffffff" container-background-color="#000000">')
    )
    letter = Renderer(load_workplace(written(tmp_path, **{"layouts/letter.mjml": layout}))).render("again", VALUES)
    assert isinstance(letter, Rendered)
    dark, light = in_scheme(letter.html, "dark"), in_scheme(letter.html, "light")
    assert ("#123456" in light, '<body style="' in dark, "#123456" in dark) == (False, True, True)
    assert text_of_html(dark) == text_of_html(light)


def test_a_missing_email_has_no_letter_and_the_brand_signs(tmp_path):
    """A policy may be newer than the workplace."""
    renderer = Renderer(load_workplace(written(tmp_path)))
    assert isinstance(renderer.render("nope", VALUES), Unrenderable)
    assert renderer.sender("nope", {}) == ("Ines", "ines@oak.example")
    assert renderer.workplace.policy.sales.reps == (Rep(name="Jonas", email="jonas@oak.example"),)
