"""How the send ledger looks at a terminal and in JSON. No address is shown, not even of what still waits."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import click
import msgspec

from schemas.controls import SendSwitch
from schemas.ledger import LedgerEntry
from schemas.reason import SENTENCES
from schemas.units import DAY, HOUR, MINUTE, iso
from schemas.words import counted

_UNITS: Final = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"))


def plain(entry: LedgerEntry) -> dict[str, Any]:
    """Everything but the order itself, which holds the address."""
    found: dict[str, Any] = msgspec.to_builtins(entry)
    found.pop("order", None)
    return found


def print_lines(entries: Sequence[LedgerEntry], unreadable: Sequence[str], now: int) -> None:
    """One line each, never cut: they are searched and copied; then how many of each state."""
    wide = max((len(entry.send_key) for entry in entries), default=0)
    for entry in entries:
        what = "/".join(filter(None, (entry.program, entry.step, entry.email)))
        age = span(now - entry.begun_at)
        click.echo(
            safe(f"{entry.send_key:<{wide}}  {entry.state:<9}  {age:>8}  {entry.lead_id}  {what}  {_why(entry)}")
        )
    counts = ", ".join(f"{number:,} {state}" for state, number in Counter(e.state for e in entries).most_common())
    click.echo(f"{counted(len(entries), 'send')}: {counts}" if entries else "no sends")
    for key in unreadable:
        click.echo(safe(f"{key}: this release cannot read its entry; look at it with the one that wrote it"))


def print_entry(entry: LedgerEntry) -> None:
    """Everything about one send."""
    lines = [
        ("state", entry.state),
        ("why", _why(entry)),
        ("lead", entry.lead_id),
        ("e-mail", "/".join(filter(None, (entry.program, entry.step, entry.email)))),
        *((name, iso(at)) for name, at in _times(entry) if at),
        ("port", f"{entry.port} {entry.message_id}".strip()),
        ("source", entry.source_hash),
    ]
    click.secho(safe(entry.send_key), bold=True)
    for name, text in lines:
        if text:
            click.echo(safe(f"  {name:<10} {text}"))
    for ordered in entry.ordered:
        click.echo(safe(f"  {ordered.what:<10} {ordered.by}, {iso(ordered.at)[:19]}: {ordered.why}"))


def print_switch(switch: SendSwitch | None) -> None:
    """Only when it is worth a line: while sending is stopped."""
    if switch is not None and switch.stopped:
        click.secho(safe(f"sending is stopped by {switch.by} since {iso(switch.at)[:19]}: {switch.why}"), fg="red")


def span(ms: int) -> str:
    """A length of time, roughly."""
    return next((f"{ms // unit} {name}" for unit, name in _UNITS if ms >= unit), "a moment")


def safe(text: str) -> str:
    """What a stranger wrote must not steer the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _times(entry: LedgerEntry) -> tuple[tuple[str, int], ...]:
    return (
        ("begun", entry.begun_at),
        ("claimed", entry.claimed_at),
        ("settled", entry.settled_at),
        ("looked at again", entry.until),
    )


def _why(entry: LedgerEntry) -> str:
    sentence = SENTENCES[entry.reason] if entry.reason else ""
    return ": ".join(filter(None, (sentence, entry.detail)))
