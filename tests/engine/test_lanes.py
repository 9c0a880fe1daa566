"""What all lanes of a worker need: when it ends, the worker ends with what it ended of."""

import asyncio

import pytest

from streams.engine.clock import SteppedClock, _moment
from streams.engine.lanes import Lanes
from streams.engine.observe import Silence
from streams.engine.problem import Refused
from streams.engine.settings import EngineSettings


class Stopped(SteppedClock):
    """A clock of which somebody asks the time, or follows the topic, in vain."""

    broken = "now"

    def now(self):
        return self._strike("now")

    async def _read(self):
        self._strike("_read")
        await asyncio.Event().wait()

    def _strike(self, what):
        if what == self.broken:
            raise ZeroDivisionError(what)
        return 0


@pytest.mark.parametrize("broken", ["now", "_read"])
def test_no_lane_is_left_without_a_clock(monkeypatch, tmp_path, broken):
    """Who looks at the clock for all lanes, or follows it, does not end in silence: the worker goes."""
    monkeypatch.setattr(Stopped, "broken", broken)

    async def scenario():
        crashed = asyncio.get_running_loop().create_future()

        async def crash(bug):
            crashed.set_result(bug)

        async def ours():
            return True

        settings = EngineSettings(bootstrap="127.0.0.1:1", data_dir=tmp_path)
        lanes = Lanes(
            app="app", kinds=[], settings=settings, clock=Stopped(settings), observe=Silence(), ours=ours, crash=crash
        )
        await lanes.assign(())
        async with asyncio.timeout(30):
            bug = await crashed
        await lanes.close()
        return bug

    assert repr(asyncio.run(scenario())) == f"ZeroDivisionError('{broken}')"


@pytest.mark.parametrize("value", [b"noon", None])
def test_a_clock_that_holds_no_time_is_named(value):
    """What is no number of milliseconds is refused with what was found."""
    with pytest.raises(Refused, match=rf"clock topic holds {value!r}, expected milliseconds"):
        _moment(value)
