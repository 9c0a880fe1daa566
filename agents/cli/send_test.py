"""``nurture send-test``: an e-mail into a colleague's mailbox. It reaches no lead, and counts nowhere."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import assert_never

import click

from agents.cli.completing import named_in
from agents.cli.preview import known_in, workplace_in
from agents.mail.choose import choose_port
from agents.mail.port import Accepted, Answer, Halted, Letter, NotNow, Port, Refused, Unknown
from agents.mail.trial import colleagues, notebook, ration, trial
from agents.process.settings import read_settings
from agents.render.renderer import Renderer
from streams.engine.clock import wall_ms

_ALONE = {"NURTURE_BOOTSTRAP": "none:9092", "NURTURE_MAIL_PORT": "folder"}  # a test asks no broker


@click.command("send-test", epilog="Example: nurture send-test night-load --lead amira --to ines@wattlark.example")
@click.argument("email", shell_complete=named_in("emails"))
@click.option("--lead", required=True, shell_complete=named_in("leads"), help="One of templates/leads/.")
@click.option("--to", multiple=True, required=True, help="A colleague's address; up to five, each with its own --to.")
@click.option("--templates", type=click.Path(path_type=Path), default=Path("templates"), show_default=True)
def send_test(email: str, lead: str, to: Sequence[str], templates: Path) -> None:
    """Send EMAIL, as a sample lead would get it, to colleagues: at most five, and twenty an hour.

    It goes through the provider of NURTURE_MAIL_PORT, or into a folder without one, is marked as a test, and its
    unsubscribe link leads nowhere.
    """
    settings = read_settings({**_ALONE, **os.environ})
    workplace = workplace_in(templates)
    known_in("e-mail", email, workplace.sources)
    known_in("sample lead", lead, workplace.leads)
    addresses = colleagues(to, workplace.policy.brand, settings.allow_list)
    renderer, now = Renderer(workplace), wall_ms()
    letters = [trial(renderer, email, lead, address, now) for address in addresses]
    port = choose_port(settings)
    ration(notebook(), len(letters), now)
    answers = asyncio.run(_send(port, letters))
    for letter, answer in zip(letters, answers, strict=True):
        click.echo(f"{letter.to}: {_said(answer)} ({port.name})")
    sys.exit(int(not all(isinstance(answer, Accepted) for answer in answers)))


async def _send(port: Port, letters: Sequence[Letter]) -> list[Answer]:
    await port.start()
    try:
        return [await port.send(letter) for letter in letters]
    finally:
        await port.close()


def _said(answer: Answer) -> str:
    match answer:
        case Accepted():
            return "sent, as a test"
        case Refused() | NotNow() | Halted():
            return f"not sent: {answer.detail}"
        case Unknown():
            return f"perhaps sent: {answer.detail}"
    assert_never(answer)
