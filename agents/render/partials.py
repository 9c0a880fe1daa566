"""``<mj-include path="..." />`` in layouts and MJML e-mails, filled in. It compiles nothing and reads no file.

A partial includes no partial, so nothing can include itself and nothing grows by doubling.
"""

import re
from collections.abc import Mapping
from typing import Final

INCLUDE: Final = re.compile(r'<mj-include\s+path="([^"]*)"\s*/>')
BODY: Final = "body"
"""The partial around a Markdown body; an MJML e-mail puts its own sections in its place."""

MOST_CHARACTERS: Final = 400_000


def included(mjml: str) -> list[str]:
    """The names of the partials that a text includes, in order; ``body.mjml`` and ``body`` are the same."""
    return [path.removesuffix(".mjml") for path in INCLUDE.findall(mjml)]


def expanded(mjml: str, partials: Mapping[str, str]) -> str:
    """The text with its partials in place. Raises ValueError: one is unknown, or it becomes absurdly large."""
    names = included(mjml)
    if unknown := [name for name in names if name not in partials]:
        raise ValueError(f'found no partial "{unknown[0]}"')
    size = len(mjml) + sum(len(partials[name]) for name in names)
    if size > MOST_CHARACTERS:
        raise ValueError(f"found {size:,} characters with all partials, expected at most {MOST_CHARACTERS:,}")
    filled = iter(names)
    return INCLUDE.sub(lambda _: partials[next(filled)], mjml)
