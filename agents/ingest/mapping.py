"""A mapping file as its shape, or everything that is wrong with it. It reads no rows."""

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zoneinfo import available_timezones

from agents.segment.grammar import EVENTS, TYPES
from agents.segment.values import snake
from schemas.facts import LeadCreated
from schemas.lifecycle import reserved
from schemas.mapping import Cell, FactMapping, Mapping
from schemas.problem import Problem
from schemas.read import Placed, read_placed, text_of
from schemas.topics import ENGAGEMENT, LEADS, SALES_FEEDBACK
from schemas.units import from_iso

TOPICS: Final = {"leads": LEADS, "engagement": ENGAGEMENT, "sales-feedback": SALES_FEEDBACK}
IDENTIFY: Final = "Identify"
PAGE: Final = "Page Viewed"


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
    if mapping.facts and not mapping.lead and not mapping.row_is_lead:
        message = (
            "found no lead, expected the column that says who a row is about, or row_is_lead: true where none does"
        )
        yield placed.problem((), "mapping", message)
    if mapping.lead and mapping.row_is_lead:
        yield placed.problem(("row_is_lead",), "mapping", "found a lead too, expected one of lead and row_is_lead")
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
        yield from _taken(placed, index, fact)
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


def _taken(placed: Placed[Mapping], index: int, fact: FactMapping) -> Iterator[Problem]:
    """What is said of the lead goes by names that are free; an event's own properties have names of their own."""
    of_the_lead = {snake(name) for name in (IDENTIFY, *(name for name in EVENTS if EVENTS[name] is LeadCreated))}
    for name in fact.fields if snake(fact.event) in of_the_lead else ():
        if message := reserved(snake(name)):
            yield placed.problem(("facts", index, "fields", name), "reserved-field", message)


def _miswritten(placed: Placed[Mapping], place: tuple[str | int, ...], cell: Cell) -> Iterator[Problem]:
    dated = place[-1] == "at"
    if [bool(cell.column), cell.constant is not None, bool(cell.by_row)].count(True) != 1:
        either = "a column, a constant or by_row" if dated else "a column or a constant"
        yield placed.problem(place, "mapping", f"expected either {either}")
    if cell.by_row and not _iso(cell.by_row):
        message = f'found "{cell.by_row}", expected the day of the first row, like 2024-01-31'
        yield placed.problem((*place, "by_row"), "mapping", message)
    if cell.by_row and not dated:
        yield placed.problem(place, "mapping", "found by_row, which is for at: only")
    if cell.format and cell.as_ != "date" and not dated:
        yield placed.problem(place, "mapping", "found a format, which is for dates only: add as: date")
    if cell.zone and cell.zone not in available_timezones():
        yield placed.problem(
            (*place, "zone"), "mapping", f'found the zone "{cell.zone}", expected one like Europe/Berlin'
        )


def _iso(text: str) -> bool:
    try:
        from_iso(text)
    except ValueError:
        return False
    return True
