"""``make bench``: every measurement in turn, as JSON and as tests/bench/RESULTS.md. Numbers come from runs only."""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from tests.bench.machine import machine
from tests.bench.stand import Stand, stand
from tests.bench.throughput import SIDES, SLOW, Load, alternate, ratios, speeds

Figures = dict[str, Any]
_NAMES = {"quix": "lane_vs_quix", "quix_default": "lane_vs_quix_default", "bare": "lane_vs_bare_loop"}
_NAMES |= {"stock_faust": "lane_vs_stock_faust", "bytewax": "lane_vs_bytewax"}

QUICK = (Load(facts=40_000, leads=5_000, spread="zipf", least=2, seconds=60),)
FULL = (
    Load(facts=100_000, leads=5_000, spread="zipf", most=7),
    Load(facts=100_000, leads=5_000, spread="uniform", least=3, most=3),
    Load(facts=1_000_000, leads=100_000, spread="zipf", least=1, most=1),
)


async def measure(*, quick: bool) -> Figures:
    """All figures by name."""
    figures: Figures = {"machine": machine(), "quick": quick}
    async with stand() as here:
        figures |= await _throughput(here, quick=quick)
    return figures


async def _throughput(here: Stand, *, quick: bool) -> Figures:
    slow = Load(facts=5_000 if quick else 20_000, leads=1_000, spread="zipf", least=2, most=2)
    found: Figures = {"throughput": {}}
    for load, sides in (*((load, SIDES) for load in (QUICK if quick else FULL)), (slow, ("lane", SLOW))):
        rounds = await alternate(here, load, sides, _say)
        wall, cpu = ratios(rounds, "wall"), ratios(rounds, "cpu")
        found["throughput"][str(load)] = {"speeds": speeds(rounds), "wall": wall, "cpu": cpu, "rounds": rounds}
        for side in wall:
            found.setdefault(_NAMES[side], wall[side].median)
            found.setdefault(f"{_NAMES[side]}_cpu", cpu[side].median)
        found.setdefault("facts_per_second", speeds(rounds)["lane"]["facts_per_second"])
    return found


def _say(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stderr.flush()


def main() -> None:
    """The command behind ``make bench``."""
    parser = argparse.ArgumentParser(description="Measure the engine beside its peers.")
    parser.add_argument("--quick", action="store_true", help="under three minutes")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    asked = parser.parse_args()
    figures = asyncio.run(measure(quick=asked.quick))
    text = msgspec.json.format(msgspec.json.encode(figures), indent=2)
    if asked.json:
        asked.json.write_bytes(text + b"\n")
    plain = {name: value for name, value in figures.items() if isinstance(value, float)}
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(plain), indent=2).decode() + "\n")


if __name__ == "__main__":
    main()
