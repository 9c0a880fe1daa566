"""``nurture rollback``: a policy that was applied earlier decides again. It reads no workplace."""

import asyncio
import os

import click

from agents import policies
from agents.kafka.clients import Client, client
from agents.process.settings import read_settings
from schemas.problem import UserError
from schemas.units import iso
from schemas.words import counted, one_of


@click.command(
    epilog="Examples:  nurture rollback --list  ·  nurture rollback  ·  nurture rollback --to 3f9c2a10b7d4e586"
)
@click.option(
    "--to", "name", default="", help="The policy's hash, or its beginning; the one before this one if not said."
)
@click.option("--list", "listing", is_flag=True, help="Only list what was applied, the newest first.")
def rollback(name: str, *, listing: bool) -> None:
    """Make a policy that was applied earlier the one that decides, from now on and in every partition.

    Nothing that was decided meanwhile is undone, and nobody gets an e-mail again. The texts of e-mails are those on the
    senders' disks: put the templates back too. A second rollback takes back the first.
    """
    settings = read_settings(os.environ)
    options = client(settings)
    applied = asyncio.run(policies.applied(options))
    if listing:
        for at, hash_ in reversed(applied):
            click.echo(f"{hash_}  {iso(at)[:16]}")
        return
    chosen = _chosen([hash_ for _, hash_ in applied], name)
    asyncio.run(_again(options, chosen, settings.partitions))
    click.echo(
        f"applied policy {chosen} again to {counted(settings.partitions, 'partition')};"
        " the templates on disk stay as they are"
    )


def _chosen(hashes: list[str], name: str) -> str:
    """The hash that is meant. Raises UserError when it is none, or not one."""
    if not name:
        if len(hashes) < 2:
            there = "one applied policy" if hashes else "no applied policy"
            raise UserError(f"found {there}, expected two: there is none to go back to")
        return hashes[-2]
    found = [hash_ for hash_ in hashes if hash_.startswith(name)]
    if len(found) != 1:
        raise UserError(f'found {len(found) or "no"} policies "{name}", expected {one_of(name, hashes)}')
    return found[0]


async def _again(options: Client, name: str, partitions: int) -> None:
    known = await policies.Policies(options).get(name)
    await policies.apply(options, known.policy, partitions)
