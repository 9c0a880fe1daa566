"""``nurture demo``: the whole pipeline on this machine. The work is in ``agents.local``."""

import asyncio
import signal
import sys
from pathlib import Path

import click
import msgspec
from rich.console import Console

from agents.local.accounts import Accounts
from agents.local.demo import Plan, Tell, run_demo, started_broker
from agents.local.fleet import AGENTS, Fleet
from agents.local.folder import fresh
from agents.local.screen import Screen, summary
from agents.process.log import configure_logging
from agents.workplace import load_workplace
from schemas.problem import UserError
from schemas.words import counted

_LOOK_S = 1.0
_EPILOG = "Examples:  nurture demo  ·  nurture demo --once --json  ·  nurture demo --once --broker kafka --weeks 1"

_SEED = "The same seed is the same stream. What comes of it differs a little: topics meet in another order each time."


@click.command(epilog=_EPILOG)
@click.option("--once", is_flag=True, help="End by itself when the stream is processed.")
@click.option("--json", "as_json", is_flag=True, help="The last line is one JSON object with the accounts.")
@click.option("--broker", type=click.Choice(["embedded", "kafka"]), default="embedded", show_default=True)
@click.option("--leads", type=click.IntRange(1, 100_000), default=640, show_default=True)
@click.option("--weeks", type=click.IntRange(1, 52), default=4, show_default=True)
@click.option("--seed", default=7, show_default=True, help=_SEED)
@click.option("--folder", type=click.Path(path_type=Path), default=Path("var/demo"), show_default=True)
@click.option("--templates", type=click.Path(path_type=Path), default=Path("templates"), show_default=True)
def demo(*, once: bool, as_json: bool, folder: Path, templates: Path, **plan: int | str) -> None:
    """Start a broker and every agent, feed the bundled stream, and show what comes of it.

    Weeks pass in a minute. Mail goes to a folder and nowhere else: people are invented, addresses end in .example.
    The embedded broker is for trying out; production and tests use Apache Kafka (--broker kafka).
    """
    workplace = load_workplace(templates)
    if isinstance(workplace, list):
        raise UserError("\n".join(map(str, workplace)))
    asked = Plan(folder=fresh(folder).resolve(), templates=templates.resolve(), **plan)  # type: ignore[arg-type]
    console = Console(stderr=as_json)
    title = f"{counted(asked.weeks, 'week')} of {counted(asked.leads, 'lead')}"
    configure_logging("warning", "console")  # libraries' own lines, by the same rules as in production
    console.print(f"starting a broker and {counted(len(AGENTS), 'agent')} ...", highlight=False)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with started_broker(asked) as broker, Screen(console, title) as screen:
        console.print(f"{broker.name} at {broker.bootstrap}; {title}", highlight=False, soft_wrap=True)
        show = _Show(console, screen, folder, once=once, as_json=as_json)
        try:
            accounts = asyncio.run(run_demo(asked, workplace, broker.bootstrap, show.begins, show.ends))
        except KeyboardInterrupt:
            console.print("ended")
            return
    if accounts.mistakes():
        sys.exit(1)


class _Show:
    """What the terminal is told while the demo runs, and after."""

    def __init__(self, console: Console, screen: Screen, folder: Path, *, once: bool, as_json: bool) -> None:
        self._console, self._screen, self._folder, self._once, self._as_json = console, screen, folder, once, as_json
        self._fleet: Fleet | None = None

    def begins(self, fleet: Fleet) -> Tell:
        """Every process is ready: where to look."""
        self._fleet = fleet
        _show_where(self._console, fleet, self._folder)
        if not self._once:
            _print(self._console, f"  try       {_settings(self._folder)} .venv/bin/nurture queue list")
        return self._screen.tell

    async def ends(self, accounts: Accounts) -> None:
        """The stream is processed. Unless once, everything keeps running, and a process that dies is noticed."""
        self._screen.close()
        _conclude(self._console, accounts, as_json=self._as_json)
        if self._once or self._fleet is None:
            return
        self._console.print("\nEverything keeps running; Ctrl-C ends it. What became of the mail, as a page:")
        _print(self._console, f"  {_settings(self._folder)} .venv/bin/nurture report --html report.html")
        while True:
            self._fleet.mend()
            self._screen.hear(self._fleet.revived)
            await asyncio.sleep(_LOOK_S)


def _show_where(console: Console, fleet: Fleet, folder: Path) -> None:
    _print(console, f"  mail      {folder / 'mail'}")
    _print(console, f"  logs      {folder}/*.log")
    for member in fleet.members.values():
        _print(console, f"  {member.name:<8}  {member.url}/metrics  (pid {member.process.pid})")


def _settings(folder: Path) -> str:
    return f"NURTURE_SETTINGS={folder}/settings.yaml"


def _print(console: Console, line: str) -> None:
    """A line that is copied whole."""
    console.print(line, highlight=False, soft_wrap=True)


def _conclude(console: Console, accounts: Accounts, *, as_json: bool) -> None:
    console.print(summary(accounts))
    mistakes = accounts.mistakes()
    for mistake in mistakes:
        console.print(f"DOES NOT ADD UP: {mistake}", style="bold red")
    if not mistakes:
        console.print(f"\nEvery fact is accounted for. {accounts.seconds:.0f} s", style="green")
    if as_json:
        click.echo(msgspec.json.encode(accounts).decode())
