"""The list of all rules: the table of contents of what a workplace promises."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

from agents.check.draft import Draft
from schemas.problem import Problem

Rule = Callable[[Draft], Iterator[Problem]]

RULES: Final[tuple[Rule, ...]] = ()


def complaints(draft: Draft, today: date | None) -> Iterator[Problem]:
    """Everything that the rules find."""
    for rule in RULES:
        yield from rule(draft)
