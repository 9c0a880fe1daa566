"""The manual of `nurture check`: each rule in its own words, with its first case as an example that was executed.

``python -m tests.manual`` writes it, ``--check`` only says whether it differs.
"""

import re
import sys
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path
from tempfile import TemporaryDirectory

from agents.check.manual import MANUAL, manual
from agents.reference import keep
from tests.agents.cases import EXAMPLES, Case
from tests.agents.workplaces import SMALL

_HEAD = """# What `nurture check` finds

Every complaint ends in its rule, in brackets: `nurture check --explain RULE` prints its page. Errors block, warnings do not.
Written by `python -m tests.manual` from the rules and from the cases that try them; `make check` compares.

"""
_KINDS = {".yaml": "yaml", ".md": "markdown", ".mjml": "html", ".txt": "text", ".po": "po"}
_WIDTH = 118


def text() -> str:
    """The whole file."""
    pages = manual()
    listed = " · ".join(f"[{rule}](#{rule})" for rule in sorted(pages))
    return _HEAD + "\n".join(
        (listed, "", *(_page(rule, says) for rule, says in sorted(pages.items()) if rule in EXAMPLES))
    )


def _page(rule: str, says: str) -> str:
    case = EXAMPLES[rule]
    with TemporaryDirectory() as folder:
        said = case.complaints(Path(folder), case.wrong)[0]
    wrong, right = differing(case)
    parts = [f"## {rule}\n", f"{says}\n"]
    parts += [_shown(f"Beside this in `{name}`", name, _beside(case, name)) for name in case.beside]
    parts += [_shown(f"Wrong, in `{case.file}`", case.file, wrong), f"```text\n{_clipped(said)}\n```\n"]
    return "\n".join((*parts, _shown("Right", case.file, right)))


def differing(case: Case) -> tuple[list[str], list[str]]:
    """The lines of the file that are wrong, and those that are right instead."""
    if case.wrong is None:
        return ["(no such file)"], case.texts(case.fine)[case.file].splitlines()
    wrong, right = ((case.texts(line)[case.file] or "").split("\n") for line in (case.wrong, case.fine))
    found = [turn for turn in SequenceMatcher(None, wrong, right, autojunk=False).get_opcodes() if turn[0] != "equal"]
    return [line for _, a, b, _, _ in found for line in wrong[a:b]], [
        line for _, _, _, a, b in found for line in right[a:b]
    ]


def _beside(case: Case, name: str) -> list[str]:
    was = SMALL.get(name, "").splitlines()
    return [line for line in (case.texts(case.fine)[name] or "").splitlines() if line not in was]


def _shown(label: str, name: str, lines: list[str]) -> str:
    kind = _KINDS[Path(name).suffix]
    return "\n".join((f"{label}:\n", f"```{kind}", *map(_clipped, lines or ["(left out)"]), "```\n"))


def _clipped(line: str) -> str:
    """What cannot be printed is spelt, and what is endless is cut."""
    spelt = "".join(c if c.isprintable() else repr(c)[1:-1] for c in re.sub(r"(?<=\S) +", " ", line.rstrip()))
    return spelt if len(spelt) <= 4 * _WIDTH else f"{spelt[:_WIDTH]}…"


def main(arguments: Sequence[str] | None = None, file: Path = MANUAL) -> int:
    """Keep the manual as the rules and their cases."""
    return keep(file, text(), "tests.manual", "the rules and their cases", arguments)


if __name__ == "__main__":
    sys.exit(main())
