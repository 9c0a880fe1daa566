"""Files of facts, looked through once: their order, their end, each lead's outcomes. It holds no fact in memory."""

import shutil
import tempfile
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

import msgspec

from agents.backtest.labels import OUTCOMES, Past
from agents.history import BROKEN, HistoryError, misdated, opened, unreadable, without_leads
from schemas import facts as f
from schemas.codec import decode_fact
from schemas.facts import FACTS, Fact, tag_of
from schemas.problem import Rejected
from schemas.sales import RejectReason

_OTHERS: Final = frozenset({tag_of(f.Tick), tag_of(f.PolicyApplied)})  # neither is about what a lead did
_PLACE_BITS: Final = 48
_TELL_EACH: Final = 4_096


class _Glimpse(msgspec.Struct, gc=False):
    """As much of a fact as its place in the history depends on."""

    type: str
    lead_id: str
    at: int
    seen: int
    reason: str = ""


_glimpse: Final = msgspec.json.Decoder(_Glimpse).decode
Tell = Callable[[int], None]


class History:
    """Facts in order of ``seen`` (the files' order where it is the same), read from disk each time they are asked for.

    Memory: 16 bytes a fact and 200 a lead. Gzipped files are unpacked into a temporary one. A context manager.
    """

    def __init__(self, files: Sequence[Path], reasons: Mapping[str, RejectReason], tell: Tell) -> None:
        self.files = files
        self.pasts: dict[str, Past] = {}
        self.end = 0
        self.kinds: Counter[str] = Counter()
        self._seen, self._places = array("q"), array("q")
        self._open: list[IO[bytes]] = []
        try:
            for file in files:
                self._survey(file, reasons, tell)
            self._refuse_nothing()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the files."""
        for file in self._open:
            file.close()

    def __len__(self) -> int:
        """How many facts there are about leads; ticks do not count."""
        return len(self._seen)

    def facts(self, tell: Tell) -> Iterator[Fact]:
        """Every fact about a lead; ``tell`` hears how many are behind us. Raises HistoryError with file and line."""
        for number, place in enumerate(self._in_order()):
            if not number % _TELL_EACH:
                tell(number)
            fact = decode_fact(self._line(place))
            if isinstance(fact, Rejected):
                raise HistoryError(f"{self._where(place)}: {fact.detail}")
            yield fact

    def _refuse_nothing(self) -> None:
        if not self.pasts:
            raise without_leads(*self.files)

    def _in_order(self) -> Sequence[int]:
        if all(earlier <= later for earlier, later in pairwise(self._seen)):
            return self._places
        order = sorted(range(len(self._seen)), key=self._seen.__getitem__)
        return array("q", (self._places[n] for n in order))

    def _line(self, place: int) -> bytes:
        file, offset = self._open[place >> _PLACE_BITS], place & ((1 << _PLACE_BITS) - 1)
        if file.tell() != offset:
            file.seek(offset)
        return file.readline()

    def _survey(self, file: Path, reasons: Mapping[str, RejectReason], tell: Tell) -> None:
        lines, base = _opened(file), len(self._open) << _PLACE_BITS
        self._open.append(lines)
        offset = lines.tell()
        for number, line in enumerate(lines, 1):
            if line.strip():
                self._note(_seen_in(line, file, number), base + offset, reasons)
            offset += len(line)
            if not number % _TELL_EACH:
                tell(len(self._seen))

    def _note(self, fact: _Glimpse, place: int, reasons: Mapping[str, RejectReason]) -> None:
        if fact.type in _OTHERS:
            return
        self.kinds[fact.type] += 1
        self._seen.append(fact.seen)
        self._places.append(place)
        self.end = max(self.end, fact.seen)
        past = self.pasts.get(fact.lead_id)
        if past is None:
            past = self.pasts[fact.lead_id] = Past(fact.seen, len(self.pasts))
        past.first = min(past.first, fact.seen)
        if fact.type in OUTCOMES:
            past.note(fact.type, fact.seen, fact.reason, reasons)

    def _where(self, place: int) -> str:
        number, offset = place >> _PLACE_BITS, place & ((1 << _PLACE_BITS) - 1)
        with _opened(self.files[number]) as file:
            line = file.read(offset - file.tell()).count(b"\n") + 1
        return f"{self.files[number]}:{line}"


def _seen_in(line: bytes, file: Path, number: int) -> _Glimpse:
    try:
        fact = _glimpse(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        fact = None
    if fact is None or fact.type not in FACTS:
        whole = decode_fact(line)
        detail = whole.detail if isinstance(whole, Rejected) else "found no fact"
        raise HistoryError(f"{file}:{number}: {detail}")
    if message := misdated(fact.at, fact.seen):
        raise HistoryError(f"{file}:{number}: {message}")
    return fact


def _opened(file: Path) -> IO[bytes]:
    """The file itself, or what a gzipped one holds."""
    try:
        lines = opened(file)
        return _unpacked(lines) if file.suffix == ".gz" else lines
    except BROKEN as error:
        raise unreadable(file, error) from error


def _unpacked(lines: IO[bytes]) -> IO[bytes]:
    unpacked: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - History.close
    try:
        with lines:
            shutil.copyfileobj(lines, unpacked, 1 << 20)
    except BROKEN:
        unpacked.close()
        raise
    unpacked.seek(0)
    return unpacked
