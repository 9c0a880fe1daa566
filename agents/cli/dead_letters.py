"""``nurture dead-letters``: what could not be read, worked from a terminal; ``agents.outside.morgue`` does the work."""

import asyncio
import getpass
import logging
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import click
import msgspec

from agents.cli.dead_letter_lines import count, personal_parts, plain, print_letter, print_lines, said
from agents.cli.moments import Moment
from agents.kafka.clients import client, engine_settings
from agents.outside.morgue import FOREVER, Letter, MorgueError, Wanted, read_letters, settle
from agents.outside.verdict import Stays, verdict
from agents.process.settings import read_settings
from schemas.problem import Refusal
from streams.engine.clock import wall_ms
from streams.engine.record import Out

_Command = TypeVar("_Command", bound=Callable[..., Any])
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_by = click.option("--by", default=getpass.getuser, show_default="you", help="Who decides.")
_dry_run = click.option("--dry-run", is_flag=True, help="Only list what would be done.")
_yes = click.option("--yes", is_flag=True, help="Do not ask.")
_ids = click.argument("ids", metavar="[ID]...", nargs=-1)
_REASONS: Final = [reason.value for reason in Refusal]
_ONLY_FOR: Final = f"Only for this: {', '.join(_REASONS)}."
_EXAMPLES: Final = (
    'Examples:  nurture dead-letters list --reason not_json --since "2 hours ago"  ·  '
    "nurture dead-letters show nurture.leads:3:42  ·  nurture dead-letters replay --topic nurture.leads  ·  "
    'nurture dead-letters drop nurture.leads:3:42 --why "a form that is gone"'
)


def _choice(command: _Command) -> _Command:
    """The options that say which letters are meant."""
    for option in (
        click.option("--until", type=Moment(), help="Put aside before this moment."),
        click.option("--since", type=Moment(), help='Put aside since: 2026-03-02T11:00, "2 hours ago".'),
        click.option("--topic", "topics", multiple=True, help="Only from this topic."),
        click.option(
            "--reason", "reasons", multiple=True, type=click.Choice(_REASONS), metavar="REASON", help=_ONLY_FOR
        ),
    ):
        command = option(command)
    return command


@click.group("dead-letters", epilog=_EXAMPLES)
def dead_letters() -> None:
    """Records that could not be read: list, show, put back, write off.

    ID is where the record came from, topic:partition:offset. They are kept for 90 days. Bytes and keys may hold
    personal data, so they are shown only when you ask for them.
    """
    for library in ("aiokafka", "asyncio"):  # they repeat at length what we say in a sentence
        logging.getLogger(library).setLevel(logging.CRITICAL)


@dead_letters.command(
    "list",
    epilog='Examples:  nurture dead-letters list  ·  nurture dead-letters list --since "2 hours" --topic nurture.leads',
)
@_choice
@click.option("--all", "handled", is_flag=True, help="Also those that somebody dealt with.")
@_as_json
def list_(*, handled: bool, as_json: bool, **choice: Any) -> None:
    """List them, the oldest first, and count the reasons."""
    letters = _read(_wanted(handled=handled, **choice), raw=False)
    reasons = dict(Counter(letter.reason for letter in letters).most_common())
    if as_json:
        click.echo(msgspec.json.encode({"letters": [plain(letter) for letter in letters], "reasons": reasons}))
        return
    print_lines(letters, [said(letter) for letter in letters])
    counts = ", ".join(f"{number:,} {reason}" for reason, number in reasons.items())
    click.echo(f"{count(letters)}: {counts}" if letters else "no dead letters")


@dead_letters.command(epilog="Example:  nurture dead-letters show nurture.leads:3:17 --personal")
@click.argument("letter_id", metavar="ID")
@click.option("--personal", is_flag=True, help="Also the key and a preview of the bytes.")
@click.option("--raw", is_flag=True, help="Write the bytes to standard output, and nothing else.")
@_as_json
def show(letter_id: str, *, personal: bool, raw: bool, as_json: bool) -> None:
    """Show why one was put aside, and where it came from."""
    [letter, *_] = reversed(_read(Wanted(ids=frozenset({letter_id}), handled=True)))
    if raw:
        click.get_binary_stream("stdout").write(letter.raw or b"")
    elif as_json:
        click.echo(msgspec.json.encode(plain(letter) | (personal_parts(letter) if personal else {})))
    else:
        print_letter(letter, personal=personal)


@dead_letters.command(
    epilog="Examples:  nurture dead-letters replay nurture.leads:3:17  ·  nurture dead-letters replay --dry-run"
)
@_ids
@_choice
@click.option("--why", default="", help="What has changed, in your own words.")
@_by
@_dry_run
@_yes
def replay(ids: tuple[str, ...], why: str, by: str, *, dry_run: bool, yes: bool, **choice: Any) -> None:
    """Put them back where they came from, under their own key.

    Lists them first, then asks. What would come back, was cut, or would break the law of keys stays, and says why.
    """
    letters, partitions = _read(_chosen(ids, choice)), read_settings(os.environ).partitions
    verdicts = [(letter, verdict(letter, partitions, wall_ms())) for letter in letters]
    print_lines(letters, [f"stays: {found.why}" if isinstance(found, Stays) else "goes back" for _, found in verdicts])
    work = [(letter, found) for letter, found in verdicts if isinstance(found, Out)]
    _finish(work, "put back", by=by, why=why, dry_run=dry_run, yes=yes)


@dead_letters.command(epilog='Example:  nurture dead-letters drop nurture.leads:3:17 --why "a test of the form"')
@_ids
@_choice
@click.option("--why", required=True, help="Why nobody needs it.")
@_by
@_dry_run
@_yes
def drop(ids: tuple[str, ...], why: str, by: str, *, dry_run: bool, yes: bool, **choice: Any) -> None:
    """Write them off, with a reason.

    They are listed no more; the bytes stay until the 90 days are over.
    """
    letters = _read(_chosen(ids, choice))
    print_lines(letters, [said(letter) for letter in letters])
    work = [(letter, None) for letter in letters if letter.mark is None]
    _finish(work, "written off", by=by, why=why, dry_run=dry_run, yes=yes)


def _finish(work: Sequence[tuple[Letter, Out | None]], what: str, *, dry_run: bool, yes: bool, **who: str) -> None:
    if not work:
        raise MorgueError(f"nothing can be {what}")
    many = count([letter for letter, _ in work])
    if dry_run:
        click.echo(f"{many} would be {what} (dry run)")
        return
    if not yes:
        click.confirm(f"{many} will be {what}. Go on?", abort=True)
    done = asyncio.run(settle(engine_settings(read_settings(os.environ)), work, now=wall_ms(), **who))
    click.echo(f"{done:,} {what}")
    sys.exit(0 if done else 1)


def _chosen(ids: tuple[str, ...], choice: dict[str, Any]) -> Wanted:
    """Nobody means all of them by saying nothing; who names one hears what was done about it."""
    if not ids and not any(choice.values()):
        raise click.UsageError("found nothing to choose by, expected IDs, --reason, --topic, --since or --until")
    return _wanted(ids=frozenset(ids), handled=bool(ids), **choice)


def _wanted(*, since: int | None, until: int | None, reasons: Any, topics: Any, **more: Any) -> Wanted:
    return Wanted(
        reasons=frozenset(map(str, reasons)), topics=frozenset(topics), since=since or 0, until=until or FOREVER, **more
    )


def _read(wanted: Wanted, *, raw: bool = True) -> list[Letter]:
    return asyncio.run(read_letters(client(read_settings(os.environ)), wanted, raw=raw))
