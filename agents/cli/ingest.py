"""``nurture ingest``: a CSV or JSON-lines file into the pipeline, with a mapping and no code. It knows no format."""

import asyncio
import json
import logging
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final, NoReturn

import click
from rich.console import Console
from rich.progress import Progress

import schemas
from agents.ingest.keep import facts_file
from agents.ingest.mapping import read_mapping
from agents.ingest.messages import Message, Scribe
from agents.ingest.pour import PourError, kafka
from agents.ingest.rows import BadRow, UnreadableError
from agents.ingest.run import Ears, Tally, ingest_file
from agents.process.settings import Settings, SettingsError, read_settings
from agents.segment.grammar import EVENTS
from agents.segment.values import snake
from schemas.facts import tag_of
from schemas.mapping import Mapping
from schemas.words import counted
from streams.engine.clock import wall_ms

SHIPPED: Final = Path(schemas.__file__).parent / "mappings"
_SHOWN: Final = 5
_FOUND: Final = re.compile(r"found .*?, (?=expected)")
_NO_SECRET: Final = b"a file of facts"  # it holds the addresses themselves, so hashes of them need no key


class FirstFew:
    """A sink for dry runs: keeps the first messages and drops the rest."""

    def __init__(self) -> None:
        self.first: list[Message] = []

    async def pour(self, messages: Sequence[Message]) -> None:
        """Keeps what is still missing to five."""
        self.first += messages[: _SHOWN - len(self.first)]


@click.command(
    epilog="Examples:  nurture ingest leads.csv --map leads.yaml --dry-run  ·  "
    "nurture ingest olist_closed_deals_dataset.csv --map olist-deals --to deals.jsonl  ·  "
    "nurture ingest export.jsonl.gz --map segment"
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--map", "mapping_file", required=True, help="A mapping file, or the name of one in schemas/mappings.")
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write facts as JSON lines to this file instead, without a broker.",
)
@click.option("--dry-run", is_flag=True, help="Show the first messages and the counts; produce nothing.")
@click.option("--strict", is_flag=True, help="Exit with status 1 when any row is bad.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def ingest(file: Path, mapping_file: str, to: Path | None, *, dry_run: bool, strict: bool, as_json: bool) -> None:
    """Turn the rows of FILE (.csv, .jsonl, either gzipped) into messages for intake.

    With --to, they become a file of facts for nurture replay, backtest and calibrate, each seen when it happened.

    Every row is accounted for: told, silent (no fact of the mapping applies to it) or bad; the first five bad ones of
    each kind are reported as FILE:LINE: found …, expected …, the others as a number. Ingesting a file twice is
    harmless: its message ids come out of its content.

    Exit status: 0 also with bad rows; 1 when no row could be told, the file is not whole, or any row was bad with
    --strict; 2 for a mapping, a
    setting, a file or a broker that cannot be used.
    """
    mapping = _mapping(mapping_file)
    settings = None if dry_run or to else _settings()
    few = FirstFew()
    began = time.monotonic()
    try:
        tally = asyncio.run(_ingest(file, mapping, settings, few if dry_run or not to else to))
    except (UnreadableError, PourError) as error:
        _give_up(f"{file}: {error}" if isinstance(error, UnreadableError) else str(error))
    seconds = time.monotonic() - began
    if as_json:
        print(json.dumps(_plain(file, mapping, tally) | {"dry_run": dry_run, "seconds": round(seconds, 3)}))
    else:
        _print(file, mapping, tally, few.first, seconds, to=to)
    sys.exit(1 if not (tally.told and tally.whole) or (strict and tally.bad) else 0)


async def _ingest(file: Path, mapping: Mapping, settings: Settings | None, to: FirstFew | Path) -> Tally:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # we say it ourselves, once
    secret = settings.id_key.reveal().encode() if settings else _NO_SECRET
    scribe = Scribe(mapping, secret, wall_ms())
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(file.name, total=_size(file))
        complaints = _Complainer(file, progress.console.print)
        ears = Ears(tell=lambda behind: progress.update(task, completed=behind), complain=complaints.hear)
        try:
            if isinstance(to, Path):
                with facts_file(to) as written:
                    return await ingest_file(file, mapping, scribe, written, ears)
            async with kafka(settings) if settings else nullcontext(to) as sink:
                return await ingest_file(file, mapping, scribe, sink, ears)
        finally:
            complaints.end()


class _Complainer:
    """Shows the first bad rows of each kind; the others are counted, so that one mistake does not hide the rest."""

    def __init__(self, file: Path, show: Callable[[str], None]) -> None:
        self._file, self._show = file, show
        self._kinds: Counter[str] = Counter()

    def hear(self, bad: BadRow) -> None:
        """One more bad row."""
        kind = _FOUND.sub("", bad.detail)
        self._kinds[kind] += 1
        if self._kinds[kind] <= _SHOWN:
            self._show(f"{self._file}:{bad.line}: {bad.detail}")

    def end(self) -> None:
        """How many more there were."""
        for kind, count in self._kinds.items():
            if count > _SHOWN:
                self._show(f"{self._file}: … and {counted(count - _SHOWN, 'more row')}: {kind}")


def _size(file: Path) -> int | None:
    return file.stat().st_size if file.is_file() else None


def _mapping(named: str) -> Mapping:
    path = Path(named)
    shipped = SHIPPED / f"{named}.yaml"
    found = read_mapping(shipped if not path.exists() and shipped.exists() else path)
    if isinstance(found, Mapping):
        return found
    sentence = "\n".join(map(str, found))
    if not path.exists():
        names = ", ".join(sorted(each.stem for each in SHIPPED.glob("*.yaml")))
        sentence = f"{named}: found no such mapping file, expected a path or one of {names}"
    return _give_up(sentence)


def _settings() -> Settings:
    try:
        return read_settings(os.environ)
    except SettingsError as error:
        return _give_up(str(error))


def _unheard(mapping: Mapping, tally: Tally) -> list[str]:
    """Facts of the mapping that no row told: a word of its when that is spelt otherwise would look like a no."""
    tags = {snake(event): tag_of(shape) for event, shape in EVENTS.items()}
    asked = [tags.get(snake(fact.event), "") for fact in mapping.facts if fact.when]
    return [tag for tag in dict.fromkeys(asked) if tag and not tally.facts[tag]]


def _give_up(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(2)


def _plain(file: Path, mapping: Mapping, tally: Tally) -> dict[str, Any]:
    counts = {"rows": tally.rows, "told": tally.told, "silent": tally.silent, "bad": tally.bad}
    return (
        {"file": str(file), "mapping": mapping.name}
        | counts
        | {
            "whole": tally.whole,
            "messages": tally.messages,
            "topics": dict(tally.topics),
            "facts": dict(tally.facts),
        }
    )


def _print(
    file: Path, mapping: Mapping, tally: Tally, first: Sequence[Message], seconds: float, *, to: Path | None
) -> None:
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for message in first:
        console.print(f"{message.topic}  {message.value.decode()}")
    silent = f", {tally.silent:,} silent" if tally.silent else ""
    console.print(
        f"{file.name} by {mapping.name}: {counted(tally.rows, 'row')} = {tally.told:,} told{silent}, {tally.bad:,} bad"
    )
    for fact, times in tally.facts.most_common():
        console.print(f"  {times:>9,}  {fact}")
    for tag in _unheard(mapping, tally):
        console.print(f"  {0:>9,}  {tag}: no row met its when")
    for undated in [fact.event for fact in mapping.facts if fact.at is None]:
        console.print(f'"{undated}" has no time in the mapping, so it happens now: if it happened earlier, add at:')
    done = "would be sent (dry run)" if first else f"written to {to} as facts" if to else "sent"
    console.print(f"{tally.messages:,} messages {done} in {seconds:.1f} s")
