"""``nurture test``: the tests that programs carry, lived through. The work is in ``agents.rehearsal``."""

import sys
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.markup import escape

from agents.rehearsal import Result, rehearse
from agents.workplace import as_approved, load_workplace
from schemas.problem import UserError
from schemas.words import counted
from streams.journey.compiled import Compiled


@click.command(
    epilog="Examples:  nurture test  ·  nurture test templates/programs/first-look.yaml  ·  nurture test --json"
)
@click.argument("path", type=click.Path(path_type=Path), default=Path("templates"))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for machines.")
def test(path: Path, *, as_json: bool) -> None:
    """Live through the tests of every program in the workplace PATH (default: templates/), or of one program's file.

    A test is a lead, what it does, and what must be decided then. Nothing is sent. Exit status 1 when one fails.
    E-mails that wait for approval count as approved.
    """
    folder, only = (path.parents[1], path.stem) if path.suffix == ".yaml" and len(path.parents) > 1 else (path, "")
    workplace = load_workplace(folder)
    if isinstance(workplace, list):
        raise UserError("\n".join(map(str, workplace)))
    policy = Compiled(as_approved(workplace.policy))
    chosen = {name: placed for name, placed in workplace.programs.items() if only in ("", name)}
    results = [result for name, placed in chosen.items() for result in rehearse(name, placed, policy)]
    if as_json:
        for result in results:
            click.echo(msgspec.json.encode(result))
    else:
        _tell(Console(highlight=False, soft_wrap=True), results, len(chosen))
    sys.exit(int(any(result.mistakes for result in results)))


def _tell(console: Console, results: list[Result], programs: int) -> None:
    for result in results:
        passed = not result.mistakes
        mark = "[green]ok[/]  " if passed else "[red]FAIL[/]"
        console.print(f"{mark} [bold]{result.program}[/]: {escape(result.says)}")
        if not passed:
            _explain(console, result)
    failed = sum(bool(result.mistakes) for result in results)
    many = f"{counted(len(results), 'test')} in {counted(programs, 'program')}"
    console.print(f"[{'red' if failed else 'green'}]{many}, {failed or 'none'} failed[/]")


def _explain(console: Console, result: Result) -> None:
    console.print(f"     {escape(result.path)}:{result.line}")
    for mistake in result.mistakes:
        console.print(f"     [red]{escape(mistake)}[/]")
    console.print("     what was decided:")
    for line in result.decided:
        console.print(f"       [dim]{escape(line)}[/]")
