"""How dead letters look at a terminal and in JSON. Bytes and keys appear only when they are asked for."""

from collections.abc import Sequence
from typing import Any, Final

import click

from agents.outside.morgue import Letter
from schemas.mark import Mark
from schemas.problem import SENTENCES, Refusal
from schemas.units import iso

_PREVIEW: Final = 2_000
_KEY: Final = "nurture_key"


def count(letters: Sequence[Letter]) -> str:
    """How many."""
    return f"{len(letters):,} dead letter{'' if len(letters) == 1 else 's'}"


def print_lines(letters: Sequence[Letter], words: Sequence[str]) -> None:
    """One line each, never cut: they are searched and copied."""
    wide = max((len(letter.id) for letter in letters), default=0)
    for letter, each in zip(letters, words, strict=True):
        click.echo(_safe(f"{letter.id:<{wide}}  {iso(letter.at)[:19]}  {letter.reason:<17}  {each}"))


def said(letter: Letter) -> str:
    """Why it was put aside, and what was done about it."""
    return f"[{_marked(letter.mark)}] {letter.detail}" if letter.mark else letter.detail


def _marked(mark: Mark | None) -> str:
    if mark is None:
        return "waits"
    return f"{mark.done} by {mark.by} on {iso(mark.at)[:16]}" + (f": {mark.why}" if mark.why else "")


def print_letter(letter: Letter, *, personal: bool) -> None:
    """Everything about one letter; its key and a preview of its bytes only when ``personal``."""
    key = "none" if letter.key is None else f"{len(letter.key):,} bytes"
    cut = f", cut from {letter.cut_from:,}: it cannot be put back" if letter.cut_from else ""
    lines = [
        ("put aside", iso(letter.at)),
        ("reason", f"{letter.reason}: {_sentence(letter.reason)}"),
        ("detail", letter.detail),
        ("state", _marked(letter.mark)),
        ("key", key),
        ("value", f"{letter.size:,} bytes{cut}"),
        *((name, text) for name, text in letter.headers if name != _KEY),
    ]
    click.secho(_safe(letter.id), bold=True)
    for name, text in lines:
        click.echo(_safe(f"  {name:<18} {text}"))
    if not personal:
        click.echo("The bytes may hold personal data: --personal shows the key and a preview, --raw writes them out.")
        return
    click.echo(f"  {'the key':<18} {_safe(str(letter.key or b'', 'utf-8', 'backslashreplace'))}")
    click.echo(_safe((letter.raw or b"")[:_PREVIEW].decode(errors="backslashreplace")))


def _sentence(reason: str) -> str:
    return SENTENCES[Refusal(reason)] if reason in set(Refusal) else "a reason that this release does not know"


def _safe(text: str) -> str:
    """What a stranger sent must not steer the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def plain(letter: Letter) -> dict[str, Any]:
    """Everything but the bytes and the key."""
    known = {name: getattr(letter, name) for name in ("id", "reason", "detail", "size", "cut_from", "mark")}
    return known | {"at": iso(letter.at), "topic": letter.topic, "headers": _open(letter)}


def _open(letter: Letter) -> dict[str, str]:
    return {name: text for name, text in letter.headers if name != _KEY}


def personal_parts(letter: Letter) -> dict[str, bytes | None]:
    """As Base64, since neither need be text."""
    return {"key": letter.key, "raw": letter.raw}
