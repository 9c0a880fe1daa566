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
_DEEPEST: Final = 100  # mrml calls itself for each level, and thousands of them end the process
_TAG: Final = re.compile(r"<(/?)([a-z][a-z0-9-]*)\b[^<>]*?(/?)>", re.IGNORECASE)
_VOID: Final = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr"})


def included(mjml: str) -> list[str]:
    """The names of the partials that a text includes, in order; ``body.mjml`` and ``body`` are the same."""
    return [path.removesuffix(".mjml") for path in INCLUDE.findall(mjml)]


def expanded(mjml: str, partials: Mapping[str, str]) -> str:
    """The text with its partials in place. Raises ValueError: one is unknown, or it becomes absurdly large or deep."""
    names = included(mjml)
    if unknown := [name for name in names if name not in partials]:
        raise ValueError(f'found no partial "{unknown[0]}"')
    size = len(mjml) + sum(len(partials[name]) for name in names)
    if size > MOST_CHARACTERS:
        raise ValueError(f"found {size:,} characters with all partials, expected at most {MOST_CHARACTERS:,}")
    filled = iter(names)
    whole = INCLUDE.sub(lambda _: partials[next(filled)], mjml)
    if (levels := _levels(whole)) > _DEEPEST:
        raise ValueError(f"found elements in {levels:,} levels, expected at most {_DEEPEST}")
    return whole


def _levels(mjml: str) -> int:
    level = deepest = 0
    for end, name, alone in _TAG.findall(mjml):
        if not alone and name.lower() not in _VOID:
            level += -1 if end else 1
            deepest = max(deepest, level)
    return deepest
