"""How a file's columns become messages, as people write it in YAML, and what is wrong with that. It reads no rows."""

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import available_timezones

from msgspec import Meta, field

from agents.segment import EVENTS, TYPES
from agents.values import snake
from schemas.authored import Authored, Name
from schemas.facts import Scalar
from schemas.problem import Problem
from schemas.read import Placed, read_placed, text_of
from schemas.topics import ENGAGEMENT, LEADS, SALES_FEEDBACK

TOPICS: Final = {"leads": LEADS, "engagement": ENGAGEMENT, "sales-feedback": SALES_FEEDBACK}
IDENTIFY: Final = "Identify"
PAGE: Final = "Page Viewed"
TopicName = Literal["leads", "engagement", "sales-feedback"]
Column = Annotated[
    str, Meta(min_length=1, description="A column by its name; in JSON lines, dots go inside: company.name.")
]


class Cell(Authored, frozen=True, kw_only=True):
    """A value: that of a ``column`` read ``as`` something, or a ``constant``. An empty cell has no value.

    ``values`` says what certain texts stand for (null: no value), before anything else is tried.
    """

    column: str = ""
    constant: Scalar = None
    as_: Literal["text", "number", "yes_no", "date"] = field(name="as", default="text")
    format: str = ""
    zone: str = ""
    decimal: Literal[".", ","] = "."
    values: dict[str, Scalar] = field(default_factory=dict)


class Condition(Authored, frozen=True, kw_only=True):
    """When a row says something: its ``column`` has a value, one ``in`` a list, or none (``known: false``)."""

    column: Column
    in_: tuple[str, ...] = field(name="in", default=())
    known: bool = True


class FactMapping(Authored, frozen=True, kw_only=True):
    """One message of a row: a name that intake knows (or a name of your own), its topic, time and fields."""

    event: Annotated[str, Meta(min_length=1, max_length=200, description="Identify, Page Viewed, or a track's name.")]
    topic: TopicName
    when: tuple[Condition, ...] = ()
    at: str | Cell | None = None
    fields: dict[str, str | Cell] = field(default_factory=dict)


class Mapping(Authored, frozen=True, kw_only=True):
    """A whole file: what it is, who a row is about, its ``facts``; or messages that go ``through`` by their type."""

    name: Name
    says: str = ""
    format: Literal["csv", "jsonl"]
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8"
    lead: str = ""
    key: tuple[str, ...] = ()
    facts: tuple[FactMapping, ...] = ()
    through: dict[str, TopicName] = field(default_factory=dict)

    def columns(self) -> set[str]:
        """Every column that the mapping names."""
        cells = [cell for fact in self.facts for cell in (fact.at, *fact.fields.values())]
        named = {cell if isinstance(cell, str) else cell.column for cell in cells if cell is not None}
        return (named | {c.column for fact in self.facts for c in fact.when} | {self.lead, *self.key}) - {""}


def read_mapping(path: Path) -> Mapping | list[Problem]:
    """The mapping that a file holds, or everything that is wrong with it. Warnings alone do not stand in the way."""
    try:
        text = text_of(str(path), path.read_bytes())
    except OSError as error:
        return [Problem(path=str(path), message=f"found no file that can be read ({error.strerror})", rule="mapping")]
    if isinstance(text, list):
        return text
    placed = read_placed(str(path), text, Mapping)
    if isinstance(placed, list):
        return placed
    return sorted(_mistakes(placed)) or placed.value


def _mistakes(placed: Placed[Mapping]) -> Iterator[Problem]:
    mapping = placed.value
    if bool(mapping.facts) == bool(mapping.through):
        yield placed.problem(
            (), "mapping", "expected either facts (columns become messages) or through (lines are messages)"
        )
    for kind in mapping.through.keys() - set(TYPES):
        message = f'found the type "{kind}", expected one of {", ".join(TYPES)}'
        yield placed.problem(("through", kind), "mapping", message)
    if mapping.facts and not mapping.lead:
        yield placed.problem((), "mapping", "found no lead, expected the column that says who a row is about")
    if mapping.through and mapping.format != "jsonl":
        yield placed.problem(
            ("format",), "mapping", f"found {mapping.format}, expected jsonl: messages are lines of JSON"
        )
    try:
        "".encode(mapping.encoding)
    except LookupError:
        yield placed.problem(
            ("encoding",), "mapping", f'found the encoding "{mapping.encoding}", which Python does not know'
        )
    for index, fact in enumerate(mapping.facts):
        yield from _misnamed(placed, index, fact)
        cells = [(("at",), fact.at), *((("fields", name), cell) for name, cell in fact.fields.items())]
        for place, cell in cells:
            if isinstance(cell, Cell):
                yield from _miswritten(placed, ("facts", index, *place), cell)


def _misnamed(placed: Placed[Mapping], index: int, fact: FactMapping) -> Iterator[Problem]:
    """A name of your own is welcome; one that nearly is one of ours is a slip."""
    known = [*EVENTS, IDENTIFY, PAGE]
    by_snake = {snake(name): name for name in known}
    if snake(fact.event) in by_snake:
        return
    if close := difflib.get_close_matches(snake(fact.event), by_snake, n=1, cutoff=0.85):
        message = f'found the event "{fact.event}", did you mean "{by_snake[close[0]]}"? An own name must differ more'
        yield placed.problem(("facts", index, "event"), "event-name", message)


def _miswritten(placed: Placed[Mapping], place: tuple[str | int, ...], cell: Cell) -> Iterator[Problem]:
    if bool(cell.column) == (cell.constant is not None):
        yield placed.problem(place, "mapping", "expected either a column or a constant")
    if cell.format and cell.as_ != "date" and place[-1] != "at":
        yield placed.problem(place, "mapping", "found a format, which is for dates only: add as: date")
    if cell.zone and cell.zone not in available_timezones():
        yield placed.problem(
            (*place, "zone"), "mapping", f'found the zone "{cell.zone}", expected one like Europe/Berlin'
        )
