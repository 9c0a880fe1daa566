"""What a shell offers on Tab: every command, and the names of e-mails, programs, sample leads and rules."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from agents.check.manual import manual
from agents.cli import COMMANDS, main
from tests.agents.workplaces import written


def offered(*words, begun=""):
    """The names that are offered behind these words."""
    return [
        item.value for item in ShellComplete(main, {}, "nurture", "_NURTURE_COMPLETE").get_completions([*words], begun)
    ]


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with the small workplace under its usual name."""
    written(tmp_path / "templates")
    monkeypatch.chdir(tmp_path)


def test_every_command_is_offered_without_loading_it():
    """Pressing Tab takes no module of a command."""
    assert offered() == list(COMMANDS)
    assert offered(begun="pre") == ["preview"]
    probe = (
        "import sys, click.shell_completion as s; from agents.cli import main;"
        "s.ShellComplete(main, {}, 'nurture', 'X').get_completions([], '');"
        "print([m for m in sys.modules if m.startswith('agents.cli.')])"
    )
    assert subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("words", "begun", "names"),
    [
        (["preview"], "", ["again", "handoff-notice", "hello"]),
        (["preview", "hello", "--lead"], "", ["ada"]),
        (["preview"], "--se", ["--serve"]),
        (["approve"], "h", ["handoff-notice", "hello"]),
        (["send-test"], "a", ["again"]),
        (["send-test", "again", "--lead"], "a", ["ada"]),
        (["simulate"], "", ["all", "look"]),
        (["pause"], "l", ["look"]),
        (["resume"], "", ["again", "handoff-notice", "hello", "look"]),
        (["report"], "lo", ["look"]),
        (["check", "--explain"], "missing-a", ["missing-alt"]),
        (["check", "--format"], "g", ["github"]),
    ],
)
@pytest.mark.usefixtures("desk")
def test_names_are_those_of_the_workplace(words, begun, names):
    """E-mails, programs and sample leads as their files are called; rules as they stand in brackets."""
    assert offered(*words, begun=begun) == names


def test_another_workplace_has_other_names(tmp_path):
    """The one that the command was told to use."""
    folder = written(tmp_path / "elsewhere", **{"programs/more.yaml": "x"})
    assert offered("simulate", "--policy", str(folder)) == ["all", "look", "more"]


def test_every_rule_is_offered():
    """Two lists, compared."""
    assert offered("check", "--explain") == sorted(manual())


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["check", "x"],
        ["check", "--explain", "tab"],
        ["test", "templates"],
        ["preview", "hello", "--lead", "ada"],
        ["simulate", "all", "--sample", "--days", "3"],
        ["coverage"],
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("desk")
def test_there_are_no_colours_where_nobody_sees_them(words):
    """Not in a pipe, and whatever the terminal would take."""
    nurture = Path(sys.executable).with_name("nurture")
    env = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "CLICOLOR_FORCE")}
    done = subprocess.run([nurture, *words], env=env | {"TERM": "xterm-256color"}, capture_output=True, check=False)
    assert done.stdout + done.stderr
    assert b"\x1b" not in done.stdout + done.stderr
