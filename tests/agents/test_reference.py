"""REFERENCE.md: whatever has a name is in it, and a name that is missing does not get past ``make check``."""

import ast
import re
from pathlib import Path

import click
import pytest

from agents import reference
from agents.check.manual import ALSO, manual
from agents.cli import main as nurture
from agents.process.metrics import METRICS
from agents.process.options import reference as settings
from agents.segment.grammar import EVENTS
from schemas.problem import Refusal
from schemas.reason import Reason, Verdict
from schemas.topics import registry

ID = re.compile(r"[a-z]+(-[a-z]+)*")
JUDGES = [
    *Path("agents/check").glob("*.py"),
    *(
        Path(name)
        for name in (
            "agents/links.py",
            "agents/cli/whole.py",
            "schemas/email.py",
            "agents/cli/prospects.py",
            "schemas/read.py",
            "schemas/convert.py",
        )
    ),
]
COMPLAINTS = {"Problem": (), "problem": (1, 2), "complain": (1,)}  # who complains, and where the rule's id stands


@pytest.fixture(scope="module")
def written():
    return reference.text()


def test_everything_that_has_a_name_is_in_it(written):
    """Commands, settings, events, topics, metrics, reasons and rules, each under the name that people meet."""
    named = [f"### {path}\n" for path, _ in reference.commands()]
    named += [f"| `{metric.name}` | " for metric in METRICS]
    named += [f"| `{variable.name}`" for variable in settings().values()]
    named += [f"| `{name}` | " for name in (*registry(), *EVENTS, *Reason, *Verdict, *Refusal, *manual())]
    assert [name for name in named if name not in written] == []


def test_every_command_is_reached(written):
    """Groups and what is in them, with their examples and options, none wider than a page."""
    groups = [path for path, command in reference.commands() if isinstance(command, click.Group)]
    assert {"nurture", "nurture queue", "nurture dead-letters", "nurture topics"} <= set(groups)
    assert len(written.split("\n### ")) - 1 == len(list(reference.commands(command=nurture)))
    helps = re.findall(r"```text\n(.*?)```", written, re.DOTALL)
    assert all(len(line) <= reference.WIDTH for text in helps for line in text.splitlines())
    assert "\x1b" not in written


@pytest.mark.parametrize(("path", "command"), list(reference.commands()), ids=str)
def test_every_help_teaches_by_an_example(path, command):
    """Whose words begin with the command's own name."""
    if not isinstance(command, click.Group):
        assert re.search(rf"^Examples?: .*\b{path}\b", command.epilog or "")


def test_a_difference_is_told_and_mended(tmp_path, capsys):
    """--check is silent about what is as declared, names the command otherwise, and writes nothing."""
    file = tmp_path / "REFERENCE.md"
    assert reference.main(["--check"], file) == 1
    assert "run: python -m agents.reference" in capsys.readouterr().out
    assert not file.exists()
    assert reference.main([], file) == 0
    assert reference.main(["--check"], file) == 0
    file.write_text(file.read_text(encoding="utf-8").replace("nurture", "nature", 1), encoding="utf-8")
    assert reference.main(["--check"], file) == 1


def test_the_manual_knows_every_rule_that_complains():
    """The ids that stand in the code, and those of the manual, compared."""
    said = {rule for path in JUDGES for rule in ids(ast.parse(path.read_text(encoding="utf-8")))}
    assert said - set(manual()) == set()
    text = "".join(path.read_text(encoding="utf-8") for path in JUDGES)
    assert [rule for rule in ALSO if f'"{rule}"' not in text.replace(f'"{rule}": ', "")] == []


def ids(tree):
    """Every text that stands where a rule's id is asked for."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        places = [call.args[at] for at in COMPLAINTS.get(name, ()) if at < len(call.args)]
        places += [keyword.value for keyword in call.keywords if keyword.arg == "rule"]
        yield from (p.value for p in places if isinstance(p, ast.Constant) and ID.fullmatch(str(p.value)))
