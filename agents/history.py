"""Facts as a history: out of a JSON-lines file, and into one. It folds nothing."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from msgspec import Struct

from schemas.codec import decode_fact
from schemas.facts import Fact, PolicyApplied
from schemas.problem import Rejected, UserError
from schemas.units import DAY

BROKEN: Final = (EOFError, OSError, zlib.error)  # whatever a file may raise that is gone, cut off or spoilt
_GZIP: Final = ".gz"
_YEAR_2000: Final = 946_684_800_000
_YEAR_2100: Final = 4_102_444_800_000


class Range(Struct, frozen=True):
    """Facts seen from ``since`` on and before ``until`` (ms); policies that were applied before it belong to it."""

    since: int = 0
    until: int = _YEAR_2100

    def holds(self, fact: Fact) -> bool:
        """Whether a fact belongs to it."""
        return fact.seen < self.until and (fact.seen >= self.since or isinstance(fact, PolicyApplied))


ALL: Final = Range()


class HistoryError(UserError):
    """A facts file that cannot be read: the place, what was found, what was expected."""


def read_facts(file: Path, only: Range = ALL) -> Iterator[Fact]:
    """The facts of a JSON-lines file in a range, in its order. Raises HistoryError with file and line."""
    newest: dict[str, int] = {}
    try:
        with opened(file) as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    fact = _fact(line, file, number)
                    if message := misdated(fact.at, fact.seen) or _disordered(fact, newest):
                        raise HistoryError(f"{file}:{number}: {message}")
                    if only.holds(fact):
                        yield fact
    except BROKEN as error:
        raise unreadable(file, error) from error


def opened(file: Path) -> IO[bytes]:
    """A file of facts (gzipped or not), read from behind its byte order mark. Raises one of BROKEN, or HistoryError."""
    if file.name.endswith((".csv", ".csv.gz")):
        raise HistoryError(
            f"{file}: found a table, expected facts: make them with nurture ingest {file.name} --map MAPPING --to FACTS"
        )
    lines: Any = _open(file, "rb")
    try:
        if lines.peek(len(codecs.BOM_UTF8)).startswith(codecs.BOM_UTF8):
            lines.read(len(codecs.BOM_UTF8))
    except BROKEN:
        lines.close()
        raise
    return lines  # type: ignore[no-any-return]


def unreadable(file: Path, error: Exception) -> HistoryError:
    """What one of BROKEN says of a file."""
    return HistoryError(f"{file}: cannot be read ({getattr(error, 'strerror', None) or error})")


def without_leads(*files: Path) -> HistoryError:
    """There is nothing to fold."""
    place = ", ".join(map(str, files))
    return HistoryError(f"{place}: found no fact about a lead, expected JSON lines as nurture export writes them")


def _fact(line: bytes, file: Path, number: int) -> Fact:
    fact = decode_fact(line)
    if isinstance(fact, Rejected):
        raise HistoryError(f"{file}:{number}: {fact.detail}")
    return fact


def misdated(at: int, seen: int) -> str:
    """What is wrong with the times of a fact, as intake would not have let them pass; empty when nothing is."""
    if not _YEAR_2000 <= min(at, seen) <= max(at, seen) < _YEAR_2100:
        return (
            f"found the times {at} and {seen}, expected milliseconds between the years 2000 and 2100: correct the line"
        )
    if at > seen + DAY:
        days = f"{(at - seen) / DAY:,.1f} days"
        return (
            f"found a fact that happened {days} after it was seen, expected at most 1: correct its at or leave it out"
        )
    return ""


def _disordered(fact: Fact, newest: dict[str, int]) -> str:
    """Within a day facts may overtake one another on their way; a file that is turned round tells another history."""
    before = newest.get(fact.lead_id, 0)
    if isinstance(fact, PolicyApplied) or fact.seen >= before - DAY:
        newest[fact.lead_id] = max(before, fact.seen)
        return ""
    days = f"{(before - fact.seen) / DAY:,.1f} days"
    return f"found a fact seen {days} before one of the same lead above it, expected at most 1: sort the lines by seen"


@contextmanager
def writing(file: Path) -> Iterator[IO[bytes]]:
    """A file to write (gzipped when its name ends in .gz), which appears when it is complete. Raises HistoryError."""
    part = file.with_name(f".{file.name}.part")
    try:
        with _open(part, "wb", like=file) as out:
            yield out
        part.replace(file)
    except OSError as error:
        raise HistoryError(f"{file}: cannot be written ({error.strerror or error})") from error
    finally:
        part.unlink(missing_ok=True)


def _open(file: Path, mode: str, like: Path | None = None) -> IO[bytes]:
    zipped = (like or file).suffix == _GZIP
    return gzip.open(file, mode) if zipped else file.open(mode)  # type: ignore[return-value]
