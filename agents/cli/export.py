"""``nurture export``: the facts of the running pipeline into a file. The work is in ``agents.history``."""

import asyncio
import os
from pathlib import Path

import click

from agents.kafka.clients import client
from agents.kafka.live import export as export_facts
from agents.process.settings import read_settings
from schemas.words import counted


@click.command(epilog="Examples:  nurture export facts.jsonl  ·  nurture export facts.jsonl.gz")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def export(file: Path) -> None:
    """Write every fact to FILE, one JSON object a line, gzipped when its name ends in .gz.

    The file holds personal data: keep it as you would keep the leads.
    """
    count = asyncio.run(export_facts(client(read_settings(os.environ)), file))
    click.echo(f"{counted(count, 'fact')} in {file}")
