"""A report as lines and tables for a terminal. It computes nothing."""

from collections.abc import Iterator
from itertools import groupby

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from agents.report.compare import Experiment, Holdout, Side
from agents.report.lines import COUNTS, Line
from agents.report.odds import Difference
from agents.report.run import Report
from agents.report.words import points, share, stands_on, verdict_on_experiment, verdict_on_holdout
from streams.journey.experiment import EVERY_PROGRAM


def summary(report: Report) -> Iterator[RenderableType]:
    """What a person wants to know: the mails, then what was compared."""
    yield Text(stands_on(report))
    yield Text()
    yield _mails(report) if report.lines else Text("No mail was sent.")
    for experiment in report.experiments:
        yield _titled(f"{experiment.program}, step {experiment.step}", verdict_on_experiment(experiment))
        yield _arms(experiment)
    for holdout in report.holdouts:
        about = "All programs" if holdout.program == EVERY_PROGRAM else holdout.program
        yield _titled(f"{about}, {holdout.percent} % held out", verdict_on_holdout(holdout))
        yield _sides(holdout)


def _titled(title: str, says: str) -> Text:
    return Text.assemble((f"\n{title}\n", "bold"), says)


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=number > 0)
    return table


def _mails(report: Report) -> Table:
    """Steps below their programs; of what arrived, how many had which consequence."""
    table = _table("mails", "sent", "arrived", "clicked", "replied", "left", "complained", "stage gained", "handed off")
    for program, lines in groupby(report.lines, key=lambda line: line.program):
        table.add_row(Text(program, style="bold"))
        for line in lines:
            what = " ".join(filter(None, (line.step, line.email if line.email != line.step else "")))
            table.add_row(Text(f"  {what}{f' [{line.variant}]' if line.variant else ''}"), *_counts(line))
    table.add_row(Text("all", style="bold"), *_counts(report.total))
    return table


def _counts(line: Line) -> Iterator[str]:
    for name in COUNTS:
        count = getattr(line, name)
        yield f"{count:,} {share(count, line.delivered):>6}" if name == "clicked" else f"{count:,}"


def _arms(experiment: Experiment) -> Table:
    table = _table("variant", "ordered", "delivered", "clicked", "difference", "handed off", "difference")
    for arm in experiment.arms:
        line = arm.line
        table.add_row(
            Text(" ".join(filter(None, (arm.variant, f"({arm.email}{f', {arm.subject}' if arm.subject else ''})")))),
            f"{line.ordered:,}",
            f"{line.delivered:,}",
            share(line.clicked, line.delivered),
            _apart(arm.clicked),
            share(line.handed_off, line.delivered),
            _apart(arm.handed_off),
        )
    return table


def _sides(holdout: Holdout) -> Table:
    table = _table("", "leads", "moved", "handed off", "won")
    for name, side in (("let in", holdout.let_in), ("held out", holdout.held_out)):
        table.add_row(name, f"{side.leads:,}", *_of_leads(side))
    table.add_row("difference", "", *map(_apart, (holdout.moved, holdout.handed_off, holdout.won)))
    return table


def _of_leads(side: Side) -> list[str]:
    return [share(count, side.leads) for count in (side.moved, side.handed_off, side.won)]


def _apart(difference: Difference | None) -> str:
    return points(difference) if difference else ""
