"""``nurture calibrate``: points that fit outcomes, as a proposal. The work is in ``agents.backtest.calibrate``."""

from pathlib import Path

import click
import msgspec
from msgspec.structs import replace
from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from agents.backtest.calibrate import Proposal, Wish, scoring_file
from agents.backtest.calibrate import calibrate as fitted
from agents.backtest.labels import Positive
from agents.backtest.run import Question
from agents.cli.backtest_lines import sides
from agents.cli.history_options import Split, history_options, told_by_bar
from agents.cli.inside import facts_inside
from agents.workplace import chosen_policy
from schemas.model import MAIN
from schemas.words import counted


@click.command(
    epilog="Examples:  nurture calibrate facts.jsonl --policy templates  ·  "
    "nurture calibrate leads.jsonl deals.jsonl --policy templates --split 2026-03-01 --write"
)
@history_options
@click.option(
    "--split",
    type=Split(),
    default=0.7,
    show_default=True,
    help="Learn from this share of the leads, the earliest, or from those first seen before a day; judge on the rest.",
)
@click.option(
    "--model", default=MAIN, show_default=True, help="Whose points: main is scoring.yaml, others are in models/."
)
@click.option(
    "--double", type=click.IntRange(1, 200), default=20, show_default=True, help="Points that double the odds of a win."
)
@click.option(
    "--least",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Leads without which a rule keeps its points.",
)
@click.option("--write", is_flag=True, help="Change the model's scoring.yaml. Without it, nothing is written.")
def calibrate(
    facts: tuple[Path, ...],
    *,
    policy: Path,
    positive: Positive,
    ripe: int,
    split: float,
    model: str,
    double: int,
    least: int,
    as_json: bool,
    write: bool,
) -> None:
    """Fit the points of a model to the outcomes in FACTS, and propose them as a diff of its scoring.yaml.

    Logistic regression on the earliest leads, by outcomes that were known at the split; judged on the leads that came
    later, old points against new. A rule that spoke for too few leads keeps its points. Thresholds of stages and grades
    are yours: look at them afterwards.
    """
    question = Question(
        files=facts,
        policy=chosen_policy(policy),
        positive=positive,
        ripe=ripe,
    )
    file = scoring_file(policy, model)
    with told_by_bar() as tell, facts_inside(facts) as files:
        found = fitted(
            replace(question, files=files), policy, Wish(model=model, split=split, doubling=double, least=least), tell
        )
    if write:
        file.write_text(found.text, encoding="utf-8")
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    _print(found, file, written=write)


def _print(found: Proposal, file: Path, *, written: bool) -> None:
    console = Console()
    console.print(learned(found), highlight=False)
    console.print(rules(found))
    console.print(Text("\non the later leads"), sides(found.judged, "proposed", "as it is"), highlight=False)
    console.print()
    console.print(Syntax(found.diff, "diff", background_color="default") if found.diff else "nothing would change")
    console.print(
        f"{file} is changed: look at the thresholds of stages.yaml, then nurture check"
        if written
        else f"{file} is as it was: --write changes it",
        highlight=False,
    )


def learned(found: Proposal) -> str:
    """What the points were learned from and judged on, and where a stage would begin."""
    judged = found.judged.judged
    return (
        f"learned from {counted(found.learned_from, 'lead')} first seen before {found.split[:10]}, of which "
        f"{found.learned_wins:,} had won by then; judged on {judged.judged:,} that came later, "
        f"of which {judged.wins:,} won\nof those learned from, the best tenth has {found.tenths[0]} points or more, "
        f"the best three tenths {found.tenths[2]}, the better half {found.tenths[4]}\n"
    )


def rules(found: Proposal, *, before: bool = True) -> Table:
    """Every rule with its evidence and its points, those of ``before`` too."""
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="bold", pad_edge=False)
    for column, side in (
        ("rule", "left"),
        ("leads", "right"),
        ("won", "right"),
        ("share", "right"),
        ("points", "right"),
    ):
        table.add_column(column, justify=side, no_wrap=True)  # type: ignore[arg-type]
    for rule in found.rules:
        points = f"{rule.before} (too few)" if rule.after is None else f"{rule.after}"
        if before and rule.after is not None:
            points = f"{rule.before} → {points}"
        rate = f"{rule.wins / rule.leads:.1%}" if rule.leads else "-"
        table.add_row(rule.rule if before else Text(rule.says), f"{rule.leads:,}", f"{rule.wins:,}", rate, points)
    return table
