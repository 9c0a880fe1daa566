"""``nurture replay``: a history folded again. The fold is ``streams.journey.replay``."""

import json
import time
from collections import Counter
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from agents.cli.history_options import range_options
from agents.cli.inside import facts_inside, live_find
from agents.cli.moments import warn_of_future
from agents.cli.policy import FOLDER, no_policy, policy_for_facts
from agents.history import Range, read_facts, without_leads
from schemas.words import counted
from streams.journey.compiled import Compiled
from streams.journey.replay import Find, Rows, digest
from streams.journey.replay import replay as fold


@click.command(
    epilog="Examples:  nurture replay facts.jsonl.gz --policy templates --json  ·  nurture replay  ·  "
    "nurture replay --since '30 days ago' --policy templates"
)
@click.argument("facts", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--policy", type=FOLDER, help="A workplace, such as templates; without one, the policies applied.")
@range_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(facts: Path | None, policy: Path | None, since: int, until: int, *, as_json: bool) -> None:
    """Fold facts under a policy and print the digest of the rows: a file's, or without FACTS the running pipeline's.

    The same facts and the same policy give the same digest on every run, machine and partition count.
    """
    compiled, find = _policy(facts, policy)
    console, began = Console(stderr=True), time.perf_counter()
    with (
        facts_inside([facts] if facts else [], only := Range(since, until)) as (file,),
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        rows, decisions = fold(lambda: progress.track(read_facts(file, only), description=file.name), compiled, find)
    seconds = time.perf_counter() - began
    if not rows:
        raise without_leads(file)
    warn_of_future(max(lead.seen for lead in rows.values()))
    _tell(rows, decisions, seconds, compiled.hash if compiled else "", as_json=as_json)


def _policy(facts: Path | None, folder: Path | None) -> tuple[Compiled | None, Find]:
    """What decides: a workplace, or in the pipeline's facts what was applied when."""
    if facts or folder:
        return policy_for_facts(folder), no_policy
    return None, live_find()


def _tell(rows: Rows, decisions: int, seconds: float, policy: str, *, as_json: bool) -> None:
    folded = sum(lead.facts for lead in rows.values())
    told = {
        "digest": digest(rows),
        "policy": policy,
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
    click.echo(f"policy {policy}" if policy else "the policies that were applied")
    for name in dict.fromkeys(name for lead in rows.values() for name in lead.standings):
        stages = Counter(lead.standings[name].stage for lead in rows.values() if name in lead.standings)
        click.echo(f"{name}: {', '.join(f'{count:,} {stage}' for stage, count in stages.most_common())}")
    click.echo(f"{folded / max(seconds, 1e-9):,.0f} facts/s", err=True)
