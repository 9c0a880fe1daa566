"""``nurture ledger``: the send ledger and the kill switch in a terminal. The work is in ``agents.outside.ledger``."""

import asyncio
import getpass
import logging
import os
from typing import Any, Final, get_args

import click
import msgspec

from agents import controls
from agents.cli.ledger_lines import plain, print_entry, print_lines, print_switch
from agents.cli.moments import Moment
from agents.kafka.clients import Client, client
from agents.kafka.live import now_in
from agents.outside.ledger import FOREVER, Wanted, drop, find, may, read_ledger, resend
from agents.process.settings import read_settings
from schemas.controls import SendSwitch
from schemas.ledger import LedgerEntry, State
from schemas.reason import Reason
from streams.engine.clock import wall_ms
from streams.ledger import Dropped, Resent

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_by = click.option("--by", default=getpass.getuser, show_default="you", help="Who decides; it stays in the entry.")
_why = click.option("--why", required=True, help="In your own words; it stays on the record.")
_yes = click.option("--yes", is_flag=True, help="Do not ask.")
_key = click.argument("send_key", metavar="KEY")
_STATES: Final = get_args(State)
_STATE: Final = click.Choice(_STATES)
_REASON: Final = click.Choice([reason.value for reason in Reason])
_EXAMPLES: Final = (
    'Examples:  nurture ledger list --state held --state unknown  ·  nurture ledger list --older "2 hours" --json  ·  '
    'nurture ledger resend 5f2c9d --why "Ada asked for it"  ·  nurture ledger stop --why "a wrong price"'
)


@click.group(epilog=_EXAMPLES)
def ledger() -> None:
    """What became of every send; what to do about those in doubt; the kill switch.

    KEY is a send key, or as much of it as is unique. No address is shown: the ledger names leads by their ids.
    """
    for library in ("aiokafka", "asyncio"):  # they repeat at length what we say in a sentence
        logging.getLogger(library).setLevel(logging.CRITICAL)


@ledger.command(
    "list", epilog='Examples:  nurture ledger list --state held  ·  nurture ledger list --older "2 hours" --json'
)
@click.option("--state", "states", multiple=True, type=_STATE, metavar="STATE", help=f"One of {', '.join(_STATES)}.")
@click.option("--reason", "reasons", multiple=True, type=_REASON, metavar="REASON", help="Such as outcome_unknown.")
@click.option("--older", "until", type=Moment(), help='Begun before: "2 hours", 2026-03-02T11:00.')
@_as_json
def list_(states: tuple[str, ...], reasons: tuple[str, ...], until: int | None, *, as_json: bool) -> None:
    """List sends, the oldest first, and how the kill switch stands."""
    wanted = Wanted(states=frozenset(states), reasons=frozenset(reasons), until=until or FOREVER)
    found, switch = asyncio.run(_all(_options()))
    entries = [entry for entry in found.entries if wanted.takes(entry)]
    if as_json:
        report = {"sends": list(map(plain, entries)), "unreadable": found.unreadable, "switch": switch}
        click.echo(msgspec.json.encode(report))
        return
    print_lines(entries, found.unreadable, asyncio.run(now_in(read_settings(os.environ))))
    print_switch(switch)


@ledger.command(epilog="Example:  nurture ledger show 4f1c")
@_key
@_as_json
def show(send_key: str, *, as_json: bool) -> None:
    """Show one send: its state, why, and what operators ordered."""
    entry = _find(send_key)
    if as_json:
        click.echo(msgspec.json.encode(plain(entry)))
    else:
        print_entry(entry)


@ledger.command("resend", epilog='Example:  nurture ledger resend 4f1c --why "the provider says that it was lost"')
@_key
@_why
@_by
@_yes
def resend_(send_key: str, *, why: str, by: str, yes: bool) -> None:
    """Send again what may have been sent: the reader may get it twice."""
    entry = _find(send_key)
    may(entry, Resent)
    _ask(entry, "will be sent again, though it may have been sent already", yes=yes)
    asyncio.run(resend(_options(), entry, by=by, why=why, now=wall_ms()))
    _ordered(entry)


@ledger.command("drop", epilog='Example:  nurture ledger drop 4f1c --why "told by phone"')
@_key
@_why
@_by
@_yes
def drop_(send_key: str, *, why: str, by: str, yes: bool) -> None:
    """End a send that waits or is in doubt: it will never be made."""
    entry = _find(send_key)
    may(entry, Dropped)
    _ask(entry, "will never be sent (again)", yes=yes)
    asyncio.run(drop(_options(), entry, by=by, why=why, now=wall_ms()))
    _ordered(entry)


@ledger.command(epilog='Example:  nurture ledger stop --why "a wrong price"')
@_why
@_by
@_yes
def stop(*, why: str, by: str, yes: bool) -> None:
    """Stop all mail, in every sender, within 10 seconds. Orders wait, and are lost to nobody."""
    if not yes:
        click.confirm("All mail stops, notices to reps included. Go on?", abort=True)
    asyncio.run(controls.turn(_options(), SendSwitch(stopped=True, by=by, why=why, at=wall_ms())))
    click.echo('sending stops within 10 seconds; "nurture ledger go" starts it again')


@ledger.command(epilog="Example:  nurture ledger go")
@click.option("--why", default="", help="In your own words.")
@_by
def go(*, why: str, by: str) -> None:
    """Let mail leave again. What waited goes at once, if its time has not passed."""
    asyncio.run(controls.turn(_options(), SendSwitch(stopped=False, by=by, why=why, at=wall_ms())))
    click.echo("sending goes on, and what waited goes first")


async def _all(options: Client) -> tuple[Any, SendSwitch | None]:
    return await read_ledger(options), await controls.position(options)


def _find(send_key: str) -> LedgerEntry:
    return find(asyncio.run(read_ledger(_options())).entries, send_key)


def _ask(entry: LedgerEntry, what: str, *, yes: bool) -> None:
    if not yes:
        click.confirm(f'{entry.email} to lead {entry.lead_id} ("{entry.state}") {what}. Go on?', abort=True)


def _ordered(entry: LedgerEntry) -> None:
    click.echo(f"{entry.send_key}: ordered; the ledger shows it once the sender has taken it")


def _options() -> Client:
    return client(read_settings(os.environ))
