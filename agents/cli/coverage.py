"""``nurture coverage``: which questions of buyers have an answer, stage by persona. The work is in agents.coverage."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agents.cli.inside import leads_inside
from agents.cli.policy import FOLDER
from agents.coverage import Cell, cells, standing_of
from agents.workplace import Workplace, load_workplace
from schemas.policy import models_of
from schemas.problem import UserError
from schemas.questions import Journey
from schemas.words import counted
from streams.journey.change import ahead
from streams.journey.compiled import Compiled

_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)
_EPILOG: Final = (
    "Examples:  nurture coverage  ·  nurture coverage --facts tests/facts.jsonl  ·  nurture coverage --live --json"
)


@click.command(epilog=_EPILOG)
@click.option("--facts", type=_FILE, help="Count the leads of a file of facts.")
@click.option("--live", is_flag=True, help="Count the leads of the running pipeline.")
@click.option("--policy", type=FOLDER, default=Path("templates"), show_default=True, help="The workplace.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a cell, for machines.")
def coverage(facts: Path | None, policy: Path, *, live: bool, as_json: bool) -> None:
    """Show what buyers ask (journey.yaml) and what answers them: each stage for each persona.

    A cell tells how many of its questions are answered, by how many e-mails, and how many leads stand there: those of
    a file, those of the pipeline, or, without either, none are counted. Where nothing can be said, it is empty.
    """
    if facts and live:
        raise UserError("found both --facts and --live, expected one: whose leads are to be counted?")
    workplace, journey = _workplace(policy)
    compiled = Compiled(workplace.policy)
    standing = None
    if facts or live:
        leads, now = leads_inside(facts, compiled)
        standing = standing_of(journey, (ahead(lead, compiled, now, 0).after for lead in leads))
    stages = [stage.id for model in models_of(workplace.policy).values() for stage in model.stages.stages]
    found = cells(journey, list(dict.fromkeys(stages)), workplace.sources, standing)
    if as_json:
        for cell in found:
            click.echo(msgspec.json.encode(cell))
        return
    nurtured = {stage for model in compiled.models.values() for stage in model.qualified - model.ready}
    _tell(Console(highlight=False), found, nurtured)


def _workplace(folder: Path) -> tuple[Workplace, Journey]:
    workplace = load_workplace(folder)
    if isinstance(workplace, list):
        raise UserError("\n".join(map(str, workplace)))
    if workplace.journey is None:
        raise UserError(f"{folder / 'journey.yaml'}: found no such file, expected the questions that buyers ask")
    return workplace, workplace.journey


def _tell(console: Console, found: Sequence[Cell], nurtured: set[str]) -> None:
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="bold")
    table.add_column("")
    for persona in dict.fromkeys(cell.persona for cell in found):
        table.add_column(escape(persona))
    for stage, row in groupby(found, key=lambda cell: cell.stage):
        table.add_row(f"[bold]{escape(stage)}[/]", *(_shown(cell, nurtured) for cell in row))
    console.print(table)
    for cell in found:
        for question in cell.questions:
            if not question.answered_by:
                console.print(f"[red]unanswered[/]  {cell.stage}, {cell.persona}: {escape(question.asks)}")
    empty = sorted((cell for cell in found if _lacks(cell, nurtured)), key=lambda cell: -(cell.leads or 0))
    for cell in empty:
        leads = "" if cell.leads is None else f": {counted(cell.leads, 'lead')} to whom nothing is said"
        console.print(f"[yellow]empty[/]  {cell.stage}, {cell.persona}{leads}")


def _lacks(cell: Cell, nurtured: set[str]) -> bool:
    return cell.empty and cell.stage in nurtured


def _shown(cell: Cell, nurtured: set[str]) -> str:
    if not cell.questions:
        said = "[yellow]empty[/]" if _lacks(cell, nurtured) else "[dim]-[/]"
    else:
        colour = "green" if cell.answered == len(cell.questions) else "red"
        said = f"[{colour}]{cell.answered} of {len(cell.questions)}[/]"
    emails = counted(len(cell.emails), "e-mail") if cell.emails else ""
    leads = counted(cell.leads, "lead") if cell.leads else ""
    return "\n".join(filter(None, (said, emails, leads)))
