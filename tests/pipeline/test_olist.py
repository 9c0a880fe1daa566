"""Input that nobody here wrote: the Olist funnel, 8,000 leads and 842 won deals, through the whole pipeline."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agents.local.fleet import totals

OLIST = Path(__file__).parents[3] / "shared" / "data" / "olist"
FILES = {
    "olist-leads": OLIST / "olist_marketing_qualified_leads_dataset.csv",
    "olist-deals": OLIST / "olist_closed_deals_dataset.csv",
}

pytestmark = pytest.mark.skipif(
    not OLIST.exists(),
    reason="the Olist files are not beside the project (../shared/data/olist): they are not ours to ship",
)


def test_every_row_of_both_files_is_accounted_for(pipeline):
    """Rows = rows told + bad rows; facts in = applied + dead letters + duplicates; and history mails nobody."""
    asyncio.run(_ingested(pipeline))


async def _ingested(pipeline):
    now = time.time_ns() // 1_000_000
    async with pipeline(now, NURTURE_CLOCK="wall") as running:
        produced = 0
        for mapping, file in FILES.items():
            told = await asyncio.to_thread(_ingest, running, mapping, file)
            rows = len(file.read_text(encoding="utf-8").splitlines()) - 1
            assert told["rows"] == rows
            assert told["told"] + told["silent"] + told["bad"] == rows
            produced += told["messages"]
        lanes = await asyncio.wait_for(running.pulse.drained(running.fleet, now), 120)
        count = totals(lane for agent in lanes.values() for lane in agent)
        assert count["in"] == produced
        assert produced == count["applied"] + count["dead_letters"] + count.get("duplicates", 0)
        assert count.get("sends_accepted", 0) == 0
        assert not list((running.folder / "mail").rglob("*.eml"))


def _ingest(running, mapping, file):
    env = os.environ | running.env
    command = [sys.executable, "-m", "agents.cli", "ingest", str(file), "--map", mapping, "--json"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])
