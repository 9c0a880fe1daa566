"""Delays as percentiles. It measures nothing, and knows not of what."""

from collections.abc import Sequence

from msgspec import Struct


class Delays(Struct, frozen=True, kw_only=True):
    """Of so many, in seconds."""

    count: int
    p50: float
    p99: float
    p999: float
    most: float


def delays(seconds: Sequence[float]) -> Delays:
    """The percentiles of at least one delay."""
    ordered = sorted(seconds)
    p50, p99, p999 = (percentile(ordered, share) for share in (0.5, 0.99, 0.999))
    return Delays(count=len(ordered), p50=p50, p99=p99, p999=p999, most=ordered[-1])


def percentile(ordered: Sequence[float], share: float) -> float:
    """The least value that so large a share does not pass (nearest rank): always one that was measured."""
    rank = -int(-share * len(ordered) // 1)
    return ordered[max(rank, 1) - 1]
