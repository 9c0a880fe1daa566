"""A whole workplace as ``nurture check`` sees it: files, experiments, what a change moves. No command of its own."""

from collections.abc import Sized
from datetime import date
from pathlib import Path

import click

from agents.check.draft import read_draft
from agents.check.one import Found
from agents.cli.policy import no_policy
from agents.cli.prospects import prospects
from agents.cli.shifting import told
from agents.history import read_facts
from agents.witness import unproven
from agents.workplace import Workplace, chosen_policy, load_workplace
from schemas.problem import Problem
from schemas.words import counted
from streams.journey.compiled import Compiled
from streams.journey.replay import replay


def found_in(path: Path, day: date, against: Path | None, facts: Path | None) -> Found:
    """Every problem, and what a change of it would move when there is something to compare it with."""
    loaded = load_workplace(path, day)
    if isinstance(loaded, Workplace) and against and facts:
        loaded = _moved(path, loaded, against, facts)
    against_records = unproven(path)
    if not isinstance(loaded, Workplace):
        return Found(sorted([*loaded, *against_records]))
    outlook = list(prospects(path, loaded, facts))
    problems = sorted([*loaded.warnings, *against_records, *(slow for _, slow in outlook if slow)])
    parts: dict[str, Sized] = {"e-mail": loaded.sources, "program": loaded.policy.programs, "sample lead": loaded.leads}
    held = ", ".join(counted(len(several), what) for what, several in parts.items())
    return Found(problems, tuple(says for says, _ in outlook), f"{held}; ")


def _moved(path: Path, loaded: Workplace, against: Path, facts: Path) -> Workplace | list[Problem]:
    """The workplace after saying what its change would move, or its problems when that is more than was agreed."""
    before = chosen_policy(against)
    rows, _ = replay(lambda: read_facts(facts), before, no_policy)
    moves, too_many = told(rows.values(), Compiled(loaded.policy), {before.hash: before})
    lifecycle = read_draft(path).lifecycle
    if lifecycle is None or not too_many:
        click.echo(moves, err=True)
        return loaded
    most = loaded.policy.lifecycle.most_moved
    message = f"found {moves}; expected at most {most} %: agree on it, and raise most_moved or apply with --yes-move"
    return sorted([*loaded.warnings, lifecycle.problem(("most_moved",), "large-move", message)])
