"""``/metrics``, ``/live``, ``/ready``, ``/lanes``: what a worker says of itself over HTTP. It takes no orders."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CONTENT_TYPE_LATEST

from agents.process.metrics import Metrics
from agents.process.settings import Settings, SettingsError
from streams.engine.status import LaneStatus

PATHS: Final = ("/metrics", "/live", "/ready", "/lanes")
STALLED_SECONDS: Final = 300.0
Status = Callable[[], Sequence[LaneStatus]]


class Health:
    """The truth about a worker. ``stalled_s``: how long a lane may stand before records that wait; None: for ever."""

    def __init__(
        self,
        status: Status,
        started: Callable[[], bool],
        *,
        stalled_s: float | None = STALLED_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.status, self._started, self._stalled_s, self._clock = status, started, stalled_s, clock
        self._waits_for = "the app has not started"
        self._waits: dict[tuple[str, int], tuple[int, float]] = {}

    def watch(self, status: Status, started: Callable[[], bool]) -> None:
        """From now on judge these lanes."""
        self.status, self._started = status, started

    def waits_for(self, why: str) -> None:
        """Why the start takes so long."""
        self._waits_for = why

    def not_ready(self) -> list[str]:
        """Why this worker does not work yet; nothing when it does."""
        if not self._started():
            return [self._waits_for]
        return [f"{_name(lane)} is {lane.state}" for lane in self.status() if lane.state != "folding"]

    def not_alive(self) -> list[str]:
        """Which lanes stand still. That somebody answers at all shows that the event loop turns."""
        now, waits = self._clock(), {}
        for lane in self.status():
            if lane.lag > 0 and lane.state == "folding":
                place = (lane.topic, lane.partition)
                position, since = self._waits.get(place, (lane.position, now))
                waits[place] = (lane.position, since if position == lane.position else now)
        self._waits = waits
        limit = float("inf") if self._stalled_s is None else self._stalled_s
        return [
            f"{topic}-{partition} has stood at offset {position} for {now - since:.0f} s with records before it"
            for (topic, partition), (position, since) in waits.items()
            if now - since > limit
        ]


@asynccontextmanager
async def serve(settings: Settings, health: Health, metrics: Metrics) -> AsyncIterator[str]:
    """Listen on NURTURE_HTTP_HOST and NURTURE_HTTP_PORT; gives the address. Raises SettingsError when it is taken."""
    runner = web.AppRunner(_app(health, metrics), access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await _listen(runner, settings)
        host, port = runner.addresses[0][:2]
        yield f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, settings: Settings) -> None:
    try:
        await web.TCPSite(runner, settings.http_host, settings.http_port).start()
    except OSError as error:
        where = f"{settings.http_host}:{settings.http_port} (NURTURE_HTTP_HOST, NURTURE_HTTP_PORT)"
        raise SettingsError(f"cannot listen on {where}: {error.strerror}; 0 takes any free port") from error


def _app(health: Health, metrics: Metrics) -> web.Application:
    async def show_metrics(_: web.Request) -> web.Response:
        return web.Response(body=metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def live(_: web.Request) -> web.Response:
        return _verdict("live", health.not_alive())

    async def ready(_: web.Request) -> web.Response:
        return _verdict("ready", health.not_ready())

    async def lanes(_: web.Request) -> web.Response:
        return _json(health.status())

    app = web.Application(middlewares=[_uniform])
    app.add_routes(
        [web.get(path, handler) for path, handler in zip(PATHS, (show_metrics, live, ready, lanes), strict=True)]
    )
    return app


@web.middleware
async def _uniform(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever is not here looks the same, and says what is."""
    try:
        return await handler(request)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        return _json({"found": "nothing here", "paths": PATHS}, status=404)


def _verdict(word: str, why_not: Sequence[str]) -> web.Response:
    return _json({word: not why_not, "why": why_not}, status=503 if why_not else 200)


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json", status=status)


def _name(lane: LaneStatus) -> str:
    return f"{lane.topic}-{lane.partition}"
