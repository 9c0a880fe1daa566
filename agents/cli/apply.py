"""``nurture apply``: checks the workplace and makes its policy the one that decides, in every partition."""

import asyncio
import os
import sys

import click

from agents import policies
from agents.clients import client
from agents.settings import read_settings
from agents.workplace import load_workplace
from schemas.policy import policy_hash


@click.command(epilog="Examples:  nurture apply --dry-run  ·  nurture apply")
@click.option("--dry-run", is_flag=True, help="Only say which policy would be applied.")
def apply(*, dry_run: bool) -> None:
    """Make the policy in NURTURE_TEMPLATES the one that decides, from now on and in every partition."""
    settings = read_settings(os.environ)
    workplace = load_workplace(settings.templates)
    if isinstance(workplace, list):
        for problem in workplace:
            click.echo(str(problem), err=True)
        click.echo(f"not applied: {len(workplace)} problems in {settings.templates}", err=True)
        sys.exit(1)
    name = policy_hash(workplace.policy)
    if not dry_run:
        asyncio.run(policies.apply(client(settings), workplace.policy, settings.partitions))
    click.echo(f"{'would apply' if dry_run else 'applied'} policy {name} to {settings.partitions} partitions")
