"""``nurture plan``: a change of a workplace, told by what it does to the leads that are inside; its status is for CI."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from agents.cli import main

ROOT = Path(__file__).parents[2]
FACTS = ROOT / "tests" / "facts.jsonl"
TEMPLATES = ROOT / "templates"


@pytest.fixture
def workplace(tmp_path):
    """A copy of the shipped one, to be changed."""
    return Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))


def plan(workplace, *more):
    """The command over the bundled facts, against the shipped workplace."""
    arguments = ["plan", "--policy", workplace, "--against", TEMPLATES, "--facts", FACTS, *more]
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def edit(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_no_change_is_status_0_and_noughts(workplace):
    """Every lead is counted all the same."""
    result = plan(workplace)
    assert result.exit_code == 0, result.output
    assert result.output.startswith("10 leads, 7 of them in a program; 30 days ahead\n")
    assert result.output.count("  0\n") == 8


def test_a_program_that_turns_to_others_strands_leads_and_fails_the_plan(workplace):
    """Status 1, unless that is what was meant; lead by lead as JSON."""
    file = workplace / "programs" / "first-look.yaml"
    file.write_text(file.read_text().split("\n# nurture test")[0])
    edit(file, "[aware]", "[new]")
    result = plan(workplace)
    assert result.exit_code == 1
    assert "stranded  1  1 first-look  (lead-00008)" in result.output
    assert plan(workplace, "--yes-strand").exit_code == 0
    assert json.loads(plan(workplace, "--json").output)["stranded"] == {"lead-00008": "first-look"}


def test_other_points_are_said(workplace):
    """How many leads, and by how much."""
    edit(workplace / "scoring.yaml", "    points: 12\n", "    points: 14\n")
    result = plan(workplace)
    assert result.exit_code == 0
    assert "other points  3, +" in result.output


def test_a_workplace_with_mistakes_is_not_planned(workplace):
    """Status 2, the mistakes as check says them."""
    edit(workplace / "programs" / "first-look.yaml", "email: night-load", "email: nihgt-load")
    result = plan(workplace)
    assert result.exit_code == 2
    assert "[unknown-email]" in result.output
