"""``nurture replay``: a history folded again. The fold is ``streams.journey.replay``."""

import json
import time
from collections import Counter
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from agents.cli.moments import warn_of_future
from agents.cli.policy import FOLDER, no_policy
from agents.history import read_facts, without_leads
from agents.workplace import chosen_policy
from schemas.words import counted
from streams.journey.replay import digest
from streams.journey.replay import replay as fold


@click.command(
    epilog="Examples:  nurture replay facts.jsonl  ·  nurture replay facts.jsonl.gz --policy templates --json"
)
@click.argument("facts", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--policy", type=FOLDER, required=True, help="A workplace, such as templates.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(facts: Path, policy: Path, *, as_json: bool) -> None:
    """Fold the facts of a file under a policy and print the digest of the rows.

    The same facts and the same policy give the same digest on every run, machine and partition count.
    """
    compiled, console, began = chosen_policy(policy), Console(stderr=True), time.perf_counter()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        rows, decisions = fold(lambda: progress.track(read_facts(facts), description=facts.name), compiled, no_policy)
    seconds = time.perf_counter() - began
    if not rows:
        raise without_leads(facts)
    warn_of_future(max(lead.seen for lead in rows.values()))
    folded = sum(lead.facts for lead in rows.values())
    told = {
        "digest": digest(rows),
        "policy": compiled.hash,
        "leads": len(rows),
        "facts": folded,
        "decisions": decisions,
    }
    if as_json:
        click.echo(json.dumps(told | {"decisions": decisions, "seconds": round(seconds, 3)}))
        return
    click.echo(
        f"{told['digest']}  {counted(len(rows), 'lead')}, {counted(folded, 'fact')}, {counted(decisions, 'decision')}"
    )
    click.echo(f"policy {compiled.hash}")
    for name in compiled.models:
        stages = Counter(lead.standings[name].stage for lead in rows.values())
        click.echo(f"{name}: {', '.join(f'{count:,} {stage}' for stage, count in stages.most_common())}")
    click.echo(f"{folded / max(seconds, 1e-9):,.0f} facts/s", err=True)
