"""How the thread that talks to the brokers ends: in order where that is possible, and soon in any case."""

import asyncio
import threading

import pytest

from streams.engine import reader
from streams.engine.app import lane_app
from streams.engine.clock import WallClock
from streams.engine.observe import Silence
from streams.engine.reader import LaneThread
from streams.engine.settings import EngineSettings


class Member:
    """A consumer that leaves its group when it may, and otherwise waits, as aiokafka does in a join that is held."""

    def __init__(self, *, held):
        self.held, self.left, self.cut_by = held, False, []
        self._client = self._coordinator = self

    async def start(self):
        """It is one."""

    async def stop(self):
        """Leave, in order."""
        await asyncio.sleep(3_600 if self.held else 0)
        self.left = True

    async def close(self):
        """Cut its connections."""
        self.cut_by.append(threading.current_thread())


@pytest.mark.parametrize("held", [True, False])
def test_a_group_that_rebalances_holds_nobody_back(tmp_path, monkeypatch, held):
    """Who cannot leave in order within a few seconds goes without; no other thread touches its connections."""
    member = Member(held=held)
    monkeypatch.setattr(LaneThread, "_create_worker_consumer", lambda *_: member)
    monkeypatch.setattr(reader, "_LEAVE_S", 0.05 if held else 60)

    async def scenario():
        settings = EngineSettings(bootstrap="127.0.0.1:1", data_dir=tmp_path)
        app = lane_app("leaving", [], settings, WallClock(), Silence())
        thread = app.consumer._new_consumer_thread()
        await thread.start()
        thread.close()  # as Faust does when a rebalance finds the worker on its way out
        async with asyncio.timeout(30):
            await thread.stop()
        return thread._thread

    its_own = asyncio.run(scenario())
    assert (member.left, member.cut_by) == (not held, [its_own] if held else [])
