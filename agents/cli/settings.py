"""``nurture settings``: the reference of all settings, or what is wrong with those of this shell. Shows no secret."""

import json
import os
import sys

import click
import msgspec
from rich.console import Console
from rich.table import Table

from agents.process.options import Secret, Settings, Variable, reference
from agents.process.settings import FILE, SettingsError, read_settings


@click.command(epilog="Examples:  nurture settings  ·  nurture settings --check  ·  nurture settings --json")
@click.option("--check", is_flag=True, help="Read this shell's settings and say what is wrong with them.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def settings(*, check: bool, as_json: bool) -> None:
    """Every setting: its variable, what it expects, its default, what it is for.

    Set them as variables, or by name in the YAML file that NURTURE_SETTINGS names; variables win. A secret may come
    from a file: NURTURE_SENDGRID_KEY_FILE=/run/secrets/sendgrid_key.
    """
    if not check:
        _print_reference(as_json=as_json)
        return
    try:
        found = read_settings(os.environ)
    except SettingsError as error:
        _print_problems(str(error).splitlines(), as_json=as_json)
        sys.exit(2)
    _print_values(found, as_json=as_json)


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


def _print_values(found: Settings, *, as_json: bool) -> None:
    values = {name: getattr(found, name) for name in reference()}
    plain = {
        name: repr(value) if isinstance(value, Secret) else msgspec.to_builtins(value, enc_hook=str)
        for name, value in values.items()
    }
    if as_json:
        print(json.dumps({"problems": [], "settings": plain}, indent=2))
        return
    for name, value in plain.items():
        click.echo(f"{reference()[name].name}: {value}")
