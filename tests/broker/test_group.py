"""The worker and its group: whoever is not taken says why and goes, instead of waiting for ever in silence."""

import asyncio

import pytest

from streams.engine.clock import WallClock
from streams.engine.problem import Refused
from tests.broker import lane_worker as lab
from tests.broker.test_lane import until


@pytest.mark.parametrize("session_s", [0.5, 3_000])
def test_a_session_that_the_broker_does_not_allow_is_refused(broker, unique, tmp_path, session_s):
    """Too short or too long for the broker: one sentence that names the setting and the broker's bounds."""
    lab.create(broker, unique)

    async def scenario():
        app = lab.an_app(broker, unique, tmp_path, WallClock(), session_timeout_s=session_s, heartbeat_s=0.1)
        async with lab.running(app):
            await until(lambda: app.should_stop)
        return app.crash_reason

    refused = asyncio.run(scenario())
    assert isinstance(refused, Refused)
    assert str(refused).startswith(f"the group app-{unique} does not take this worker (InvalidSessionTimeoutError")
    assert "NURTURE_SESSION_TIMEOUT_S" in str(refused)
    assert "\n" not in str(refused)
