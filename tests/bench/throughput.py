"""Sides beside each other: alternating rounds over the same facts, and ratios round by round. It sets no target."""

import time
from collections.abc import Callable, Sequence
from math import inf
from statistics import median
from typing import Any, Final

from msgspec import Struct

from schemas import topics
from tests.bench.facts import Spread, facts
from tests.bench.span import Spent
from tests.bench.stand import Mark, SideFailed, Stand, stand

SLOW: Final = "stock_faust"  # gets fewer facts, made the same way
NAMES: Final = {
    "quix": "lane_vs_quix",
    "quix_default": "lane_vs_quix_default",
    "stock_faust": "lane_vs_stock_faust",
    "bare": "lane_vs_bare_loop",
    "bytewax": "lane_vs_bytewax",
}
_WARM: Final = 2  # rounds before anything counts: a broker that has just started compiles itself

Tell = Callable[[str], None]
Rounds = dict[str, list[Spent]]


class Load(Struct, frozen=True, kw_only=True):
    """Facts, those that the slow side gets, leads and how they are spread; the sides and the rounds.

    No further round begins ``enough_s`` after the first did: on a slow machine, less of it still says something.
    """

    facts: int
    few: int = 20_000
    leads: int
    spread: Spread
    sides: tuple[str, ...]
    rounds: int
    enough_s: float = inf

    def __str__(self) -> str:
        return f"{self.facts:,} facts, {self.leads:,} leads, {self.spread}"


_ALL: Final = ("lane", "bare", "quix", "quix_default", "bytewax")
_FEWER: Final = ("lane", *_ALL[1:4], SLOW)
QUICK: Final = (
    Load(facts=30_000, few=2_500, leads=5_000, spread="zipf", sides=_FEWER, rounds=2, enough_s=40),  # three minutes
)
FULL: Final = (
    Load(facts=100_000, leads=5_000, spread="zipf", sides=(*_ALL, SLOW), rounds=3),
    Load(facts=100_000, leads=100_000, spread="uniform", sides=_ALL[:4], rounds=2),
    Load(facts=1_000_000, leads=1_000_000, spread="uniform", sides=_ALL[:3], rounds=2),
)


class Ratio(Struct, frozen=True, kw_only=True):
    """How much longer another side takes for a fact than the lane: the median of the rounds, the least, the most."""

    median: float
    least: float
    most: float


async def throughput(tell: Tell, *, quick: bool) -> dict[str, Any]:
    """Every load in turn; the named ratios are those of the first."""
    found: dict[str, Any] = {"throughput": {}}
    async with stand() as here:
        for load in QUICK if quick else FULL:
            rounds = await alternate(here, load, tell)
            wall, cpu, fast = ratios(rounds, "wall"), ratios(rounds, "cpu"), speeds(rounds)
            found["throughput"][str(load)] = {"speeds": fast, "wall": wall, "cpu": cpu, "rounds": rounds}
            for side in wall:
                found.setdefault(NAMES[side], wall[side].median)
                found.setdefault(f"{NAMES[side]}_cpu", cpu[side].median)
            found.setdefault("facts_per_second", fast["lane"]["facts_per_second"])
    return found


async def alternate(stand: Stand, load: Load, tell: Tell) -> Rounds:
    """Every side once a round, in turn. Raises SideFailed unless all that got the same facts decided the same."""
    name = f"bench-{load.facts}-{load.leads}-{load.spread}"
    few = await stand.fill(f"{name}-few", facts(load.few, load.leads, load.spread))
    many = await stand.fill(name, facts(load.facts, load.leads, load.spread))
    marks = {few: set[Mark](), many: set[Mark]()}
    for _ in range(_WARM):
        marks[few].add((await _round(stand, "lane", few))[1])
    found: Rounds = {side: [] for side in load.sides}
    began = time.monotonic()
    for number in range(load.rounds):
        if number and time.monotonic() - began > load.enough_s:
            break
        for side in load.sides if number % 2 == 0 else tuple(reversed(load.sides)):
            source = few if side == SLOW else many
            spent, mark = await _round(stand, side, source)
            marks[source].add(mark)
            found[side].append(spent)
            tell(
                f"{load}: {side:12} {spent.facts / spent.wall:8,.0f} facts/s {spent.cpu / spent.facts * 1e6:6.1f} µs CPU"
            )
    if any(len(each) != 1 for each in marks.values()):
        raise SideFailed(f"the sides did not decide the same: {marks}")
    return found


async def _round(stand: Stand, side: str, source: str) -> tuple[Spent, Mark]:
    since = await stand.ends(topics.DECISIONS)
    spent = await stand.round(side, source)
    return spent, await stand.mark(topics.DECISIONS, since)


def ratios(rounds: Rounds, what: str) -> dict[str, Ratio]:
    """Each other side's wall or CPU time for a fact divided by the lane's, round by round."""
    found = {}
    for side, spent in rounds.items():
        if side != "lane":
            each = [_each(other, what) / _each(lane, what) for other, lane in zip(spent, rounds["lane"], strict=True)]
            found[side] = Ratio(median=median(each), least=min(each), most=max(each))
    return found


def _each(spent: Spent, what: str) -> float:
    seconds: float = getattr(spent, what)
    return seconds / spent.facts


def speeds(rounds: Rounds) -> dict[str, dict[str, Any]]:
    """Facts a second (median and each round's), microseconds of CPU a fact (median), and the most MiB of each side."""
    return {side: _speed(spent) for side, spent in rounds.items()}


def _speed(spent: Sequence[Spent]) -> dict[str, Any]:
    each = [one.facts / one.wall for one in spent]
    return {
        "facts_per_second": median(each),
        "least": min(each),
        "most": max(each),
        "cpu_microseconds": median(_each(one, "cpu") for one in spent) * 1e6,
        "rss_mib": max(one.rss for one in spent),
    }
