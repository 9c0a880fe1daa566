"""``nurture simulate``: months of programs in seconds. The work is in ``agents.simulation``."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from agents.cli.completing import named_in
from agents.cli.policy import FOLDER
from agents.history import read_facts
from agents.simulation.graph import mermaid
from agents.simulation.page import left, listed, page
from agents.simulation.run import Simulated, Tell, by_lead, run, sampled
from agents.simulation.tally import Flow
from agents.words import said
from agents.workplace import Workplace, as_approved, load_workplace
from schemas.facts import Fact
from schemas.problem import UserError
from schemas.reason import SENTENCES, Reason
from schemas.units import iso
from schemas.words import counted, one_of
from streams.journey.compiled import Compiled

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FEW = 8
_EPILOG = (
    "Examples:  nurture simulate all --sample  ·  nurture simulate first-look --leads facts.jsonl --html s.html  ·  "
    "nurture simulate all --sample --count 10000 --json"
)


@click.command(epilog=_EPILOG)
@click.argument("program", shell_complete=named_in("programs", also=["all"]))
@click.option("--leads", "file", type=_FILE, help="Facts as nurture export or ingest --to write them.")
@click.option("--sample", is_flag=True, help="The workplace's sample leads.")
@click.option("--count", type=click.IntRange(1, 1_000_000), help="As many, made of the sample leads in turn.")
@click.option("--days", type=click.IntRange(1, 3650), default=90, show_default=True, help="From the first fact on.")
@click.option("--policy", type=FOLDER, default=Path("templates"), show_default=True, help="The workplace.")
@click.option("--lead", default="", help="Show this lead's timeline.")
@click.option("--mermaid", "graph", is_flag=True, help="Print only the programs' graphs, for Mermaid.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write one page that needs no network.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def simulate(
    program: str,
    *,
    file: Path | None,
    sample: bool,
    count: int | None,
    days: int,
    policy: Path,
    lead: str,
    graph: bool,
    html: Path | None,
    as_json: bool,
) -> None:
    """Let leads live through simulated days under the workplace's policy, and show one PROGRAM or all.

    The core is the real one, the clock is not, and nothing can be sent. Leads do what their histories say: nobody
    clicks or answers who did not in the file. E-mails that wait for approval count as approved.
    """
    workplace = _workplace(policy, program)
    histories = _histories(workplace, file, sample=sample, count=count)
    if lead and lead not in histories:
        raise UserError(f'found the lead "{lead}", expected {one_of(lead, list(histories))}')
    began = time.perf_counter()
    with _bar() as tell:
        simulated = run(Compiled(as_approved(workplace.policy)), histories, days, tell, lead)
    seconds = time.perf_counter() - began
    flows = tuple(flow for flow in simulated.flows if program in ("all", flow.program))
    if html:
        html.write_text(page(simulated, flows, "all programs" if program == "all" else program), encoding="utf-8")
    if as_json:
        click.echo(msgspec.json.encode(simulated))
    elif graph:
        click.echo("\n".join(map(mermaid, flows)), nl=False)
    else:
        _tell(Console(highlight=False), simulated, flows, told=bool(lead) or len(histories) <= _FEW)
        if html:
            click.echo(f"\n{html} holds the charts")
    click.echo(f"{counted(simulated.leads, 'lead')} x {counted(days, 'day')} in {seconds:.1f} s", err=True)


def _workplace(folder: Path, program: str) -> Workplace:
    workplace = load_workplace(folder)
    if isinstance(workplace, list):
        raise UserError("\n".join(map(str, workplace)))
    known = [*workplace.policy.programs, "all"]
    if program not in known:
        raise UserError(f'found the program "{program}", expected {one_of(program, known)}')
    return workplace


def _histories(workplace: Workplace, file: Path | None, *, sample: bool, count: int | None) -> dict[str, list[Fact]]:
    if (file is None) is not (sample or count is not None):
        raise UserError("found both or neither of --leads and --sample, expected one: whose days are to be simulated?")
    return by_lead(read_facts(file)) if file else sampled(workplace.leads, count or len(workplace.leads))


@contextmanager
def _bar() -> Iterator[Tell]:
    """A bar on standard error while it is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("leads"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell(console: Console, simulated: Simulated, flows: tuple[Flow, ...], *, told: bool) -> None:
    for lead, commands in simulated.timelines.items() if told else ():
        console.print(f"[bold]{escape(lead)}[/]")
        for command in commands:
            console.print(f"  {iso(command.seen)[:16].replace('T', ' ')} UTC  {escape(said(command))}", soft_wrap=True)
    for flow in flows:
        console.print(f"\n[bold]{flow.program}[/]  {flow.entered:,} entered, {flow.still_in:,} still in")
        console.print(_steps(flow))
        for why, count in flow.left.items():
            console.print(f"{count:>6,} {left(why)}")
    console.print("\n[bold]why there was silence[/]")
    for why, count in simulated.reasons.items():
        console.print(f"  {count:>9,}  {SENTENCES[Reason(why)]}")
    states = ", ".join(f"{n:,} {state}" for state, n in simulated.lifecycle.items())
    console.print(f"\n{counted(simulated.handoffs, 'handoff')}; in the end {states}")
    console.print(str(simulated.volume))


def _steps(flow: Flow) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("step", "sent", "passed over", "put off"):
        table.add_column(column, justify="right" if column == "sent" else "left")
    for step in flow.steps:
        table.add_row(step.id, f"{step.sent:,}", listed(step.passed), listed(step.put_off))
    return table
