"""``nurture report``: what became of what was sent. The work is in ``agents.report``."""

import asyncio
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import msgspec
from rich.console import Console

from agents.cli.completing import named_in
from agents.cli.history_options import Length
from agents.cli.policy import FOLDER, no_policy, policy_for_facts
from agents.cli.report_lines import summary
from agents.history import read_facts
from agents.kafka.clients import client
from agents.kafka.live import export
from agents.policies import Policies, applied
from agents.process.settings import read_settings
from agents.report.page import page
from agents.report.run import WITHIN, Folded, fold
from agents.report.run import report as told
from schemas.units import DAY

_WIDE = 140  # of what is not a terminal
_FACTS = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command(
    epilog="Examples:  nurture report  ·  nurture report first-look --html report.html  ·  "
    "nurture report --facts tests/facts.jsonl --policy templates"
)
@click.argument("about", metavar="[PROGRAM|EMAIL]", default="", shell_complete=named_in("programs", "emails"))
@click.option("--facts", type=_FACTS, help="Fold a file of facts instead of the pipeline's; needs --policy.")
@click.option("--policy", type=FOLDER, help="The workplace to fold the file by.")
@click.option(
    "--within",
    type=Length(),
    default=f"{WITHIN // DAY} days",
    show_default=True,
    help="How long a mail is credited with a stage gained or a handoff.",
)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write one page that needs no network.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def report(
    about: str, *, facts: Path | None, policy: Path | None, within: int, html: Path | None, as_json: bool
) -> None:
    """Show what was sent and what became of it: all, or one program or e-mail; variants and held-out leads compared.

    Clicks of machines are left out. Experiments are judged by clicks, holdouts by handoffs, and not before as many
    leads were in them as it takes: whoever looks every day must not find what is not there.
    """
    folded = _from_file(facts, policy, within) if facts else asyncio.run(_from_pipeline(within))
    found = told(folded, within, about)
    if html:
        html.write_text(page(found), encoding="utf-8")
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    console = Console(width=None if sys.stdout.isatty() else _WIDE)
    for part in summary(found):
        console.print(part, highlight=False)
    if html:
        console.print(f"\n{html} holds the charts", highlight=False)


def _from_file(facts: Path, policy: Path | None, within: int) -> Folded:
    return fold(lambda: read_facts(facts), policy_for_facts(policy), no_policy, within)


async def _from_pipeline(within: int) -> Folded:
    """All facts, by the policies that were in force. They are laid on disk meanwhile: a history can outgrow memory."""
    options = client(read_settings(os.environ))
    find = await Policies(options).find()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "facts.jsonl"
        await export(options, file)
        folded = fold(lambda: read_facts(file), None, find, within)
    folded.policy = find((await applied(options))[-1][1])  # of which the last partition may not know yet
    return folded
