"""``nurture pause``: a program's or one e-mail's mail waits, in every sender, within 10 s. It decides about no lead."""

import asyncio
import getpass
import os
from pathlib import Path

import click

from agents import controls
from agents.cli.completing import named_in
from agents.kafka.clients import client
from agents.process.settings import Settings, read_settings
from schemas.controls import EMAIL, PROGRAM, SENDS, SendSwitch
from schemas.problem import UserError
from schemas.units import iso
from schemas.words import one_of
from streams.engine.clock import wall_ms

BY = click.option("--by", default=getpass.getuser, show_default="you", help="Who says so.")


@click.command(epilog='Examples:  nurture pause first-look --why "the guide has moved"  ·  nurture pause')
@click.argument("name", required=False, shell_complete=named_in("programs", "emails"))
@click.option("--why", default="", help="In your own words.")
@BY
def pause(name: str | None, *, why: str, by: str) -> None:
    """Let the mail of a program, or one e-mail, wait; without a NAME, list what is paused.

    Leads go on through the program, and their e-mails wait in the ledger. What waits longer than its send_within is
    never sent. NAME is a program's or an e-mail's; program/NAME or email/NAME when there are both.
    """
    settings = read_settings(os.environ)
    if name is None:
        _list(settings)
        return
    if not why:
        raise UserError("found no --why, expected a reason: others will ask")
    key = key_of(name, settings.templates)
    turn(settings, key, SendSwitch(stopped=True, by=by, why=why, at=wall_ms()))
    click.echo(f'{key} is paused within 10 seconds; "nurture resume {key}" lets it go on')


def turn(settings: Settings, key: str, switch: SendSwitch) -> None:
    """Tells every sender."""
    asyncio.run(controls.turn(client(settings), switch, key))


def key_of(name: str, templates: Path) -> str:
    """The switch that a name means. Raises UserError when the workplace has no such program and no such e-mail."""
    if name.startswith((PROGRAM, EMAIL)):
        return name
    programs = [path.stem for path in sorted((templates / "programs").glob("*.yaml"))]
    emails = [path.stem for path in sorted((templates / "emails").glob("*.m*"))]
    keys = [kind + name for kind, known in ((PROGRAM, programs), (EMAIL, emails)) if name in known]
    if len(keys) > 1:
        raise UserError(f'found a program and an e-mail "{name}", expected {keys[0]} or {keys[1]}')
    if not keys:
        raise UserError(f'found the name "{name}", expected {one_of(name, [*programs, *emails])}')
    return keys[0]


def _list(settings: Settings) -> None:
    found = asyncio.run(controls.positions(client(settings)))
    paused = {key: switch for key, switch in sorted(found.items()) if switch.stopped}
    for key, switch in paused.items():
        what = "all mail (nurture ledger go)" if key == SENDS else key
        click.echo(f"{what}  since {iso(switch.at)[:16]} by {switch.by}: {switch.why}")
    if not paused:
        click.echo("nothing is paused")
