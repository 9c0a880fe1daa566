"""One worker, and two: how much sooner a backlog is gone, and what a fact then costs. It sets no target."""

import time
from statistics import median
from typing import Any, Final

from tests.bench.facts import facts
from tests.bench.order import Order
from tests.bench.pool import folding, until, workers
from tests.bench.stand import COMPACT, PARTITIONS, Stand, cores, parted, stand
from tests.bench.throughput import Tell

_FACTS: Final = 150_000
_LEADS: Final = 5_000
_ROUNDS: Final = 2


async def scaling(tell: Tell, *, quick: bool) -> dict[str, Any]:
    """Facts a second and microseconds of CPU a fact, by the number of workers: medians of alternating rounds."""
    core, others = cores()
    found: dict[int, list[dict[str, float]]] = {1: [], 2: []}
    async with stand(apart=False) as here:
        for number in range(1 if quick else _ROUNDS):
            for count, own in ((1, [core]), (2, [core, min(others)])):
                found[count].append(await _drain(here, f"{number}-{count}", own))
                tell(f"{count} workers: {found[count][-1]}")
    return {
        "scaling": {
            str(count): {name: median(each[name] for each in rounds) for name in rounds[0]}
            for count, rounds in found.items()
        }
    }


async def _drain(stand: Stand, name: str, cores: list[int]) -> dict[str, float]:
    """All workers fold already when the backlog comes: it is written to them as fast as the broker takes it."""
    source = await stand.fill(f"scaling-{name}-facts", ())
    begun = sum((await stand.ends(source)).values())
    order = Order(
        bootstrap=stand.bootstrap,
        source=source,
        facts=_FACTS,
        partitions=PARTITIONS,
        name=f"scaling-{name}",
        rows=stand.make(f"scaling-{name}-rows", COMPACT),
        folder=stand.folder / name,
        core=cores[0],
    )
    parcels = parted(facts(_FACTS, _LEADS))
    async with workers(order, cores) as group:
        await until(group, lambda lines: folding(lines) and all(line.folding for line in lines))
        await until(group, lambda lines: sum(line.passed for line in lines) >= begun)
        used, started = sum(worker.cpu for worker in group), time.time()
        await stand.pour(source, parcels)
        ended = await until(group, lambda lines: sum(line.passed for line in lines) >= begun + _FACTS)
        used = sum(worker.cpu for worker in group) - used
    return {"facts_per_second": _FACTS / (ended - started), "cpu_microseconds_a_fact": used / _FACTS * 1e6}
