"""``make bench``: every measurement in turn, as JSON and as tests/bench/RESULTS.md. Numbers come from runs only."""

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.bench.alone import alone
from tests.bench.bulk import bulk
from tests.bench.facts import SEED
from tests.bench.latency import latency
from tests.bench.leads import leads
from tests.bench.machine import machine
from tests.bench.results import write
from tests.bench.scaling import scaling
from tests.bench.shipped import ROOT
from tests.bench.throughput import throughput

HERE: Final = Path(__file__).parent
SECTIONS: Final = {
    "throughput": throughput,
    "latency": latency,
    "scaling": scaling,
    "leads": leads,
    "bulk": bulk,
    "alone": alone,
}
QUICK: Final = ("throughput", "latency")
KEPT: Final = HERE / "results.json"


async def measure(names: Sequence[str], *, quick: bool) -> dict[str, Any]:
    """The figures of these sections by name."""
    figures: dict[str, Any] = {"machine": machine(), "seed": SEED, "quick": quick, "measured": {}}
    for name in names:
        began = time.monotonic()
        figures |= await SECTIONS[name](_say, quick=quick)
        now, took = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), round(time.monotonic() - began)
        figures["measured"][name] = f"{now}, in {took} s"
        _say(f"{name}: {took} s")
    return figures


def keep(figures: dict[str, Any]) -> None:
    """Into results.json, beside the sections that were measured earlier, and from there into RESULTS.md."""
    before = msgspec.json.decode(KEPT.read_bytes()) if KEPT.exists() else {}
    new = msgspec.to_builtins(figures)
    whole = before | new | {"measured": before.get("measured", {}) | new["measured"]}
    KEPT.write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n")
    write(whole, HERE, ROOT / "README.md")


def _say(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stderr.flush()


def main() -> None:
    """The command behind ``make bench``."""
    parser = argparse.ArgumentParser(description="Measure the engine beside its peers.")
    parser.add_argument("--quick", action="store_true", help="under three minutes, and RESULTS.md stays as it is")
    parser.add_argument("--only", choices=SECTIONS, action="append", help="one section; others keep their figures")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    asked = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a new topic has no leader for a moment
    figures = asyncio.run(measure(asked.only or (QUICK if asked.quick else tuple(SECTIONS)), quick=asked.quick))
    text = msgspec.json.format(msgspec.json.encode(figures), indent=2)
    if asked.json:
        asked.json.write_bytes(text + b"\n")
    if not asked.quick:
        keep(figures)
    plain = {name: value for name, value in figures.items() if isinstance(value, float)}
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(plain), indent=2).decode() + "\n")


if __name__ == "__main__":
    main()
