"""A file from its first row to its last: rows into messages, messages into a sink, every row accounted for."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from agents.ingest.messages import Message, Scribe
from agents.ingest.pour import Sink
from agents.ingest.rows import BadRow, rows_of
from schemas.facts import tag_of
from schemas.mapping import Mapping

_AT_ONCE: Final = 2_000  # messages in memory, whatever the size of the file


class Tally(Struct):
    """What became of a file: every row is ``told`` (one message or more), ``silent`` (nothing to say) or ``bad``.

    A file that is not ``whole`` ended in the middle.
    """

    rows: int = 0
    told: int = 0
    silent: int = 0
    bad: int = 0
    messages: int = 0
    whole: bool = True
    topics: Counter[str] = field(default_factory=Counter)
    facts: Counter[str] = field(default_factory=Counter)

    def count(self, said: list[Message] | BadRow) -> None:
        """One more row."""
        self.rows += 1
        if isinstance(said, BadRow):
            self.bad += 1
            self.whole = not said.last
            return
        self.told += bool(said)
        self.silent += not said
        self.messages += len(said)
        self.topics.update(message.topic for message in said)
        self.facts.update(tag_of(type(message.fact)) for message in said)


class Ears(Struct, frozen=True):
    """Who listens meanwhile: ``tell`` hears the bytes that are behind us, ``complain`` every bad row."""

    tell: Callable[[int], None]
    complain: Callable[[BadRow], None]


async def ingest_file(path: Path, mapping: Mapping, scribe: Scribe, sink: Sink, ears: Ears) -> Tally:
    """Pours a whole file and counts it. Raises UnreadableError (the file), PourError (the broker)."""
    tally, waiting = Tally(), list[Message]()
    for row in rows_of(path, mapping, ears.tell):
        said = row if isinstance(row, BadRow) else scribe.messages(row)
        tally.count(said)
        if isinstance(said, BadRow):
            ears.complain(said)
            continue
        waiting += said
        if len(waiting) >= _AT_ONCE:
            await sink.pour(waiting)
            waiting = []
    if waiting:
        await sink.pour(waiting)
    return tally
