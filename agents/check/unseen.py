"""A rule about what nobody sees: characters that turn a line round, break it, or are not shown at all."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Final

from agents.check.draft import Draft
from agents.check.templates import templates
from agents.render.plain import BREAKING, UNSEEN
from schemas.convert import Place
from schemas.problem import Problem
from schemas.read import Placed

_IN_HEADS: Final = re.compile(f"{BREAKING.pattern}|{UNSEEN.pattern}")
_IN_TEXTS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")


def unseen_character(draft: Draft) -> Iterator[Problem]:
    """Subject, preheader and the sender's name are what they look like: nothing in them is hidden or turns them round.

    With a character that nobody sees, a name can look like another, "gpj.exe" like "exe.jpg", and spam filters know the
    trick. It comes with a paste; delete it, or write the word anew. Whatever turns text round is out of place in the
    rest of an e-mail too.
    """
    for written in templates(draft):
        if found := (_IN_HEADS if written.head else _IN_TEXTS).search(written.text):
            line = written.text.count("\n", 0, found.start()) + 1
            yield written.problem(1 if written.head else line, found[0], "unseen-character", _says(found))
    for placed, at, name in _signatures(draft):
        if found := _IN_HEADS.search(name):
            yield placed.problem(at, "unseen-character", _says(found))


def _says(found: re.Match[str]) -> str:
    name = unicodedata.name(found[0], "a control character")
    before = found.string[: found.start()].rpartition("\n")[2][-20:]
    where = f'after "{before}"' if before else "at the beginning"
    return f"found U+{ord(found[0]):04X} ({name}) {where}, which nobody sees; expected it taken out"


def _signatures(draft: Draft) -> Iterator[tuple[Placed[Any], Place, str]]:
    """The names that stand before addresses in a letter's headers."""
    if draft.brand is not None:
        yield draft.brand, ("from_name",), draft.brand.value.from_name
    if draft.sales is not None:
        for index, rep in enumerate(draft.sales.value.reps):
            yield draft.sales, ("reps", index, "name"), rep.name
