"""``templates/README.md`` about programs is done as it says, in its order, and names every key of a step."""

import re

import msgspec
import pytest

from schemas.program import Step
from tests.guide import GUIDE, desk, followed, saving, section, steps, typed

__all__ = ["desk"]

STEPS = steps("Write a program")
PROGRAM = "templates/programs/plant-managers.yaml"


def test_a_newcomer_writes_a_program_with_this_page_alone(desk):
    """The file saved, each line typed, each answer as printed."""
    assert PROGRAM in GUIDE
    followed(desk, STEPS, saving(desk, PROGRAM))


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
    assert answer in typed(desk, ".venv/bin/nurture check")


def test_two_subjects_are_tried_as_the_page_says(desk):
    """The e-mail and the step changed, each line typed, each answer as printed."""
    email, program = desk / "templates/emails/compressed-air.md", dict(STEPS)["yaml"]

    def add_subjects(subjects):
        text = email.read_text(encoding="utf-8")
        email.write_text(re.sub(r"(?m)^(subject: .*\n)", rf"\g<1>{subjects}", text), encoding="utf-8")

    def replace_step(step):
        (desk / PROGRAM).write_text(re.sub(r"(?m)^  - \{id: air,.*\n", step, program), encoding="utf-8")

    followed(desk, steps("Test two subjects"), add_subjects, replace_step)


def test_a_newsletter_is_written_as_the_page_says(desk):
    """The class added, the program saved, each line typed, each answer as printed."""

    def add_class(classes):
        with (desk / "templates/sending.yaml").open("a", encoding="utf-8") as sending:
            sending.write(classes)

    followed(desk, steps("Write a newsletter"), add_class, saving(desk, "templates/programs/newsletter.yaml"))


def test_the_page_names_every_key_of_a_step():
    """Two lists, compared."""
    keys = re.search(r"^\| key \| says \|\n(.*?)\n\n", section("Programs"), re.MULTILINE | re.DOTALL)[1]
    named = [re.search(r"`(\w+)`", row)[1] for row in keys.splitlines()[1:]]
    assert sorted(named) == sorted(field.encode_name for field in msgspec.structs.fields(Step))
