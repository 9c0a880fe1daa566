"""One cell of a row, read as its mapping says. It knows no message and no file."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from agents.segment.values import RefusedError, flag, kind_of, looks_like_an_address, moment
from schemas.mapping import Cell, Condition
from schemas.units import iso

_UNIT: Final = re.compile(r"^([+-]?)[$€£¥₹]|[$€£¥₹%]$")  # says what is counted, not how much
_NUMBER: Final = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?")


class CellError(Exception):
    """A cell that is not what the mapping says: column, what was found, what was expected."""

    def __init__(self, column: str, value: object, expected: str) -> None:
        super().__init__(f'column "{column}": found {shown(value)}, expected {expected}')


def shown(value: object) -> str:
    """A value as a report may show it: short, and no address."""
    if not isinstance(value, str):
        return kind_of(value)
    text = "".join(letter if letter.isprintable() else "�" for letter in value[:40])
    return "an e-mail address" if looks_like_an_address(value) else f'"{text}"'


def plain(row: dict[str, Any], column: str) -> Any:
    """What a row holds in a column, None when nothing; in JSON, ``company.name`` is the name inside the company."""
    value = row.get(column)
    if value is None and "." in column:
        outer, _, inner = column.partition(".")
        within = row.get(outer)
        return plain(within, inner) if isinstance(within, dict) else None
    return (value.strip() or None) if isinstance(value, str) else value


def holds(row: dict[str, Any], condition: Condition) -> bool:
    """Whether a row meets a condition; numbers and booleans of JSON are compared as JSON writes them."""
    value = plain(row, condition.column)
    if condition.in_:
        return (str(value).lower() if isinstance(value, bool) else str(value)) in condition.in_
    return (value is not None) == condition.known


def value_of(row: dict[str, Any], cell: str | Cell) -> Any:
    """The value of a field, None when it has none. Raises CellError."""
    if isinstance(cell, str):
        return _line(plain(row, cell))
    if cell.constant is not None:
        return cell.constant
    value = plain(row, cell.column)
    if isinstance(value, str) and value in cell.values:
        return cell.values[value]
    return None if value is None else _READERS[cell.as_](cell, value)


def time_of(cell: Cell, value: object) -> int:
    """A cell as a time in milliseconds: by its format in its zone, else ISO 8601 or an epoch. Raises CellError."""
    try:
        if not cell.format:
            return moment(value, cell.column)
        when = datetime.strptime(str(value), cell.format)  # noqa: DTZ007 - the zone comes next
        aware = when if when.tzinfo else when.replace(tzinfo=_zone(cell.zone or "UTC"))
        return moment(round(aware.timestamp()) * 1000, cell.column)
    except (ValueError, OverflowError, RefusedError):
        raise CellError(cell.column, value, f"a time like {cell.format or 'ISO 8601'} after 1999") from None


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _line(value: Any) -> Any:
    """A text on one line: in a quoted cell, line ends are usual and mean nothing."""
    return " ".join(value.split()) if isinstance(value, str) and not value.isprintable() else value


def _number(cell: Cell, value: object) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    thousands = "." if cell.decimal == "," else ","
    bare = _UNIT.sub(r"\1", "".join(str(value).split()))
    text = bare.replace(thousands, "").replace(cell.decimal, ".")
    if not _NUMBER.fullmatch(text):
        raise CellError(cell.column, value, f"a number like 1234{cell.decimal}5 (values: says what words stand for)")
    return float(text) if "." in text else int(text)


def _yes_no(cell: Cell, value: object) -> bool:
    try:
        return flag(value, cell.column)
    except RefusedError:
        raise CellError(cell.column, value, "yes or no (say with values: what other words stand for)") from None


_READERS: Final[dict[str, Callable[[Cell, Any], Any]]] = {
    "text": lambda _, value: _line(value),
    "number": _number,
    "yes_no": _yes_no,
    "date": lambda cell, value: iso(time_of(cell, value)),
}
