"""How long a workplace's experiments take until a verdict, at the volume of a file of facts. No command of its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agents.check.draft import read_draft
from agents.cli.policy import no_policy
from agents.history import read_facts
from agents.report.compare import Horizon, experiments, holdouts
from agents.report.run import fold
from agents.report.trials import Trials
from agents.report.words import planned
from agents.workplace import Workplace
from schemas.convert import Place
from schemas.policy import Policy
from schemas.problem import Problem
from schemas.program import Program
from schemas.read import Placed
from schemas.sending import Sending
from streams.journey.compiled import Compiled

MOST_WEEKS: Final = 26


def prospects(folder: Path, workplace: Workplace, facts: Path | None) -> Iterator[tuple[str, Problem | None]]:
    """Each experiment and holdout in a sentence, and a warning when the facts say that it takes too long."""
    for where, at, what, horizon in _horizons(workplace.policy, facts):
        says = planned(horizon, what, "nobody came" if facts else "how many come is not known: name --facts")
        message = f"found an experiment that takes {says}; expected a verdict within {MOST_WEEKS} weeks"
        slow = facts is not None and (horizon.weeks is None or horizon.weeks > MOST_WEEKS)
        placed = _placed(folder, workplace, where) if slow else None
        problem = placed.problem(at, "slow-experiment", message, warning=True) if placed else None
        yield f"{where or 'all programs'}: a verdict takes {says}", problem


def _placed(folder: Path, workplace: Workplace, where: str) -> Placed[Program] | Placed[Sending] | None:
    """The file in which an experiment or a holdout stands."""
    program = where.partition("/")[0]
    return workplace.programs[program] if program else read_draft(folder).sending


def _horizons(policy: Policy, facts: Path | None) -> Iterator[tuple[str, Place, str, Horizon]]:
    """The program or ``program/step`` ("" is all), the place in its file, what it is judged by, how long it takes."""
    folded = fold(lambda: read_facts(facts), Compiled(policy), no_policy) if facts else None
    mails, weeks = (list(folded.mails), folded.weeks) if folded else ([], 0.0)
    for one in experiments(policy, mails, weeks):
        index = [step.id for step in policy.programs[one.program].steps].index(one.step)
        yield f"{one.program}/{one.step}", ("steps", index, "variants"), "clicks", one.horizon
    for other in holdouts(policy, folded.trials if folded else Trials(), weeks):
        yield other.program, ("holdout",), "handoffs", other.horizon
