"""``nurture export``: the facts of the running pipeline into a file. The work is in ``agents.history``."""

import asyncio
import os
from pathlib import Path

import click

from agents.cli.history_options import range_options
from agents.history import Range
from agents.kafka.clients import client
from agents.kafka.live import export as export_facts
from agents.process.settings import read_settings
from schemas.words import counted


@click.command(epilog="Examples:  nurture export facts.jsonl  ·  nurture export facts.jsonl.gz --since '7 days ago'")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@range_options
def export(file: Path, since: int, until: int) -> None:
    """Write every fact to FILE, or those of a range, one JSON object a line, gzipped when its name ends in .gz.

    The file holds personal data: keep it as you would keep the leads.
    """
    count = asyncio.run(export_facts(client(read_settings(os.environ)), file, Range(since, until)))
    click.echo(f"{counted(count, 'fact')} in {file}")
