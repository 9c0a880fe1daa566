"""How sure shares of two groups are, and how many leads that takes. Plain arithmetic; it knows no leads and no mail."""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Final

from msgspec import Struct

Z: Final = NormalDist().inv_cdf(0.975)
"""Of a two-sided question at 5 %."""
POWER: Final = 0.8
SUSPECT: Final = 0.001
"""A split that is this unlikely is a fault, not chance (the bound that large experimenters use)."""


class Difference(Struct, frozen=True, kw_only=True):
    """By how much one group's share is above the other's, and the interval that holds the truth 95 times of 100."""

    by: float
    low: float
    high: float

    @property
    def certain(self) -> bool:
        """Whether no difference at all is outside the interval."""
        return self.low > 0 or self.high < 0


def interval(hits: int, of: int) -> tuple[float, float]:
    """A share's interval after Wilson (1927), which stays within 0 and 1 and says something of small numbers too."""
    share, spread = hits / of, Z * Z / of
    middle = (share + spread / 2) / (1 + spread)
    margin = Z * math.sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return max(0.0, middle - margin), min(1.0, middle + margin)


def difference(hits: int, of: int, other_hits: int, of_others: int) -> Difference | None:
    """The first share less the other, its interval after Newcombe (1998, method 10). None when a group is empty."""
    if not of or not of_others:
        return None
    here, there = hits / of, other_hits / of_others
    low, high = interval(hits, of)
    other_low, other_high = interval(other_hits, of_others)
    return Difference(
        by=here - there,
        low=max(-1.0, here - there - math.hypot(here - low, other_high - there)),
        high=min(1.0, here - there + math.hypot(high - here, there - other_low)),
    )


def leads_needed(share: float, better: float, times: float = 1) -> int:
    """Leads in the smaller of two groups, to tell ``better`` from its ``share`` at 5 % with 80 % power.

    The other group is so many ``times`` as large (Fleiss 1981, 3.18 and 3.20, without continuity correction).
    """
    mean = (share + times * better) / (1 + times)
    by_chance = Z * math.sqrt((1 + times) * mean * (1 - mean))
    found = NormalDist().inv_cdf(POWER) * math.sqrt(times * share * (1 - share) + better * (1 - better))
    return math.ceil(((by_chance + found) / (better - share)) ** 2 / times)


def split_chance(counts: Sequence[int], weights: Sequence[float]) -> float:
    """How likely leads part by ``weights`` as unevenly as ``counts`` (Pearson's chi-squared): tiny means a fault."""
    total, whole = sum(counts), sum(weights)
    if not total or len(counts) < 2:
        return 1.0
    wanted = [total * weight / whole for weight in weights]
    return above(sum((n - want) ** 2 / want for n, want in zip(counts, wanted, strict=True)), len(counts) - 1)


def above(value: float, freedom: int) -> float:
    """The chance of a chi-squared beyond ``value``: finite sums (Abramowitz and Stegun, 26.4.4 and 26.4.5)."""
    half = value / 2
    if freedom % 2:
        powers = sum(math.pow(half, k - 0.5) / math.gamma(k + 0.5) for k in range(1, (freedom + 1) // 2))
        return math.erfc(math.sqrt(half)) + math.exp(-half) * powers
    return math.exp(-half) * sum(math.pow(half, k) / math.factorial(k) for k in range(freedom // 2))
