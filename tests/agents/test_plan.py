"""``nurture plan``: a change of a workplace, told by what it does to the leads that are inside; its status is for CI."""

import json
import shutil
import subprocess
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


def plan(workplace, *more, against=TEMPLATES):
    """The command over the bundled facts, against the shipped workplace unless said otherwise."""
    arguments = ["plan", "--policy", workplace, "--against", against, "--facts", FACTS, *more]
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


# ── against a revision ───────────────────────────────────────────────────────────────────────────────────────


def git(folder, *arguments):
    """In a repository of its own, as somebody."""
    who = ["-c", "user.name=Ines", "-c", "user.email=ines@example.com"]
    subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(workplace):
    """The shipped workplace, committed, and other points, committed on top."""
    git(workplace.parent, "init", "--quiet", "--initial-branch=main")
    git(workplace.parent, "add", ".")
    git(workplace.parent, "commit", "--quiet", "-m", "as it was")
    edit(workplace / "scoring.yaml", "    points: 12\n", "    points: 14\n")
    git(workplace.parent, "commit", "--quiet", "-a", "-m", "other points")
    return workplace


def test_a_revision_is_the_workplace_as_it_was_then(repository):
    """Whatever is not committed is the change; a revision before is another one; nothing is left behind."""
    assert "other points  0\n" in plan(repository, against="main").output
    told = plan(repository, against="HEAD~1")
    assert (told.exit_code, "other points  3, +" in told.output) == (0, True)
    assert sorted(path.name for path in repository.parent.iterdir()) == [".git", "templates"]


@pytest.mark.parametrize(
    ("against", "answer"),
    [
        ("mian", 'found neither a folder nor a revision "mian"'),
        ("--help", 'found neither a folder nor a revision "--help"'),
        ("main", "git says: "),
    ],
)
def test_what_is_no_revision_is_a_sentence(request, workplace, against, answer):
    """Status 2, also where there is no repository."""
    folder = request.getfixturevalue("repository") if against != "main" else workplace
    told = plan(folder, against=against)
    assert (told.exit_code, answer in told.output, "Traceback" in told.output) == (2, True, False)


def test_a_revision_without_the_workplace_or_with_mistakes_says_so(repository):
    """Mistakes stand under the revision's name, not under a place that is gone."""
    (repository.parent / "other").mkdir()
    shutil.copytree(repository, repository.parent / "other" / "templates")
    told = plan(repository.parent / "other" / "templates", against="main")
    assert (told.exit_code, 'no other/templates/ in the revision "main"' in told.output) == (2, True)
    edit(repository / "scoring.yaml", "points: 14", "points: many")
    git(repository.parent, "commit", "--quiet", "-a", "-m", "a mistake")
    edit(repository / "scoring.yaml", "points: many", "points: 14")
    told = plan(repository, against="main")
    assert (told.exit_code, f"main:{repository}/scoring.yaml:" in told.output) == (2, True)
