"""``templates/README.md`` is done as it says, in its order: what it says to save is saved, what it says to type is typed."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import msgspec
import pytest

from agents.render.language import KNOWN
from agents.workplace import Workplace, load_workplace
from schemas.email import EmailMeta

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "templates/README.md").read_text(encoding="utf-8")
STEPS = re.findall(r"^```(\w+)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
EMAIL = "templates/emails/quiet-sunday.md"
PROGRAM = "templates/programs/first-look.yaml"
BUTTON = "**[See what others heard]({{ brand.website }}/guides/night-load)**"
TODAY = " --today 2026-11-23"  # the day on which the page was written: nothing is due for review
ROWS = re.findall(r"^\| (`.*`) \| ((?:found|expected|did) .*?) \|$", GUIDE, re.MULTILINE)


@pytest.fixture
def desk(tmp_path):
    """A folder like a clone's."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    return tmp_path


def typed(desk, line):
    """What a line of shell says, whatever comes of it, on one line."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("NURTURE_")} | {"COLUMNS": "500"}
    done = subprocess.run(shlex.split(line), cwd=desk, env=env, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.stdout


def add_step(desk, step):
    """Below the last step of the program."""
    text = (desk / PROGRAM).read_text(encoding="utf-8")
    last = re.findall(r"^  - \{id: .*\}\n", text.split("again_after")[0], re.MULTILINE)[-1]
    (desk / PROGRAM).write_text(text.replace(last, last + step), encoding="utf-8")


def test_a_newcomer_writes_an_email_with_this_page_alone(desk):
    """Each file saved, each line typed, each answer as printed; at the end a letter lies in the folder."""
    assert [kind for kind, _ in STEPS] == ["markdown", "sh", "text", "yaml", "sh", "text", "sh", "text", "sh", "text"]
    assert (EMAIL in GUIDE, PROGRAM in GUIDE) == (True, True)
    said = ""
    for kind, block in STEPS:
        match kind:
            case "markdown":
                (desk / EMAIL).write_text(block, encoding="utf-8")
            case "yaml":
                add_step(desk, block)
            case "sh":
                said = typed(desk, block.strip() + (TODAY if "check" in block else ""))
            case "text":
                assert block.strip() in said
    assert len(list((desk / "var/mail").glob("*.eml"))) == 1


def test_the_points_that_the_page_shows_are_such_as_scoring_takes(desk):
    """The caps, the group and the pattern, beside the rules of the shipped workplace."""
    shown = textwrap.dedent("".join(re.findall(r"^    .*\n", GUIDE.partition("## Points")[2], re.MULTILINE)))
    file = desk / "templates/scoring.yaml"
    rule = re.search(r"  - id: looks-at-pricing\n(?:    .*\n)+", file.read_text(encoding="utf-8"))
    text = file.read_text(encoding="utf-8").replace(rule[0], "")
    file.write_text(text.replace("engagement:\n", shown[: shown.index("groups:")], 1) + shown[shown.index("groups:") :])
    assert typed(desk, ".venv/bin/nurture check templates" + TODAY).endswith("no warnings, no errors\n")


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
    keys = re.search(r"^\| key \| says \|\n(.*?)\n\n", GUIDE, re.MULTILINE | re.DOTALL)[1]
    named = {name for row in keys.splitlines()[1:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == {field.encode_name for field in msgspec.structs.fields(EmailMeta)}
    filters = re.search(r"^Filters: (.*)\.$", GUIDE, re.MULTILINE)[1]
    assert re.findall(r"`(\w+)`", filters) == KNOWN
