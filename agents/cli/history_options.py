"""Options and progress that the commands on histories share. No command of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from agents.backtest.run import Tell
from agents.cli.moments import Moment
from agents.cli.policy import FOLDER
from agents.history import ALL
from schemas.units import millis

_LEAST_PART: Final = 0.05
_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)


class Length(click.ParamType):
    """``30 days`` as milliseconds."""

    name = "duration"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Milliseconds. Fails with what was found and what was expected."""
        try:
            return value if isinstance(value, int) else millis(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Split(click.ParamType):
    """``0.7``, a share of the leads, or a moment such as ``2026-03-02`` as milliseconds."""

    name = "share or moment"
    moment: Final = Moment()

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Below one a share, else milliseconds. Fails with what was found and what was expected."""
        try:
            share = float(value)
        except ValueError:
            return self._moment(str(value), param, ctx)
        if not _LEAST_PART <= share <= 1 - _LEAST_PART:
            self.fail(f"found {value}, expected a share between 0.05 and 0.95, or a date like 2026-03-02", param, ctx)
        return share

    def _moment(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return self.moment.convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f'found "{value}", expected a share such as 0.7, or a date like 2026-03-02', param, ctx)


FACTS: Final = click.argument("facts", type=_FILE, nargs=-1)
_RANGE: Final = (
    click.option("--since", type=Moment(), default=0, help="Only facts seen from this moment on."),
    click.option("--until", type=Moment(), default=ALL.until, help="Only facts seen before this moment."),
)
_OPTIONS: Final = (
    FACTS,
    click.option("--policy", type=FOLDER, required=True, help="A workplace, such as templates."),
    click.option(
        "--positive",
        type=click.Choice(["won", "accepted"]),
        default="won",
        show_default=True,
        help="What is a win: a deal won, or also a lead that sales accepted (weaker, but sooner known).",
    ),
    click.option(
        "--ripe",
        type=Length(),
        default="0 days",
        show_default=True,
        help="Leads younger than this at the end that have no outcome yet are left out, not taken for a no.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print JSON."),
)


def history_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds FACTS and the options that say what is judged."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def range_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --since and --until, by when facts were seen."""
    for option in reversed(_RANGE):
        command = option(command)
    return command


@contextmanager
def told_by_bar() -> Iterator[Tell]:
    """A progress bar on the terminal's error stream; nothing when that is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("beginning", total=None)
        yield lambda doing, behind, total: progress.update(task, description=doing, completed=behind, total=total)
