"""What a lane's rows hold, as shapes; a row that another release wrote is refused by name. It knows no shape itself."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from schemas.problem import UserError
from streams.engine.lane import Lane
from streams.engine.problem import Refused

_T = TypeVar("_T")


def kept(lane: Lane, rows: Iterable[tuple[bytes, bytes]], decode: Callable[[bytes], _T]) -> dict[bytes, _T]:
    """Shapes by key. Raises Refused for a row that this release cannot read: nothing is folded without it."""
    found = {}
    for key, row in rows:
        try:
            found[key] = decode(row)
        except (UserError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refused(
                f'{lane.topic}[{lane.partition}]: found the row "{key.decode(errors="replace")}" of another release'
                f" ({error.__cause__ or error}), expected one of this: run the release that wrote it, or a newer one"
            ) from error
    return found
