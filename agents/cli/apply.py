"""``nurture apply``: checks the workplace and makes its policy the one that decides, in every partition."""

import asyncio
import os
import sys

import click

from agents import policies
from agents.cli.shifting import told
from agents.kafka.clients import Client, client
from agents.kafka.live import live_leads
from agents.process.settings import read_settings
from agents.witness import unproven
from agents.workplace import load_workplace
from schemas.lead import Lead
from schemas.policy import policy_hash
from schemas.words import counted
from streams.journey.compiled import Compiled


@click.command(epilog="Examples:  nurture apply --dry-run  ·  nurture apply  ·  nurture apply --yes-move")
@click.option("--dry-run", is_flag=True, help="Only say which policy would be applied, and what it would move.")
@click.option("--yes-move", is_flag=True, help="Apply it even if it moves more leads than most_moved allows.")
def apply(*, dry_run: bool, yes_move: bool) -> None:
    """Make the policy in NURTURE_TEMPLATES the one that decides, from now on and in every partition.

    A policy that would at once move more than most_moved (lifecycle.yaml) of 100 leads to another stage or state is
    refused, with what it would move: agree on it, then say --yes-move. Exit status 1 when it is not applied.
    """
    settings = read_settings(os.environ)
    workplace = load_workplace(settings.templates)
    forged = [problem for problem in unproven(settings.templates) if problem.severity == "error"]
    if isinstance(workplace, list) or forged:
        problems = [*(workplace if isinstance(workplace, list) else ()), *forged]
        for problem in problems:
            click.echo(str(problem), err=True)
        click.echo(f"not applied: {counted(len(problems), 'problem')} in {settings.templates}", err=True)
        sys.exit(1)
    for problem in workplace.warnings:
        if problem.severity == "error":
            click.echo(f"withheld: {problem}", err=True)
    name, options = policy_hash(workplace.policy), client(settings)
    leads, before = asyncio.run(_inside(options))
    moves, too_many = told(leads, Compiled(workplace.policy), before)
    click.echo(moves)
    if too_many and not yes_move:
        most = workplace.policy.lifecycle.most_moved
        click.echo(f"not applied: expected at most {most} % (most_moved in lifecycle.yaml); else --yes-move", err=True)
        sys.exit(1)
    if not dry_run:
        asyncio.run(policies.apply(options, workplace.policy, settings.partitions))
    click.echo(
        f"{'would apply' if dry_run else 'applied'} policy {name} to {counted(settings.partitions, 'partition')}"
    )


async def _inside(options: Client) -> tuple[list[Lead], dict[str, Compiled]]:
    """The rows of the running pipeline, and the policies that judged them."""
    return await live_leads(options), await policies.Policies(options).readable()
