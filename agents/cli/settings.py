"""``nurture settings``: the reference of all settings, or what is wrong with those of this shell. Shows no secret."""

import json
import os
import sys
from collections.abc import Sequence

import click
import msgspec
from rich.console import Console
from rich.table import Table

from agents.process.options import Secret, Settings, Variable, reference
from agents.process.settings import FILE, SettingsError, read_settings
from agents.worker import AGENTS, must_be_able


@click.command(
    epilog="Examples:  nurture settings  ·  nurture settings --check  ·  nurture settings --check --for sender"
)
@click.option("--check", is_flag=True, help="Read this shell's settings and say what is wrong with them.")
@click.option(
    "--for",
    "agents",
    multiple=True,
    type=click.Choice(AGENTS),
    help="With --check: status 2 when this agent would not start; else it is told, and nothing more.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def settings(*, check: bool, agents: tuple[str, ...], as_json: bool) -> None:
    """Every setting: its variable, what it expects, its default, what it is for.

    Set them as variables, or by name in the YAML file that NURTURE_SETTINGS names; variables win. A secret may come
    from a file: NURTURE_SENDGRID_KEY_FILE=/run/secrets/sendgrid_key.
    """
    if agents and not check:
        raise click.UsageError("found --for without --check, expected both")
    if not check:
        _print_reference(as_json=as_json)
        return
    try:
        found = read_settings(os.environ)
    except SettingsError as error:
        _print_problems(str(error).splitlines(), as_json=as_json)
        sys.exit(2)
    cannot = _cannot_start(agents or AGENTS, found)
    _print_values(found, cannot, as_json=as_json)
    if agents and cannot:
        sys.exit(2)


def _cannot_start(agents: Sequence[str], found: Settings) -> dict[str, list[str]]:
    """Those agents that these settings keep from starting, and why."""
    cannot: dict[str, list[str]] = {}
    for name in agents:
        try:
            must_be_able(name, found)
        except SettingsError as error:
            cannot[name] = str(error).splitlines()
    return cannot


def _print_reference(*, as_json: bool) -> None:
    variables = list(reference().values())
    if as_json:
        print(json.dumps([variable._asdict() for variable in variables], indent=2))
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("variable", no_wrap=True)
    table.add_column("for (expects; default)")
    for variable in variables:
        table.add_row(_name(variable), f"{variable.says} ({variable.expected}; {_default(variable)})")
    Console().print(table)
    click.echo(f"\nAlso by name (`bootstrap: …`) in the YAML file that {FILE} names.")


def _name(variable: Variable) -> str:
    return rf"{variable.name}\[_FILE]" if variable.secret else variable.name


def _default(variable: Variable) -> str:
    if variable.default is None:
        return "[bold]must be set[/bold]"
    return f"default {variable.default}" if variable.default else "no default"


def _print_problems(problems: list[str], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"problems": problems}, indent=2))
        return
    for problem in problems:
        click.echo(problem, err=True)


def _print_values(found: Settings, cannot: dict[str, list[str]], *, as_json: bool) -> None:
    values = {name: getattr(found, name) for name in reference()}
    plain = {
        name: _covered(value) if isinstance(value, Secret) else msgspec.to_builtins(value, enc_hook=str)
        for name, value in values.items()
    }
    if as_json:
        print(json.dumps({"problems": [], "cannot_start": cannot, "settings": plain}, indent=2))
        return
    for name, value in plain.items():
        click.echo(f"{reference()[name].name}: {_told(value)}")
    for name, problems in cannot.items():
        for problem in problems:
            click.echo(f"{name} would not start: {problem}", err=True)


def _covered(secret: Secret) -> str:
    return str(secret) if secret else ""


def _told(value: object) -> str:
    match value:
        case None | "":
            return "unset"
        case bool():
            return str(value).lower()
        case list() | tuple():
            return ", ".join(map(str, value)) or "empty list"
        case _:
            return str(value)
