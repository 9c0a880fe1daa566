"""``nurture draft``: a first workplace out of a history with outcomes. The work is in ``agents.backtest.draft``."""

from datetime import date
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from agents.backtest.calibrate import Proposal, Wish
from agents.backtest.draft import draft as drafted
from agents.backtest.draft import leaks
from agents.cli.backtest_lines import sides
from agents.cli.calibrate import learned, rules
from agents.cli.history_options import FACTS, Split, told_by_bar
from agents.cli.inside import facts_inside
from schemas.units import iso
from streams.engine.clock import wall_ms


@click.command(
    epilog="Example:  nurture ingest leads.csv --map map.yaml --to leads.jsonl && nurture draft leads.jsonl --to mine"
)
@FACTS
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), required=True, help="A new folder.")
@click.option(
    "--split", type=Split(), default=0.7, show_default=True, help="Learn from the leads before this share or day."
)
@click.option(
    "--least", type=click.IntRange(1), default=20, show_default=True, help="Leads without which there is no rule."
)
def draft(facts: tuple[Path, ...], *, to: Path, split: float, least: int) -> None:
    """Write a workplace for the leads in FACTS: their fields, a rule for what parts them, points that fit.

    Texts and yes or no by value, numbers by their quarters, and what is not known. Points are learned from the earliest
    leads and judged on the rest. A field that is known only because of the outcome foretells it too well: leave it out.
    """
    with told_by_bar() as tell, facts_inside(facts) as files:
        found = drafted(files, to, Wish(split=split, least=least), date.fromisoformat(iso(wall_ms())[:10]), tell)
    _print(found, to)


def _print(found: Proposal, folder: Path) -> None:
    console = Console()
    console.print(learned(found), highlight=False)
    console.print(rules(found, before=False))
    console.print(Text("\non the later leads"), sides(found.judged, folder.name, ""), highlight=False)
    for rule in leaks(found):
        who = "every one" if rule.wins == rule.leads else "nobody else"
        told = f'"{rule.says}": {who} won. Was it known before the outcome? If not, take it out of the mapping'
        console.print(Text(told, style="yellow"))
    console.print(
        f"\n{folder} is yours to change. Next:  nurture check {folder}  ·  "
        f"nurture backtest FACTS --policy {folder} --since {found.split} --html report.html",
        highlight=False,
    )
