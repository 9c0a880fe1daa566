"""What leads cost who only exist: recovery, memory, the price of a fact among many, timers that wait. It sets no target."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any, Final

from msgspec.structs import replace

from schemas import topics
from schemas.codec import decode_fact, encode_lead
from schemas.facts import Fact, Tick
from schemas.lead import Lead
from schemas.policy import policy_hash
from schemas.units import DAY, WEEK
from streams.engine.partition import partition_of
from streams.engine.recovery import BIRTH, DUE
from streams.journey.compiled import Compiled
from streams.journey.decide import decide
from tests.bench.delays import delays
from tests.bench.facts import SECOND, SPAN, START, facts
from tests.bench.order import Order
from tests.bench.pool import Worker, folding, until, workers
from tests.bench.shipped import workplace
from tests.bench.stand import COMPACT, PARTITIONS, Stand, parted, stand
from tests.bench.throughput import Tell

COUNTS: Final = (5_000, 100_000, 1_000_000)
QUICK: Final = (5_000,)
_TRAFFIC: Final = 100_000
_CHARACTERS: Final = 2_000
_QUIET_S: Final = 6.0
_DUE_S: Final = 5.0
_FEW: Final = 500  # leads that are due in those seconds
_PART: Final = 50_000
Row = tuple[bytes, bytes] | tuple[bytes, bytes, tuple[str, bytes]]


async def leads(tell: Tell, *, quick: bool) -> dict[str, Any]:
    """The same traffic among few leads and many."""
    found: dict[str, Any] = {}
    for count in QUICK if quick else COUNTS:
        async with stand() as here:
            found[str(count)] = await _among(here, count)
        tell(f"{count:,} leads: {found[str(count)]}")
    return {"leads": found}


async def _among(stand: Stand, count: int) -> dict[str, Any]:
    """A worker without a folder takes over so many leads, waits, gives out what is due, then folds facts of them."""
    source = await stand.fill("among-facts", ())
    begun = sum((await stand.ends(source)).values())
    rows = stand.make("among-rows", COMPACT)
    for first in range(0, count, _PART):
        await stand.pour(rows, leads_rows(first, min(count, first + _PART), count))
    order = Order(
        bootstrap=stand.bootstrap,
        source=source,
        facts=_TRAFFIC,
        partitions=PARTITIONS,
        name="among",
        rows=rows,
        folder=stand.folder / "among",
        core=stand.core,
    )
    since, began = await stand.ends(topics.FACTS), time.time()
    async with workers(order, [stand.core]) as [worker]:
        found: dict[str, Any] = {"recovery_seconds": await until([worker], folding) - began}
        found["recovered_mib"] = worker.resident
        found |= await _waiting(stand, worker, since)
        told = facts(_TRAFFIC, count, introduce=False, span=DAY)
        used, started = worker.cpu, time.time()
        await stand.pour(source, parted(told))
        ended = await until([worker], lambda lines: lines[0].passed >= begun + len(told))
        return found | {
            "cpu_microseconds_a_fact": (worker.cpu - used) / len(told) * 1e6,
            "facts_per_second": len(told) / (ended - started),
            "peak_mib": worker.last.rss,
        }


async def _waiting(stand: Stand, worker: Worker, since: Any) -> dict[str, Any]:
    """Seconds in which nothing is due, then some in which few are."""
    used = worker.cpu
    await asyncio.sleep(_QUIET_S)
    quiet, used = worker.cpu - used, worker.cpu
    await asyncio.sleep(_DUE_S)
    busy = worker.cpu - used
    late = [
        (fact.seen - fact.due) / SECOND
        for value in await stand.values(topics.FACTS, since)
        if isinstance(fact := decode_fact(value), Tick)
    ]
    return {
        "cpu_percent_nothing_due": 100 * quiet / _QUIET_S,
        "cpu_percent_few_due": 100 * busy / _DUE_S,
        "ticks": len(late),
        "tick_late_seconds": delays(late),
    }


def leads_rows(first: int, last: int, count: int) -> list[list[Row]]:
    """Rows of leads ``first`` to ``last`` by partition, behind a birth when they are the first ones."""
    name = policy_hash(workplace().policy)
    parts: list[list[Row]] = [
        [(BIRTH, b"bench"), (b"\0policy", name.encode())] if not first else [] for _ in range(PARTITIONS)
    ]
    for number in range(first, last):
        lead = replace(_character(number), id=f"lead-{number:07}", due=_due(number, count))
        key = lead.id.encode()
        parts[partition_of(key, PARTITIONS)].append((key, encode_lead(lead), (DUE, lead.due.to_bytes(8, "big"))))
    return parts


def _due(number: int, count: int) -> int:
    """Some day later; for few, evenly spread, soon after the quiet seconds."""
    every = count // _FEW
    if number % every:
        return START + DAY + number * 7919 % WEEK
    return START + int(SECOND * (_QUIET_S + number / count * (_DUE_S - 1)))


_known: list[Lead] = []


def _character(number: int) -> Lead:
    """One of two thousand leads with a past."""
    if not _known:
        _known.extend(_lived())
    return _known[number % len(_known)]


def _lived() -> Iterator[Lead]:
    policy = Compiled(workplace().policy)
    found: dict[str, Lead] = {}
    for told in facts(20 * _CHARACTERS, _CHARACTERS, start=START - SPAN):
        fact: Fact = decode_fact(told.value)  # type: ignore[assignment]
        found[fact.lead_id], _ = decide(found.get(fact.lead_id) or Lead(id=fact.lead_id), fact, policy)
    yield from found.values()
