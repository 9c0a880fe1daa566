"""What goes into a lane and what comes out, as bytes. It gives no meaning to any of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

Headers = Sequence[tuple[str, bytes]]


class Record(NamedTuple):
    """One source record as fetched; ``timestamp`` is the broker's or producer's, in milliseconds."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Out(NamedTuple):
    """One record to produce inside the lane's transaction; without a partition its key decides (Kafka's default)."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None


class Row(NamedTuple):
    """The new value of a row (None deletes it) and when it wants a tick, in milliseconds (0: never)."""

    value: bytes | None
    due: int = 0


@dataclass
class Batch:
    """Everything that one transaction holds; ``upto`` is the next source offset, None leaves the position alone."""

    rows: dict[bytes, Row] = field(default_factory=dict)
    outs: list[Out] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    upto: int | None = None
