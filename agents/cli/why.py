"""``nurture why``: a lead's standing, explained. The explanation is ``streams.journey.explain``."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agents.cli.moments import Moment
from agents.cli.policy import FOLDER, no_policy
from agents.history import read_facts
from agents.kafka.clients import client
from agents.kafka.live import live_facts
from agents.policies import Policies
from agents.process.settings import Settings, read_settings
from agents.words import said
from agents.workplace import chosen_policy
from schemas.codec import decode_fact
from schemas.facts import Fact
from schemas.lead import Standing
from schemas.model import MAIN
from schemas.problem import Rejected
from schemas.reason import SENTENCES
from schemas.units import iso
from schemas.words import counted
from streams.engine.clock import wall_ms
from streams.journey.explain import Contribution, Decision, Explanation, explain
from streams.journey.replay import Find, UnknownError

_WORDS: Final = 30  # of a rule: on a narrow terminal, the fact's id is what is cut


@click.command(
    epilog="Examples:  nurture why lead-00042  ·  nurture why ada@example.org --at 2026-03-09  ·  "
    "nurture why ada --facts facts.jsonl --policy templates --json"
)
@click.argument("lead")
@click.option("--at", "moment", type=Moment(), help="As of this moment; what was seen later is left out.")
@click.option("--facts", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A file of facts.")
@click.option("--policy", type=FOLDER, help="Judge by this workplace.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def why(lead: str, moment: int | None, facts: Path | None, policy: Path | None, *, as_json: bool) -> None:
    """Show where LEAD (an id, or an e-mail address) stands and why: every point, every decision, silence too."""
    compiled = chosen_policy(policy) if policy else None
    history, find = _history(lead, facts)
    seen = [fact for fact in history if moment is None or fact.seen <= moment]
    as_of = moment or (max((fact.seen for fact in seen), default=0) if facts else wall_ms())
    told = explain(seen, _identified(lead, history), compiled, find, as_of)
    if as_json:
        click.echo(msgspec.json.encode(told).decode())
        return
    console = Console()
    for part in (_standing(told), _points(told.contributions), _decisions(told.decisions)):
        console.print(part, highlight=False)


def _history(lead: str, file: Path | None) -> tuple[list[Fact], Find]:
    """The facts to look through, and how a policy that was applied is found."""
    if file is not None:
        return list(read_facts(file)), no_policy
    return asyncio.run(_from_pipeline(lead, read_settings(os.environ)))


async def _from_pipeline(lead: str, settings: Settings) -> tuple[list[Fact], Find]:
    options = client(settings)
    only = "" if "@" in lead else lead
    found = [decode_fact(value) async for value in live_facts(options, only)]
    find = await Policies(options).find()
    return [fact for fact in found if not isinstance(fact, Rejected)], find


def _identified(lead: str, history: Sequence[Fact]) -> str:
    """The id that goes with an e-mail address: of the last lead that gave it."""
    if "@" not in lead:
        return lead
    wanted = lead.casefold()
    known = [f.lead_id for f in history if str(getattr(f, "traits", {}).get("email", "")).casefold() == wanted]
    if not known:
        raise UnknownError("found no lead with this e-mail address, expected one: nurture leads lists their ids")
    return known[-1]


def _standing(told: Explanation) -> Text:
    lead = told.lead
    waits = f", looked at again {iso(lead.due)[:16]}" if lead.due > told.as_of else ""
    silent = f"\nsilent because {SENTENCES[lead.silence]}" if lead.silence else ""
    return Text.assemble(
        (lead.id, "bold"),
        f"  {lead.lifecycle} since {iso(lead.lifecycle_since)[:10]}",
        "".join(_stage(name, standing, told.grades[name]) for name, standing in lead.standings.items()),
        f"\nas of {iso(told.as_of)[:16]} by policy {lead.judged_by}, {counted(lead.facts, 'fact')}{waits}{silent}\n",
    )


def _stage(model: str, standing: Standing, grade: str) -> str:
    name = ", " if model == MAIN else f"\n{model}: "
    vetoed = f", disqualified by {standing.veto}" if standing.veto else ""
    since = iso(standing.stage_since)[:10]
    points = f"grade {grade}, fit {standing.fit}, engagement {standing.engagement}"
    return f"{name}stage {standing.stage} since {since}, {points}{vetoed}"


def _points(contributions: Sequence[Contribution]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", title_justify="left")
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("why", min_width=_WORDS)
    table.add_column("when", no_wrap=True)
    table.add_column("fact", no_wrap=True, overflow="ellipsis")
    for one in sorted(contributions, key=lambda c: (bool(c.fact), -c.at)):
        when = iso(one.at)[:16] if one.fact else "who they are" if one.axis == "fit" else "as often as that"
        says = one.says if one.model == MAIN else f"{one.model}: {one.says}"
        table.add_row(f"{one.points:+d}", Text(says), when, Text(one.fact))
    return table


def _decisions(decisions: Sequence[Decision]) -> Table:
    table = Table(box=None, padding=(1, 2, 0, 0), header_style="bold", pad_edge=False)
    for column in ("when", "decided", "after"):
        table.add_column(column, no_wrap=column != "decided")
    for one in decisions:
        table.add_row(iso(one.command.seen)[:16], Text(said(one.command)), one.fact)
    table.padding = (0, 2, 0, 0)
    return table
