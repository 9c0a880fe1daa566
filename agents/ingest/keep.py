"""Messages as facts in a file, for replay and backtest, without a broker. It maps nothing: intake's grammar does."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from msgspec.structs import replace

from agents.history import writing
from agents.ingest.messages import Message
from agents.segment import to_fact
from schemas.codec import encode
from schemas.problem import Rejected


class FactsFile:
    """A sink of JSON lines. Each fact counts as seen when it happened: of a history nobody knows more."""

    def __init__(self, out: IO[bytes], identify: Callable[[str], str], now: int) -> None:
        self._out = out
        self._identify = identify
        self._now = now

    async def pour(self, messages: Sequence[Message]) -> None:
        """Writes the facts that intake would make of the messages."""
        for message in messages:
            fact = to_fact(message.value, self._now, self._identify)
            if not isinstance(fact, Rejected):  # the scribe has asked already: it pours nothing that intake refuses
                self._out.write(encode(replace(fact, seen=fact.at)) + b"\n")


@contextmanager
def facts_file(path: Path, identify: Callable[[str], str], now: int) -> Iterator[FactsFile]:
    """A sink on a file, gzipped when its name ends in .gz. The file appears when it is complete."""
    with writing(path) as out:
        yield FactsFile(out, identify, now)
