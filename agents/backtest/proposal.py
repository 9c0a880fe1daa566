"""New points as a change of scoring.yaml that somebody reviews: text in, text out, everything else left as it was."""

import difflib
import re
from typing import Final

from msgspec import Struct

from agents.backtest.fit import Weight
from schemas.model import EngagementRule, FitRule, Scoring
from schemas.read import Placed
from schemas.words import counted

_NUMBER: Final = re.compile(r"[+-]?\d+")
_LEARNED: Final = re.compile(r"# Learned from leads first seen before (\S+): judge it on those that came since\.\n")
_EVIDENCE: Final = re.compile(r"  # [\d,]+ leads, [\d,]+ won$")


class Change(Struct, frozen=True, kw_only=True):
    """One rule: what it is worth, what it would be worth (None: too little evidence), and the evidence."""

    rule: str
    says: str
    axis: str
    leads: int
    wins: int
    before: int
    after: int | None


def changes(scoring: Scoring, weights: list[Weight]) -> list[Change]:
    """One change a rule, fit first, in the file's order; ``weights`` are in the same order."""
    rules: list[tuple[str, FitRule | EngagementRule]] = [("fit", rule) for rule in scoring.fit]
    rules += [("engagement", rule) for rule in scoring.engagement]
    return [
        Change(
            rule=rule.id,
            says=rule.says,
            axis=axis,
            leads=weight.leads,
            wins=weight.wins,
            before=rule.points,
            after=weight.points,
        )
        for (axis, rule), weight in zip(rules, weights, strict=True)
    ]


def rewritten(text: str, placed: Placed[Scoring], found: list[Change]) -> str:
    """The file with new points, each with its evidence behind it; comments, order and layout stay."""
    lines, nth = text.split("\n"), {"fit": 0, "engagement": 0}
    for change in found:
        place = (change.axis, nth[change.axis], "points")
        nth[change.axis] += 1
        if change.after is not None:
            line, column = placed.places[place]
            lines[line - 1] = _line(lines[line - 1], column - 1, change)
    return "\n".join(lines)


def with_split(text: str, split: str) -> str:
    """The file saying in its first line which leads its points were learned from."""
    return (
        f"# Learned from leads first seen before {split}: judge it on those that came since.\n{_LEARNED.sub('', text)}"
    )


def split_in(text: str) -> str:
    """The moment that a file says its points were learned before, empty when it says none."""
    found = _LEARNED.search(text)
    return found[1] if found else ""


def _line(line: str, column: int, change: Change) -> str:
    bare = _EVIDENCE.sub("", line)
    number = _NUMBER.match(bare, column)
    if number is None:
        raise ValueError(f"found no number at column {column + 1} of {line!r}")
    said = "" if "#" in bare else f"  # {counted(change.leads, 'lead')}, {change.wins:,} won"
    return f"{bare[:column]}{change.after}{bare[number.end() :]}{said}"


def diff(before: str, after: str, path: str) -> str:
    """A unified diff, empty when nothing changes."""
    lines = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return "".join(difflib.unified_diff(*lines, fromfile=f"a/{path}", tofile=f"b/{path}"))
