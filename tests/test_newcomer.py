"""Somebody who has never seen the repository writes an e-mail and a program of two steps with the guide alone.

Each thing is broken once on the way, is answered in words that say what to write, and is mended.
"""

import json
import re
import shlex
import subprocess
import urllib.request

from schemas.program import Program
from schemas.read import read
from tests.guide import INES, TODAY, TOM, be, desk, environment, typed
from tests.test_program_guide import PROGRAM
from tests.test_program_guide import STEPS as PROGRAM_STEPS
from tests.test_workplace_guide import EMAIL
from tests.test_workplace_guide import STEPS as EMAIL_STEPS

__all__ = ["desk"]

LETTER = dict(EMAIL_STEPS)["markdown"]
TWO_STEPS = dict(PROGRAM_STEPS)["yaml"].replace("five-meters", "quiet-sunday")
"""The program of the page, whose second step sends the newcomer's own e-mail."""
UNREAD = 'expected `nurture approve quiet-sunday` by "tom.adeyemi@wattlark.example"'


def ask(desk, line, *answers):
    """Types a line: its status, after every answer was found in what it said."""
    words = shlex.split(f".venv/bin/nurture {line}")
    done = subprocess.run(words, cwd=desk, env=environment(), capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert [answer for answer in answers if answer not in said] == [], said
    assert "Traceback" not in said
    return done.returncode


def save(desk, name, text, *wrong):
    """Saves a text, with one piece replaced by a wrong one."""
    for right, instead in [wrong] if wrong else []:
        assert right in text
        text = text.replace(right, instead, 1)
    (desk / name).write_text(text, encoding="utf-8")


def test_a_newcomer_breaks_each_thing_once_and_is_told_how_to_mend_it(desk):
    """The e-mail, the program, the preview, the test, the simulation and the plan; in the end all of it is sound."""
    save(desk, EMAIL, LETTER, "lead.first_name", "lead.firstname")
    assert ask(desk, f"check {EMAIL}", 'did you mean "lead.first_name"?', "[unknown-variable]") == 1
    save(desk, EMAIL, LETTER)
    assert ask(desk, f"check {EMAIL}" + TODAY, UNREAD, "1 error, no warnings") == 1

    save(desk, PROGRAM, TWO_STEPS, "email: quiet-sunday", "email: quiet-sundae")
    assert ask(desk, f"check {PROGRAM}", 'did you mean "quiet-sunday"?', "[unknown-email]") == 1
    save(desk, PROGRAM, TWO_STEPS)
    assert ask(desk, "check" + TODAY, UNREAD, "1 error, no warnings") == 1

    assert ask(desk, "preview quiet-sunday --lead nobdoy", 'did you mean "nobody"?') == 2
    save(desk, EMAIL, LETTER, ' or "there"', "")
    assert ask(desk, "preview quiet-sunday --lead nobody", "lead.first_name; sending would be refused") == 0
    assert seen(desk) == {"nobody": "holes", "amira": "whole"}
    save(desk, EMAIL, LETTER)
    assert ask(desk, "preview quiet-sunday --lead nobody", "What ran in your plant last Sunday?") == 0
    assert seen(desk) == {"nobody": "whole", "amira": "whole"}

    save(desk, PROGRAM, TWO_STEPS, "day: 9, at", "day: 10, at")
    assert ask(desk, f"test {PROGRAM}", "FAIL plant-managers", "day 9", "quiet-sunday") == 1
    save(desk, PROGRAM, TWO_STEPS)
    assert ask(desk, f"test {PROGRAM}", "none failed") == 0

    assert ask(desk, "simulate plant-mangers --sample", 'did you mean "plant-managers"?') == 2
    assert ask(desk, "simulate plant-managers --sample --days 90", "plant-managers  2 entered") == 0

    first = desk / "templates/programs/first-look.yaml"
    shipped = first.read_text(encoding="utf-8")
    first.write_text(shipped.split("\n# nurture test")[0].replace("[aware]", "[new]"), encoding="utf-8")
    assert ask(desk, "plan --against HEAD --facts tests/facts.jsonl", "stranded  1  1 first-look") == 1
    first.write_text(shipped, encoding="utf-8")
    assert ask(desk, "plan --against HEAD --facts tests/facts.jsonl", "stranded  0") == 0
    approve(desk)


def approve(desk):
    """Nobody approves what is not committed, nor what they wrote; one more word needs it anew."""
    be(desk, TOM)
    assert ask(desk, "approve quiet-sunday", "that are not committed") == 2
    be(desk, INES)
    typed(desk, "git add templates\ngit commit --quiet --message Sundays")
    assert ask(desk, "approve quiet-sunday", "never the owner") == 2
    be(desk, TOM)
    assert ask(desk, "approve quiet-sunday", "approves for marketing; commit it") == 0
    assert ask(desk, "check" + TODAY, "found an approval that is not committed", "1 warning, no errors") == 0
    typed(desk, "git add templates\ngit commit --quiet --message Read")
    assert ask(desk, "check" + TODAY, "no warnings, no errors") == 0
    save(desk, EMAIL, LETTER, "Ines", "Ines C")
    assert ask(desk, "check" + TODAY, "found an approval of another text", UNREAD) == 1


def seen(desk):
    """How the e-mail fares with two leads on the page that `nurture preview --serve` shows."""
    command = [".venv/bin/nurture", "preview", "--serve", "--port", "0"]
    with subprocess.Popen(command, cwd=desk, env=environment(), stdout=subprocess.PIPE, text=True) as page:
        try:
            address = re.search(r"http://(\S+)", page.stdout.readline())[1]
            with urllib.request.urlopen(f"http://{address}overview", timeout=60) as answer:
                [own] = [one for one in json.load(answer)["emails"] if one["id"] == "quiet-sunday"]
                return {lead: own["letters"][lead] for lead in ("nobody", "amira")}
        finally:
            page.terminate()


def test_the_newcomer_s_program_has_two_steps():
    """The second one sends the newcomer's own e-mail."""
    program = read("plant-managers.yaml", TWO_STEPS, Program)
    assert [step.email for step in program.steps] == ["compressed-air", "quiet-sunday"]
