"""``nurture resume``: what was paused goes on. It is the other half of ``nurture pause``."""

import os

import click

from agents.cli.completing import named_in
from agents.cli.pause import BY, key_of, turn
from agents.process.settings import read_settings
from schemas.controls import SendSwitch
from streams.engine.clock import wall_ms


@click.command(epilog="Examples:  nurture resume first-look  ·  nurture resume email/night-load")
@click.argument("name", shell_complete=named_in("programs", "emails"))
@click.option("--why", default="", help="In your own words.")
@BY
def resume(name: str, *, why: str, by: str) -> None:
    """Let a program, or one e-mail, go on: what waited goes at once, if its time has not passed."""
    settings = read_settings(os.environ)
    key = key_of(name, settings.templates)
    turn(settings, key, SendSwitch(stopped=False, by=by, why=why, at=wall_ms()))
    click.echo(f"{key} goes on within 10 seconds, and what waited goes first")
