"""``nurture check``: every problem of a workplace, as a compiler would say it. It fixes nothing."""

import re
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Final

import click
import msgspec
from msgspec.structs import replace
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.markup import escape

from agents.check.files import line_of
from agents.check.manual import page
from agents.check.one import Found, problems_of
from agents.cli.completing import rules
from schemas.problem import Problem, printable
from schemas.words import counted

_BREAKS: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_ENDLESS: Final = re.compile(r"(\S{100})\S{60,}(\S{20})")
_WIDTH: Final = 160
_NARROWEST: Final = 40


@click.command(
    epilog="Examples:  nurture check  ·  nurture check templates/emails/night-load.md  ·  "
    "nurture check --format github  ·  nurture check --explain wrong-link  ·  nurture check --today 2027-03-20"
)
@click.argument("path", type=click.Path(path_type=Path), default=Path("templates"))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="json: one object a line, for machines; github: notes beside the lines of a pull request.",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The workplace that decides now; with --facts: what the change would move.",
)
@click.option("--facts", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A file of facts.")
@click.option(
    "--explain",
    metavar="RULE",
    shell_complete=rules,
    help="Print a rule's page of the manual: why it matters, and what to write.",
)
@click.option("--links", is_flag=True, help="Also ask every link whether its page is still there.")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="Judge review dates as of this day.")
def check(
    path: Path,
    *,
    today: datetime | None,
    form: str,
    against: Path | None,
    facts: Path | None,
    explain: str | None,
    links: bool,
) -> None:
    """Find every problem of the workplace in PATH (default: templates/), or of one file in it.

    Each is told as path:line:col: what was found, what was expected [rule]. Errors block and give exit status 1;
    warnings do not. With --against and --facts, a change that would at once move more than most_moved (lifecycle.yaml)
    of 100 leads to another stage or state is an error too. Experiments are told with the weeks that a verdict takes;
    --facts says how many leads come.
    """
    if explain:
        click.echo(page(explain))
        return
    if against is not None and facts is None:
        raise click.UsageError("found --against without --facts, expected both: a change moves leads")
    day = today.date() if today else date.today()  # noqa: DTZ011 - review dates are days where the author sits
    found = _found(path, day, against, facts)
    if links:
        from agents.links import dead_links  # noqa: PLC0415 - the only rule that asks a network

        found = found._replace(problems=sorted([*found.problems, *dead_links(path)]))
    if form == "json":
        for problem in found.problems:
            click.echo(
                msgspec.json.encode(
                    replace(problem, path=_encodable(problem.path), message=_encodable(problem.message))
                )
            )
    elif form == "github":
        for problem in found.problems:
            click.echo(_workflow_command(problem))
    else:
        tell(Console(highlight=False, soft_wrap=True), found.problems)
        for says in found.outlook:
            click.echo(says)
        _sum_up(path, found)
    sys.exit(int(any(problem.severity == "error" for problem in found.problems)))


def _found(path: Path, day: date, against: Path | None, facts: Path | None) -> Found:
    if path.is_file():
        return Found(problems_of(path, day))
    from agents.cli.whole import found_in  # noqa: PLC0415 - one file is checked without the core that replays

    return found_in(path, day, against, facts)


def tell(console: Console, problems: list[Problem]) -> None:
    """Each problem with its source line, clipped to the terminal around the place, and a caret below it."""
    for problem in problems:
        colour = "red" if problem.severity == "error" else "yellow"
        label = "" if problem.severity == "error" else "warning: "
        rule, said = escape(f"[{problem.rule}]"), escape(_ENDLESS.sub(r"\1…\2", printable(problem.message)))
        console.print(f"[bold]{escape(problem.place)}:[/] [{colour}]{label}[/]{said} [dim]{rule}[/]")
        number = str(problem.line)
        width = console.width if console.is_terminal else _WIDTH
        source, at = _clipped(problem, width - len(number) - len("  │ "))
        if source:
            console.print(f"  [dim]{number} │[/] {escape(source)}")
            console.print(f"  [dim]{' ' * len(number)} │[/] {' ' * at}[{colour}]^[/]")


def _clipped(problem: Problem, room: int) -> tuple[str, int]:
    """The source line in so many cells, and how far in the place is (from 0); wide signs take two."""
    line = "".join(character if character.isprintable() else " " for character in line_of(problem))
    at, room = problem.column - 1, max(room, _NARROWEST)
    first = max(0, at - room // 2) if len(line) > room else 0
    shown = ("…" if first else "") + line[first + bool(first) :]
    shown = set_cell_size(shown, room - 1).rstrip() + "…" if cell_len(shown) > room else shown
    return shown, cell_len(shown[: at - first])


def _workflow_command(problem: Problem) -> str:
    """A line that GitHub's runner shows beside the source."""
    place = f"file={_escaped(problem.path)},line={problem.line},col={problem.column},title={problem.rule}"
    return f"::{problem.severity} {place}::{_encodable(problem.message).translate(_BREAKS)}"


def _escaped(path: str) -> str:
    return _encodable(path).translate(_BREAKS).replace(":", "%3A").replace(",", "%2C")


def _encodable(text: str) -> str:
    """What a name holds that is no text at all (Python's lone surrogates), spelt out."""
    return text.encode("utf-8", "backslashreplace").decode()


def _sum_up(path: Path, found: Found) -> None:
    errors = sum(problem.severity == "error" for problem in found.problems)
    warnings = counted(len(found.problems) - errors, "warning")
    if errors:
        click.secho(f"{path}: {counted(errors, 'error')}, {warnings}", fg="red")
    else:
        click.secho(f"{path}: {found.held}{warnings}, no errors", fg="green")
