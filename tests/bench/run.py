"""``make bench``: every measurement in turn, as JSON and as tests/bench/RESULTS.md. Numbers come from runs only."""

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from tests.bench.alone import alone
from tests.bench.bulk import bulk
from tests.bench.facts import SEED
from tests.bench.latency import latency
from tests.bench.leads import leads
from tests.bench.machine import commit, machine
from tests.bench.results import write
from tests.bench.scaling import scaling
from tests.bench.shipped import ROOT
from tests.bench.stand import SideFailed
from tests.bench.throughput import throughput

HERE: Final = Path(__file__).parent
KEPT: Final = HERE / "results.json"


class Section(NamedTuple):
    """A measurement, and after how many seconds it has failed: nobody looks on while a whole run goes."""

    measure: Callable[..., Awaitable[dict[str, Any]]]
    longest_s: float


SECTIONS: Final = {
    "throughput": Section(throughput, 1_080),
    "latency": Section(latency, 240),
    "scaling": Section(scaling, 300),
    "leads": Section(leads, 600),
    "bulk": Section(bulk, 420),
    "alone": Section(alone, 120),
}
QUICK: Final = ("throughput", "latency")


def measure(name: str, *, quick: bool) -> dict[str, Any]:
    """The figures of one section, or how it failed; and on what machine, of what commit, when and in what time."""
    began, why, found = time.monotonic(), "", dict[str, Any]()
    try:
        found = asyncio.run(_within(SECTIONS[name], quick=quick))
    except Exception as problem:  # noqa: BLE001  (the other sections are worth having)
        why = f": {type(problem).__name__}: {problem}"
    when = (
        f"{time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())}, in {time.monotonic() - began:.0f} s, of {commit()}{why}"
    )
    _say(f"{name}: {when}")
    about = {"machine": machine(), "seed": SEED, "quick": quick, "measured": {}, "failed": {}}
    about["failed" if why else "measured"] = {name: when}
    return msgspec.to_builtins(found | about)  # type: ignore[no-any-return]


async def _within(section: Section, *, quick: bool) -> dict[str, Any]:
    try:
        async with asyncio.timeout(section.longest_s):
            return await section.measure(_say, quick=quick)
    except TimeoutError as late:
        raise SideFailed(f"not done after {section.longest_s:.0f} s") from late


def beside(before: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """New figures beside those of the sections that were measured earlier; what succeeds has not failed any more."""
    measured = before.get("measured", {}) | new["measured"]
    failed = {name: why for name, why in before.get("failed", {}).items() if name not in new["measured"]}
    return before | new | {"measured": measured, "failed": failed | new["failed"]}


def keep(new: dict[str, Any]) -> None:
    """Into results.json, and from there into RESULTS.md and the README."""
    whole = beside(msgspec.json.decode(KEPT.read_bytes()) if KEPT.exists() else {}, new)
    _write(KEPT, whole)
    write(whole, HERE, ROOT / "README.md")


def _write(file: Path, figures: dict[str, Any]) -> None:
    file.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=2) + b"\n")


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
    for name in asked.only or (QUICK if asked.quick else SECTIONS):
        new = measure(name, quick=asked.quick)
        figures = beside(figures, new)
        if not asked.quick:
            keep(new)
        if asked.json:
            _write(asked.json, figures)
    plain = {name: value for name, value in figures.items() if isinstance(value, float)}
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(plain), indent=2).decode() + "\n")
    sys.exit(bool(figures["failed"]))


if __name__ == "__main__":
    main()
