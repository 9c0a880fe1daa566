"""``templates/README.md`` about e-mails is done as it says, in its order; its lists name all that there is."""

import re
import textwrap

import msgspec
import pytest

from agents.render.language import KNOWN
from agents.workplace import Workplace, load_workplace
from schemas.email import EmailMeta
from tests.guide import GUIDE, desk, followed, saving, section, steps, typed

__all__ = ["desk"]

STEPS = steps("Write an e-mail")
EMAIL = "templates/emails/quiet-sunday.md"
PROGRAM = "templates/programs/first-look.yaml"
BUTTON = "**[See what others heard]({{ brand.website }}/guides/night-load)**"
ROWS = re.findall(r"^\| (`.*`) \| ((?:found|expected|did) .*?) \|$", GUIDE, re.MULTILINE)


def add_step(desk, step):
    """Below the last step of the program."""
    text = (desk / PROGRAM).read_text(encoding="utf-8")
    last = re.findall(r"^  - \{id: .*\}\n", text.split("again_after")[0], re.MULTILINE)[-1]
    (desk / PROGRAM).write_text(text.replace(last, last + step), encoding="utf-8")


def expect(desk, lines):
    """In place of the last line of the first test."""
    text = (desk / PROGRAM).read_text(encoding="utf-8")
    last = "      - {day: 22, leaves: exhausted}\n"
    assert text.count(last) == 1
    (desk / PROGRAM).write_text(text.replace(last, lines), encoding="utf-8")


def test_a_newcomer_writes_an_email_with_this_page_alone(desk):
    """Each file saved, each line typed, each answer as printed; at the end a letter lies in the folder."""
    assert (EMAIL in GUIDE, PROGRAM in GUIDE) == (True, True)
    followed(desk, STEPS, saving(desk, EMAIL), lambda step: add_step(desk, step), lambda lines: expect(desk, lines))
    assert len(list((desk / "var/mail").glob("*.eml"))) == 1


def test_the_points_that_the_page_shows_are_such_as_scoring_takes(desk):
    """The caps, the group and the pattern, beside the rules of the shipped workplace."""
    shown = textwrap.dedent("".join(re.findall(r"^    .*\n", section("Points"), re.MULTILINE)))
    file = desk / "templates/scoring.yaml"
    rule = re.search(r"  - id: looks-at-pricing\n(?:    .*\n)+", file.read_text(encoding="utf-8"))
    text = file.read_text(encoding="utf-8").replace(rule[0], "")
    file.write_text(text.replace("engagement:\n", shown[: shown.index("groups:")], 1) + shown[shown.index("groups:") :])
    assert typed(desk, ".venv/bin/nurture check templates").endswith("no warnings, no errors\n")


@pytest.mark.parametrize(("wrong", "answer"), ROWS, ids=[answer for _, answer in ROWS])
def test_each_mistake_is_answered_as_the_page_says(desk, wrong, answer):
    """In place of the button of the example."""
    email = dict(STEPS)["markdown"]
    assert email.count(BUTTON) == 1
    (desk / EMAIL).write_text(email.replace(BUTTON, wrong.strip("`").replace("\\|", "|")), encoding="utf-8")
    loaded = load_workplace(desk / "templates")
    problems = loaded.warnings if isinstance(loaded, Workplace) else loaded
    assert [one.line for one in problems if answer in one.message] == [email[: email.index(BUTTON)].count("\n") + 1]


def test_the_page_names_every_key_and_every_filter():
    """Two lists of each, compared."""
    keys = re.search(r"^\| key \| says \|\n(.*?)\n\n", section("E-mails"), re.MULTILINE | re.DOTALL)[1]
    named = {name for row in keys.splitlines()[1:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == {field.encode_name for field in msgspec.structs.fields(EmailMeta)}
    filters = re.search(r"^Filters: (.*)\.$", GUIDE, re.MULTILINE)[1]
    assert re.findall(r"`(\w+)`", filters) == KNOWN


def test_the_page_leads_to_its_own_sections():
    """Every link within it has a heading."""
    headings = {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^##+ (.*)$", GUIDE, re.MULTILINE)
    }
    assert [link for link in re.findall(r"\]\(#([\w-]+)\)", GUIDE) if link not in headings] == []
