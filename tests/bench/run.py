"""``make bench``: every measurement in turn, as JSON and as tests/bench/RESULTS.md. Numbers come from runs only."""

import argparse
import asyncio
import logging
import sys
import time
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


def measure(name: str, *, quick: bool) -> dict[str, Any]:
    """The figures of one section, and where, when and in what time they were measured."""
    began = time.monotonic()
    found = asyncio.run(SECTIONS[name](_say, quick=quick))
    now, took = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), round(time.monotonic() - began)
    _say(f"{name}: {took} s")
    about = {"machine": machine(), "seed": SEED, "quick": quick, "measured": {name: f"{now}, in {took} s"}}
    return msgspec.to_builtins(found | about)  # type: ignore[no-any-return]


def beside(before: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """New figures beside those of the sections that were measured earlier."""
    return before | new | {"measured": before.get("measured", {}) | new["measured"]}


def keep(new: dict[str, Any]) -> None:
    """Into results.json, and from there into RESULTS.md and the README."""
    whole = beside(msgspec.json.decode(KEPT.read_bytes()) if KEPT.exists() else {}, new)
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
    figures: dict[str, Any] = {}
    failed = False
    for name in asked.only or (QUICK if asked.quick else SECTIONS):
        try:
            new = measure(name, quick=asked.quick)
        except Exception as problem:  # noqa: BLE001  (the other sections are worth having)
            _say(f"{name}: {problem!r}")
            failed = True
            continue
        figures = beside(figures, new)
        if not asked.quick:
            keep(new)
        if asked.json:
            asked.json.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=2) + b"\n")
    plain = {name: value for name, value in figures.items() if isinstance(value, float)}
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(plain), indent=2).decode() + "\n")
    sys.exit(failed)


if __name__ == "__main__":
    main()
