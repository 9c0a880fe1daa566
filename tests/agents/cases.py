"""Every case of every rule of ``nurture check``: the small workplace with a line right, and the same line wrong."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec
from click.testing import CliRunner

from agents.cli.check import check
from schemas.problem import Problem
from schemas.read import read
from schemas.sample import SampleLead, history_of
from schemas.units import from_iso
from tests.agents.experiment_rules import EXPERIMENT_RULES
from tests.agents.file_rules import FILE_RULES
from tests.agents.flow_rules import FLOW_RULES
from tests.agents.locale_rules import LOCALE_RULES
from tests.agents.mail_rules import MAIL_RULES
from tests.agents.model_rules import MODEL_RULES
from tests.agents.question_rules import QUESTION_RULES
from tests.agents.workplace_rules import RULES
from tests.agents.workplaces import SMALL, written

TODAY = date(2026, 11, 23)


class Case(NamedTuple):
    """A rule, a file, what stands there, what may stand there, what may not, and the text that is pointed at then.

    ``where`` is the file that is complained of, when it is another; ``beside`` are texts of other files in both, as
    what stands there (nothing: all of it) and what shall. A file that the small workplace has not is all of them. An empty ``point`` says that the place is not the point.
    """

    rule: str
    file: str
    old: str
    fine: str
    wrong: str | None
    point: str
    where: str = ""
    beside: Mapping[str, tuple[str, str]] = {}

    def texts(self, line: str | None) -> dict[str, str | None]:
        """The files that differ from the small workplace, with this line in place."""
        was = SMALL.get(self.file, self.old)
        assert was.count(self.old) == 1, f"{self.old!r} is not once in {self.file}"
        changed = {name: SMALL[name].replace(old, new) if old else new for name, (old, new) in self.beside.items()}
        return changed | {self.file: None if line is None else was.replace(self.old, line)}

    def complaints(self, folder: Path, line: str | None) -> list[str]:
        """What `nurture check` says by this rule of the workplace with the line, without the folder's own path."""
        written(folder / "now", **self.texts(line))
        arguments = [str(folder / "now"), "--today", str(TODAY), "--format", "json"]
        if self.rule == "large-move":
            arguments += ["--against", str(written(folder / "before")), "--facts", str(_facts(folder))]
        if self.rule == "slow-experiment":
            arguments += ["--facts", str(_facts(folder))]
        if self.rule == "dead-link":
            arguments.append("--links")
        said = CliRunner().invoke(check, arguments, catch_exceptions=False).stdout
        return [text for text in _told(said, folder / "now") if text.endswith(f"[{self.rule}]")]


def _told(said: str, folder: Path) -> list[str]:
    problems = [msgspec.json.decode(line, type=Problem) for line in said.splitlines()]
    return [str(problem).removeprefix(f"{folder}/") for problem in problems]


def _facts(folder: Path) -> Path:
    """The sample lead's history as a file of facts."""
    ada = read("ada.yaml", SMALL["leads/ada.yaml"], SampleLead)
    lines = [msgspec.json.encode(fact) for fact in history_of(ada, "ada", from_iso("2026-03-02T10:00"))]
    (folder / "facts.jsonl").write_bytes(b"\n".join(lines))
    return folder / "facts.jsonl"


_ROWS = (
    *FILE_RULES,
    *RULES,
    *MODEL_RULES,
    *FLOW_RULES,
    *MAIL_RULES,
    *QUESTION_RULES,
    *EXPERIMENT_RULES,
    *LOCALE_RULES,
)
CASES = [Case(*row) for row in _ROWS]
EXAMPLES = {case.rule: case for case in reversed(CASES)}
"""The first case of each rule: its example in the manual."""
