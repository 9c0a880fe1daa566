"""Live traffic while ``nurture ingest`` pours in a large file: how much later it is decided. It sets no target."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from schemas import topics
from tests.bench import traffic
from tests.bench.live import Live, command, environment, live
from tests.bench.shipped import ROOT
from tests.bench.stand import SideFailed, stand
from tests.bench.throughput import Tell
from tests.bench.traffic import Event

_IMPORTED: Final = 100_000
_LEADS: Final = 1_000
_RATE: Final = 100
_BEFORE_S: Final = 10
_LONGEST_S: Final = 150
_MAPPING: Final = """\
name: bulk
format: csv
lead: id
facts:
  - event: Lead Created
    topic: leads
    fields: {email: email, company: company, country: country, employees: {column: employees, as: number}}
"""


async def bulk(tell: Tell, *, quick: bool) -> dict[str, Any]:
    """Delays of live events without an import and beside one, and how long the import took."""
    count = _IMPORTED // 20 if quick else _IMPORTED
    async with stand(apart=False) as here, live(here, _LEADS) as agents:
        before = await agents.hear(topics.ENGAGEMENT, traffic.messages(_RATE * _BEFORE_S, _LEADS), _RATE)
        importing = asyncio.create_task(_import(agents, count))
        beside = await agents.hear(topics.ENGAGEMENT, _until_done(importing), _RATE)
        found = {"leads": count, "before": before.decided, "beside": beside.decided, "seconds": await importing}
    tell(f"bulk import: {found}")
    return {"bulk": found}


def _until_done(importing: "asyncio.Task[float]") -> Iterator[Event]:
    """Live events from before the first row until after the last fact of the file."""
    for event in traffic.messages(_RATE * _LONGEST_S, _LEADS):
        yield event
        if importing.done():
            return


async def _import(agents: Live, count: int) -> float:
    """Seconds from the first row until a lead that came after the last one was decided about."""
    folder, began = agents.stand.folder, time.time()
    file, mapping = folder / "bulk.csv", folder / "bulk.yaml"
    await asyncio.to_thread(_write, file, mapping, count)
    process = await asyncio.create_subprocess_exec(
        *command("ingest", str(file), "--map", str(mapping)),
        cwd=ROOT,
        env=environment(agents.stand, agents.fake.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise SideFailed(f"the import ended with {process.returncode}: {said.decode(errors='replace')[-500:]}")
    poured = time.time() - began
    await asyncio.sleep(5)
    return poured


def _write(file: Path, mapping: Path, count: int) -> None:
    mapping.write_text(_MAPPING, encoding="utf-8")
    rows = (f"bulk-{n:06},bulk.{n}@firm-{n % 997}.example,Firm {n % 997},DE,{20 + n % 900}\n" for n in range(count))
    file.write_text("id,email,company,country,employees\n" + "".join(rows), encoding="utf-8")
