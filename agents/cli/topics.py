"""``nurture topics``: creates and checks the topics of the registry; ``agents.kafka.topics`` does the work."""

import json
import logging
import os
import sys
from collections.abc import Callable
from typing import Any

import click

from agents.kafka.topics import BrokerRefused, check_topics, create_topics
from agents.process.settings import Settings, SettingsError, read_settings

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(epilog="Examples:  nurture topics create --dry-run  ·  nurture topics create  ·  nurture topics check")
def topics() -> None:
    """Create and check the topics of schemas/topics.yaml at the broker of NURTURE_BOOTSTRAP."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # it repeats at length what we say in a sentence


@topics.command(epilog="Examples:  nurture topics create  ·  nurture topics create --dry-run")
@click.option("--dry-run", is_flag=True, help="Only say what would be created.")
@_as_json
def create(*, dry_run: bool, as_json: bool) -> None:
    """Create what is missing; what exists stays as it is."""
    made = _asked(lambda settings: create_topics(settings, dry_run=dry_run), as_json=as_json)
    if as_json:
        print(json.dumps({"would_create" if dry_run else "created": made}))
        return
    for name in made:
        click.echo(f"{'would create' if dry_run else 'created'} {name}")
    if not made:
        click.echo("nothing to do: every topic exists (nurture topics check compares them)")


@topics.command(epilog="Example:  nurture topics check --json")
@_as_json
def check(*, as_json: bool) -> None:
    """Compare partitions, copies, cleanup and retention; exits 1 when something differs."""
    differences = _asked(check_topics, as_json=as_json)
    if as_json:
        print(json.dumps({"differences": [difference._asdict() for difference in differences]}, indent=2))
    else:
        for difference in differences:
            click.echo(str(difference))
        click.echo(f"{len(differences)} differences" if differences else "every topic is as the registry has it")
    sys.exit(1 if differences else 0)


def _asked(question: Callable[[Settings], Any], *, as_json: bool) -> Any:
    try:
        return question(read_settings(os.environ))
    except (SettingsError, BrokerRefused) as error:
        if as_json:
            print(json.dumps({"error": str(error)}))
        click.echo(str(error), err=True)
        sys.exit(2)
