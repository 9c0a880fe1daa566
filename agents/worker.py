"""The composition root: the one place where a process's parts are made and joined. It decides nothing."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, Final

import structlog
from structlog.typing import FilteringBoundLogger as BoundLogger

from agents.controls import ControlsView
from agents.crowd import CrowdWork
from agents.intake import IntakeWork, lead_id_of
from agents.journey import JourneyWork
from agents.kafka.arrival import arrive
from agents.kafka.clients import client, engine_settings
from agents.kafka.feed import Feed
from agents.kafka.past import FactsBefore
from agents.mail.cap import share
from agents.mail.choose import choose_port
from agents.mail.compose import Composer
from agents.mail.gate import Gate
from agents.mail.meter import Meter
from agents.mail.throttle import Throttle
from agents.policies import Policies
from agents.process.http import STALLED_SECONDS, Health, serve
from agents.process.metrics import Metrics
from agents.process.settings import Settings, SettingsError
from agents.render.renderer import Renderer
from agents.sales import SalesWork
from agents.sender import MOST, SenderWork
from agents.suppression import SuppressionView
from agents.unsubscribe import NO_ENDPOINT, unsubscribe_links
from agents.workplace import Workplace, load_workplace
from schemas import topics
from streams.engine.app import Kind, LaneApp, lane_app
from streams.engine.clock import Clock, SteppedClock, WallClock
from streams.engine.heap import settle

SOURCES: Final = {
    "intake": (topics.LEADS, topics.ENGAGEMENT, topics.SALES_FEEDBACK),
    "journey": (topics.FACTS, topics.CLICKS),
    "sender": (topics.SENDS,),
    "sales": (topics.HANDOFFS,),
}
_ROWS: Final = {
    topics.LEADS: topics.INTAKE_LEADS,
    topics.ENGAGEMENT: topics.INTAKE_ENGAGEMENT,
    topics.SALES_FEEDBACK: topics.INTAKE_SALES,
    topics.FACTS: topics.LEAD_ROWS,
    topics.CLICKS: topics.CLIENTS,
    topics.SENDS: topics.EMAIL_LEDGER,
    topics.HANDOFFS: topics.SALES_QUEUE,
}
_ALSO: Final = {
    "intake": (topics.FACTS, topics.POLICIES, topics.DEAD_LETTERS),
    "journey": (
        *(topics.SENDS, topics.HANDOFFS, topics.DECISIONS),
        *(topics.SUPPRESSIONS, topics.POLICIES, topics.DEAD_LETTERS),
    ),
    "sender": (topics.FACTS, topics.SUPPRESSIONS, topics.CONTROLS, topics.DEAD_LETTERS),
    "sales": (topics.SENDS, topics.DEAD_LETTERS),
}
AGENTS: Final = tuple(SOURCES)
TOPICS: Final = {
    name: {*sources, *(_ROWS[source] for source in sources), *_ALSO[name]} for name, sources in SOURCES.items()
}
_log = structlog.get_logger(__name__)
_PREFIX: Final = "nurture-"
_STOP_S: Final = 25.0
_REQUEST_S: Final = 12.0  # a request to the provider may take 10 s: it may finish before its lane is given away


def must_be_able(name: str, settings: Settings) -> None:
    """Raises SettingsError when an agent would not start with these settings, whatever a broker says; asks none."""
    if name == "sender":
        choose_port(settings)
        _workplace(settings)


async def run_agent(name: str, settings: Settings) -> None:
    """Runs one agent until it is told to stop (TERM, INT) or fails; then raises what it failed of."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    metrics = Metrics(SOURCES[name])
    # a sender waits as long as the provider makes it wait: standing still is no illness there
    health = Health(list, lambda: False, stalled_s=None if name == "sender" else STALLED_SECONDS)
    async with serve(settings, health, metrics) as url:
        log = _log.bind(agent=name, url=url)
        log.info("starting")
        await arrive(settings, TOPICS[name], health.waits_for)
        async with _KINDS[name](settings, metrics) as kinds:
            app = _app(name, kinds, settings, metrics)
            health.watch(app.lanes.status, lambda: app.started and app.lanes.assigned)
            settle()
            await _until_told(app, log)


def _app(name: str, kinds: Sequence[Kind], settings: Settings, metrics: Metrics) -> LaneApp:
    engine = engine_settings(settings)
    clock: Clock = SteppedClock(engine) if settings.clock == "stepped" else WallClock()
    app = lane_app(_PREFIX + name, kinds, engine, clock, metrics)
    metrics.watch(lambda: [*app.lanes.status(), *app.lanes.standbys()])
    return app


async def _until_told(app: LaneApp, log: BoundLogger) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    told, started = asyncio.create_task(stop.wait()), asyncio.create_task(app.start())
    try:
        await asyncio.wait({told, started}, return_when=asyncio.FIRST_COMPLETED)
        if started.done():
            started.result()
            log.info("started")
            await app.wait(told)
    finally:
        started.cancel()
        await _stop(app)
    if app.crash_reason is not None:
        raise app.crash_reason


async def _stop(app: LaneApp) -> None:
    """In order where that is possible; a broker that is gone must not keep a worker alive that was told to go."""
    try:
        async with asyncio.timeout(_STOP_S):
            await app.stop()
    except TimeoutError:
        _log.warning("stopped_without_order", seconds=_STOP_S)


Kinds = Sequence[Kind]


@asynccontextmanager
async def _intake(settings: Settings, _metrics: Metrics) -> AsyncIterator[Kinds]:
    identify = lead_id_of(_key(settings))
    await _must_have_policy(settings)
    make = lambda: IntakeWork(identify, fuse=settings.fuse)  # noqa: E731
    yield [Kind(source, _ROWS[source], make) for source in SOURCES["intake"]]


@asynccontextmanager
async def _journey(settings: Settings, metrics: Metrics) -> AsyncIterator[Kinds]:
    policies = Policies(client(settings))
    before = FactsBefore(client(settings), policies)
    key = _key(settings)
    make = partial(JourneyWork, policies, key, metrics.decided, before, in_force=metrics.in_force, fuse=settings.fuse)
    yield [Kind(topics.FACTS, _ROWS[topics.FACTS], make), Kind(topics.CLICKS, _ROWS[topics.CLICKS], CrowdWork)]


@asynccontextmanager
async def _sender(settings: Settings, metrics: Metrics) -> AsyncIterator[Kinds]:
    workplace = _workplace(settings)
    view, controls = SuppressionView(_key(settings)), ControlsView()
    feeds = (Feed(view, client(settings), topics.SUPPRESSIONS), Feed(controls, client(settings), topics.CONTROLS))
    port, throttle = choose_port(settings), Throttle(settings.sends_per_second)
    meter = Meter(port.name, throttle, controls, view)
    metrics.registry.register(meter)
    link = unsubscribe_links(settings.unsubscribe_url or NO_ENDPOINT, settings.token_key.reveal().encode())
    make = partial(
        SenderWork,
        port=port,
        gate=Gate(view, controls, settings.allow_list),
        composer=Composer(Renderer(workplace), link),
        throttle=throttle,
        meter=meter,
        share=partial(share, settings.daily_cap, settings.partitions),
    )
    async with AsyncExitStack() as stack:
        await port.start()
        stack.push_async_callback(port.close)
        for feed in feeds:
            await feed.start()
            stack.push_async_callback(feed.close)
        yield [Kind(topics.SENDS, _ROWS[topics.SENDS], make, most=MOST, grace_s=_REQUEST_S)]


@asynccontextmanager
async def _sales(_settings: Settings, _metrics: Metrics) -> AsyncIterator[Kinds]:
    yield [Kind(topics.HANDOFFS, _ROWS[topics.HANDOFFS], SalesWork)]


_KINDS: Final[dict[str, Callable[[Settings, Metrics], Any]]] = {
    "intake": _intake,
    "journey": _journey,
    "sender": _sender,
    "sales": _sales,
}


def _workplace(settings: Settings) -> Workplace:
    workplace = load_workplace(settings.templates)
    if isinstance(workplace, list):
        raise SettingsError("\n".join(map(str, workplace)))
    return workplace


def _key(settings: Settings) -> bytes:
    return settings.id_key.reveal().encode()


async def _must_have_policy(settings: Settings) -> None:
    """Facts must not come before the first policy: nobody could say what they weigh."""
    if not await Policies(client(settings)).any():
        raise SettingsError(f'found no policy in {topics.POLICIES}, expected one: run "nurture apply" first')
