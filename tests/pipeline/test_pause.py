"""``nurture pause`` and ``resume`` against running senders."""

import asyncio
import os
import subprocess
import sys

from tests.pipeline.test_ledger import form, mailing, metric, now, nurture, read_ledger, until


async def turned(running, *words):
    """A command as an operator types it."""
    command, env = [sys.executable, "-m", "agents.cli", *words], os.environ | running.env
    await asyncio.to_thread(subprocess.run, command, env=env, capture_output=True, text=True, check=True)


def test_what_is_paused_waits_and_goes_within_ten_seconds_of_being_resumed(pipeline):
    """The e-mail that a lead asked for waits in the ledger and says why; resumed, it is sent once."""
    asyncio.run(_paused(pipeline))


async def _paused(pipeline):
    async with mailing(pipeline) as (running, fake):
        await turned(running, "pause", "email/pricing-sheet", "--why", "a wrong price", "--by", "ines")
        await nurture(running, "stop", "--why", "so that we know it is known", "--yes")
        async with asyncio.timeout(10):  # switches are one topic, in order: who knows the second knows the first
            while await metric(running, "nurture_kill_switch_state") == 0:  # noqa: ASYNC110  (another process tells)
                await asyncio.sleep(0.1)
        await nurture(running, "go")
        async with asyncio.timeout(10):
            while await metric(running, "nurture_kill_switch_state") == 1:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        await running.at(now(), form(1))
        [entry] = (await read_ledger(running.options)).entries
        assert (entry.state, entry.email) == ("planned", "pricing-sheet")
        assert "ines paused pricing-sheet (a wrong price)" in entry.detail
        assert not fake.asked
        await turned(running, "resume", "pricing-sheet", "--by", "ines")
        await until(running, entry.send_key, "accepted", 10)
        assert fake.accepted() == {entry.send_key: 1}
