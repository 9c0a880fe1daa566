"""``templates/README.md`` in its sections, and a desk on which what it says is done: saved, typed, compared."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "templates/README.md").read_text(encoding="utf-8")
TODAY = " --today 2026-11-23"  # the day on which the page was written: nothing is due for review
INES, TOM = "ines.carvalho@wattlark.example", "tom.adeyemi@wattlark.example"
_BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def section(title):
    """What stands below a heading."""
    [found] = [part for part in re.split(r"^## ", GUIDE, flags=re.MULTILINE) if part.startswith(title)]
    return found


def steps(title):
    """The blocks of a section, in order: what each is (markdown, yaml: to save; sh: to type; text: the answer)."""
    return _BLOCKS.findall(section(title))


@pytest.fixture
def desk(tmp_path):
    """A folder like a clone's, of Ines."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / ".gitignore").write_text(".venv\n.gitignore\nvar\n")
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "tests/facts.jsonl", tmp_path / "tests/facts.jsonl")
    typed(tmp_path, "git init --quiet\ngit config user.name x\ngit add .")
    be(tmp_path, INES)
    typed(tmp_path, "git commit --quiet --message shipped")
    return tmp_path


def environment():
    """Without settings of whoever runs the tests, and wide."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("NURTURE_", "GIT_"))}
    return own | {"COLUMNS": "500", "GIT_CONFIG_GLOBAL": os.devnull}


def be(desk, who):
    """Somebody else sits down."""
    typed(desk, f"git config user.email {who}")


def typed(desk, lines):
    """What the last of some lines of shell says, whatever comes of it; approvals are Tom's."""
    said = ""
    for line in lines.strip().splitlines():
        words = shlex.split(line + (TODAY if "nurture check" in line and "--today" not in line else ""))
        done = subprocess.run(words, cwd=desk, env=environment(), capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr
        assert words[0] != "git" or done.returncode == 0, done.stderr
        said = done.stdout
    return said


def followed(desk, blocks, *saves):
    """Does what a section says, in its order: what is to be saved by the functions given, in turn."""
    said, left = "", iter(saves)
    for kind, block in blocks:
        match kind:
            case "sh":
                be(desk, TOM if "nurture approve" in block else INES)
                said = typed(desk, block)
            case "text":
                assert [line for line in block.splitlines() if line not in said] == [], said
            case _:
                next(left)(block)
    assert list(left) == []


def saving(desk, name):
    """A function that saves a file."""
    return lambda text: (desk / name).write_text(text, encoding="utf-8")
