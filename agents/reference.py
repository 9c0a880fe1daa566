"""REFERENCE.md: everything that has a name, from where it is declared. It says nothing that the code does not say.

``python -m agents.reference`` writes it, ``--check`` only says whether it differs.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click
from msgspec import inspect

from agents.check.manual import law, manual
from agents.cli import main as nurture
from agents.process.metrics import METRICS
from agents.process.options import Variable, reference
from agents.segment.grammar import EVENTS
from agents.segment.properties import spellings_of
from schemas import mapping, problem, reason
from schemas.facts import Happened, LeadCreated, tag_of
from schemas.topics import registry
from schemas.words import counted

FILE: Final = Path(__file__).parents[1] / "REFERENCE.md"
WIDTH: Final = 100
_HEAD: Final = """# Reference

Everything that has a name, from where it is declared. Written by `python -m agents.reference`; `make check` compares.
"""


def text() -> str:
    """The whole file."""
    parts = (
        _HEAD,
        "## Commands\n",
        *(_help(path, command) for path, command in commands()),
        _settings(),
        _events(),
        _mappings(),
        _topics(),
        _metrics(),
        _section("Why nothing was sent", ("reason", "because"), reason.SENTENCES.items()),
        _section("Why engagement weighs nothing", ("why", "because"), reason.VERDICTS.items()),
        _section("Why a record was put aside", ("reason", "because"), problem.SENTENCES.items()),
        _section("What `nurture check` looks for", ("rule", "what it asks for"), _rules()),
    )
    return "\n".join(parts)


def _rules() -> list[tuple[str, str]]:
    return [(name, law(says)) for name, says in manual().items()]


def commands(path: str = "nurture", command: click.Command = nurture) -> Iterator[tuple[str, click.Command]]:
    """Every command by its whole name, a group before its own."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            if found := command.get_command(context, name):
                yield from commands(f"{path} {name}", found)


def _help(path: str, command: click.Command) -> str:
    context = click.Context(command, info_name=path, terminal_width=WIDTH, max_content_width=WIDTH, color=False)
    lines = (line.rstrip() for line in command.get_help(context).splitlines())
    return "\n".join((f"### {path}\n", "```text", *lines, "```\n"))


def _settings() -> str:
    """A secret may also come from a file."""
    rows = [(_name(each), each.says, each.expected, _default(each)) for each in reference().values()]
    return _section("Settings", ("variable", "for", "expects", "default"), rows)


def _name(variable: Variable) -> str:
    return f"{variable.name}` or `{variable.name}_FILE" if variable.secret else variable.name


def _default(variable: Variable) -> str:
    return "must be set" if variable.default is None else variable.default or "none"


def _events() -> str:
    """An identify becomes lead.updated.v1, a page page.viewed.v1, and a track of any other name tracked.v1."""
    rows = [(event, tag_of(shape), _properties(shape), shape.__doc__ or "") for event, shape in EVENTS.items()]
    return _section("Events of a track call", ("event", "becomes", "properties (* must be there)", "says"), rows)


def _properties(shape: type[Happened]) -> str:
    if shape is LeadCreated:
        return "the lead's traits"
    return ", ".join(" or ".join(names) + "*" * required for names, required in spellings_of(shape))


def _mappings() -> str:
    """The keys of a mapping file, by the part that they stand in."""
    places = {
        "the file": mapping.Mapping,
        "`facts`": mapping.FactMapping,
        "`when`": mapping.Condition,
        "`at`, `fields`": mapping.Cell,
    }
    rows = [
        (field.encode_name, place, _described(field.type))
        for place, shape in places.items()
        for field in inspect.type_info(shape).fields  # type: ignore[attr-defined]
    ]
    return _section("Mapping files", ("key", "stands in", "says"), rows)


def _described(wanted: Any) -> str:
    """The outermost description, which is the field's own."""
    while isinstance(wanted, inspect.Metadata):
        if says := (wanted.extra_json_schema or {}).get("description"):
            return str(says)
        wanted = wanted.type
    return ""


def _topics() -> str:
    rows = [
        (name, str(topic.partitions), _kept(topic.keep), topic.key, topic.owner, topic.holds)
        for name, topic in registry().items()
    ]
    return _section("Topics", ("topic", "partitions", "kept", "key", "owner", "holds"), rows)


def _kept(keep: int | str) -> str:
    return counted(keep, "day") if isinstance(keep, int) else keep


def _metrics() -> str:
    rows = [(each.name, each.kind, ", ".join(each.labels), each.says) for each in METRICS]
    return _section("Metrics", ("metric", "kind", "labels beside the lane's", "says"), rows)


def _section(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the first column holds names."""
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    lines += [f"| `{name}` | {' | '.join(map(_cell, rest))} |" for name, *rest in rows]
    return "\n".join((f"## {title}\n", *lines, ""))


def _cell(words: str) -> str:
    return " ".join(words.replace("``", "`").replace("|", r"\|").split())


def keep(file: Path, wanted: str, module: str, source: str, arguments: Sequence[str] | None = None) -> int:
    """The command of a generated file: write it, or with ``--check`` compare it with its source; 1 when it differs."""
    asked = argparse.ArgumentParser(prog=f"python -m {module}", description=f"Write {file.name} anew.")
    asked.add_argument("--check", action="store_true", help="write nothing, say whether it differs")
    check = asked.parse_args(arguments).check
    if file.exists() and file.read_text(encoding="utf-8") == wanted:
        return 0
    if check:
        sys.stdout.write(f"{file.name} differs from {source}; run: python -m {module}\n")
        return 1
    file.write_text(wanted, encoding="utf-8")
    sys.stdout.write(f"{file.name}\n")
    return 0


def main(arguments: Sequence[str] | None = None, file: Path = FILE) -> int:
    """Keep the reference as what is declared."""
    return keep(file, text(), "agents.reference", "what is declared", arguments)


if __name__ == "__main__":
    sys.exit(main())
