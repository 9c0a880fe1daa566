"""What a side is told: where the facts are, how many, and names that nobody has used before. It starts nothing."""

import sys
from pathlib import Path

import msgspec
from msgspec import Struct


class Order(Struct, frozen=True, kw_only=True):
    """One round of one side; ``name`` is the group, ``rows`` the changelog (a side may make its own)."""

    bootstrap: str
    source: str
    facts: int
    partitions: int
    name: str
    rows: str
    folder: Path
    core: int
    most: int = 4_000


def taken() -> Order:
    """The order of this process: its only argument."""
    return msgspec.json.decode(sys.argv[1], type=Order, dec_hook=lambda kind, value: kind(value))


def written(order: Order) -> str:
    """The order as an argument."""
    return msgspec.json.encode(order, enc_hook=str).decode()
