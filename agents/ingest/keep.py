"""Messages as facts in a file, for replay and backtest, without a broker. It maps nothing: intake's grammar did."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from msgspec.structs import replace

from agents.history import writing
from agents.ingest.messages import Message
from schemas.codec import encode


class FactsFile:
    """A sink of JSON lines. Each fact counts as seen when it happened: of a history nobody knows more."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out

    async def pour(self, messages: Sequence[Message]) -> None:
        """Writes the facts that intake would make of the messages."""
        self._out.writelines(encode(replace(message.fact, seen=message.fact.at)) + b"\n" for message in messages)


@contextmanager
def facts_file(path: Path) -> Iterator[FactsFile]:
    """A sink on a file, gzipped when its name ends in .gz. The file appears when it is complete."""
    with writing(path) as out:
        yield FactsFile(out)
