"""``templates/programs/README.md`` is done as it says, in its order, and names every key of a step."""

import re
import shutil
import sys
from pathlib import Path

import msgspec
import pytest

from schemas.program import Step
from tests.test_workplace_guide import TODAY, typed

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "templates/programs/README.md").read_text(encoding="utf-8")
BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGE, EXPERIMENT, NEWSLETTER = re.split(r"\n## (?:Test two subjects|Write a newsletter)", GUIDE)
STEPS = BLOCKS.findall(PAGE)
PROGRAM = "templates/programs/plant-managers.yaml"


@pytest.fixture
def desk(tmp_path):
    """A folder like a clone's."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    for name in ("templates", "tests/facts.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_a_newcomer_writes_a_program_with_this_page_alone(desk):
    """The file saved, each line typed, each answer as printed."""
    assert PROGRAM in GUIDE
    shutil.copytree(desk / "templates", desk / "before")
    said = ""
    for kind, block in STEPS:
        match kind:
            case "yaml":
                (desk / PROGRAM).write_text(block, encoding="utf-8")
            case "sh":
                said = typed(desk, block.strip() + (TODAY if "check" in block else ""))
            case _:
                assert block.strip() in said


@pytest.mark.parametrize(
    ("right", "wrong", "answer"),
    [
        ("wait: 2 business days", "wait: 2 bussiness days", "expected a length of time"),
        ("email: five-meters", "email: five-metres", 'did you mean "five-meters"?'),
        (
            'tracked:savings-calculated"   ',
            'tracked:saving-calculated"    ',
            'did you mean "tracked:savings-calculated"?',
        ),
        ("then: first-look", "then: frist-look", 'did you mean "first-look"?'),
        ("goals: ", "goal: ", 'found the key "goal"'),
    ],
)
def test_each_thing_that_is_broken_on_the_way_is_answered(desk, right, wrong, answer):
    """With the place, and what was meant."""
    text = dict(STEPS)["yaml"]
    assert right in text
    (desk / PROGRAM).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    assert answer in typed(desk, ".venv/bin/nurture check" + TODAY)


def test_two_subjects_are_tried_as_the_page_says(desk):
    """The e-mail and the step changed, each line typed, each answer as printed."""
    (kind, subjects), (_, step), *steps = BLOCKS.findall(EXPERIMENT)
    assert kind == "yaml"
    email = desk / "templates/emails/compressed-air.md"
    email.write_text(re.sub(r"(?m)^(subject: .*\n)", rf"\g<1>{subjects}", email.read_text("utf-8")), encoding="utf-8")
    program = re.sub(r"(?m)^  - \{id: air,.*\n", step, dict(STEPS)["yaml"])
    (desk / PROGRAM).write_text(program, encoding="utf-8")
    said = ""
    for kind, block in steps:
        if kind == "sh":
            said = typed(desk, block.strip() + (TODAY if "check" in block else ""))
        assert kind == "sh" or block.strip() in said


def test_a_newsletter_is_written_as_the_page_says(desk):
    """The class added, the program saved, each line typed, each answer as printed."""
    (_, classes), (_, program), *steps = BLOCKS.findall(NEWSLETTER)
    with (desk / "templates/sending.yaml").open("a", encoding="utf-8") as sending:
        sending.write(classes)
    (desk / "templates/programs/newsletter.yaml").write_text(program, encoding="utf-8")
    said = ""
    for kind, block in steps:
        if kind == "sh":
            said = typed(desk, block.strip() + (TODAY if "check" in block else ""))
        assert kind == "sh" or block.strip() in said


def test_the_page_names_every_key_of_a_step():
    """Two lists, compared."""
    keys = re.search(r"^\| key \| says \|\n(.*?)\n\n", GUIDE, re.MULTILINE | re.DOTALL)[1]
    named = [re.search(r"`(\w+)`", row)[1] for row in keys.splitlines()[1:]]
    assert sorted(named) == sorted(field.encode_name for field in msgspec.structs.fields(Step))
