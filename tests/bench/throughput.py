"""Sides beside each other: alternating rounds over the same facts, and ratios round by round. It says no target."""

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Final

from msgspec import Struct

from schemas import topics
from tests.bench.facts import Spread, facts
from tests.bench.span import Spent
from tests.bench.stand import Mark, SideFailed, Stand

SIDES: Final = ("lane", "bare", "quix", "quix_default", "bytewax")
SLOW: Final = "stock_faust"  # gets fewer facts, beside a lane with as few

Tell = Callable[[str], None]


class Load(Struct, frozen=True, kw_only=True):
    """Facts, leads and how they are spread; rounds at least and at most, and seconds after which no round begins."""

    facts: int
    leads: int
    spread: Spread
    least: int = 3
    most: int = 5
    seconds: float = 300.0

    def __str__(self) -> str:
        return f"{self.facts:,} facts, {self.leads:,} leads, {self.spread}"


class Ratio(Struct, frozen=True, kw_only=True):
    """How much longer another side takes than the lane: the median of the rounds, and the least and the most."""

    median: float
    least: float
    most: float


Rounds = dict[str, list[Spent]]


async def alternate(stand: Stand, load: Load, sides: Sequence[str], tell: Tell) -> Rounds:
    """Every side once a round, in turn. Raises SideFailed unless all of them decided the same."""
    source = f"bench-facts-{load.facts}-{load.leads}-{load.spread}"
    if not stand.has(source):
        await stand.fill(source, facts(load.facts, load.leads, load.spread))
    found: Rounds = {side: [] for side in sides}
    marks: dict[str, Mark] = {}
    until = time.monotonic() + load.seconds
    for number in range(load.most):
        if number >= load.least and time.monotonic() > until:
            break
        for side in sides if number % 2 == 0 else tuple(reversed(sides)):
            since = await stand.ends(topics.DECISIONS)
            spent = await stand.round(side, source)
            marks[side] = await stand.mark(topics.DECISIONS, since)
            found[side].append(spent)
            tell(
                f"{load}: {side:12} {spent.facts / spent.wall:10,.0f} facts/s {spent.cpu / spent.facts * 1e6:8.1f} µs CPU"
            )
    if len(set(marks.values())) != 1:
        raise SideFailed(f"the sides did not decide the same: {marks}")
    return found


def ratios(rounds: Rounds, what: str) -> dict[str, Ratio]:
    """Each other side's wall or CPU time divided by the lane's, round by round."""
    found = {}
    for side in rounds:
        if side != "lane":
            pairs = zip(rounds[side], rounds["lane"], strict=True)
            each = [getattr(other, what) / getattr(lane, what) for other, lane in pairs]
            found[side] = Ratio(median=median(each), least=min(each), most=max(each))
    return found


def speeds(rounds: Rounds) -> dict[str, dict[str, float]]:
    """Facts a second, microseconds of CPU a fact, and MiB of each side: medians."""
    return {
        side: {
            "facts_per_second": median(s.facts / s.wall for s in spent),
            "cpu_microseconds": median(s.cpu / s.facts * 1e6 for s in spent),
            "rss_mib": max(s.rss for s in spent),
        }
        for side, spent in rounds.items()
    }
