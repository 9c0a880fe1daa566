"""The demo: a broker, every agent, weeks in a minute, and the accounts at the end. The code path is production's."""

import asyncio
import heapq
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

from msgspec import Struct

from agents.kafka.brokers import Broker, apache_kafka, embedded
from agents.kafka.clients import client, producer
from agents.kafka.topics import create_topics
from agents.local import reactions
from agents.local.accounts import Accounts, Lanes, settle
from agents.local.fleet import Fleet
from agents.local.people import Person, people
from agents.local.pulse import Pulse
from agents.local.world import START, Event, stream
from agents.policies import apply
from agents.process.settings import read_settings
from agents.workplace import Workplace
from schemas import topics
from schemas.ledger import LedgerEntry
from schemas.queue import QueueItem
from schemas.units import DAY, HOUR, MINUTE
from streams.ledger import HANDOFF_NOTICE

STEP: Final = 6 * HOUR
_PARTITIONS: Final = 2


class Plan(Struct, frozen=True, kw_only=True):
    """What the demo is asked to do."""

    folder: Path
    templates: Path
    broker: str = "embedded"
    leads: int = 640
    weeks: int = 4
    seed: int = 7


class Progress(Struct, frozen=True, kw_only=True):
    """Where the demo stands after one step of its clock."""

    clock: int
    done: float
    accounts: Accounts
    entries: list[LedgerEntry]
    items: list[QueueItem]


Tell = Callable[[Progress], None]


@contextmanager
def started_broker(plan: Plan) -> Iterator[Broker]:
    """The broker that was asked for: the embedded one, or Apache Kafka."""
    folder = plan.folder / "broker"
    with apache_kafka(folder=folder) if plan.broker == "kafka" else embedded(folder) as broker:
        yield broker


def environment(plan: Plan, bootstrap: str) -> dict[str, str]:
    """The settings of every process of the demo. Its keys are made up each time."""
    return {
        "NURTURE_BOOTSTRAP": bootstrap,
        "NURTURE_PARTITIONS": str(_PARTITIONS),
        "NURTURE_DATA_DIR": str(plan.folder / "data"),
        "NURTURE_TEMPLATES": str(plan.templates),
        "NURTURE_MAIL_PORT": "folder",
        "NURTURE_MAIL_FOLDER": str(plan.folder / "mail"),
        "NURTURE_CLOCK": "stepped",
        "NURTURE_UNSUBSCRIBE_URL": "https://www.wattlark.example/u",
        "NURTURE_TOKEN_KEY_FILE": _key(plan.folder / "token.key"),
        "NURTURE_ID_KEY_FILE": _key(plan.folder / "id.key"),
        "NURTURE_LOG_FORMAT": "console",
    }


def _key(file: Path) -> str:
    """Makes a key up; settings take secrets from files or variables, never from YAML."""
    file.touch(mode=0o600)
    file.write_text(secrets.token_hex(32), encoding="utf-8")
    return str(file)


class Demo:
    """Moves the stepped clock, publishes what happens, and lets people answer what they really got."""

    def __init__(self, plan: Plan, fleet: Fleet, pulse: Pulse, out: Any) -> None:
        self._plan = plan
        self._fleet = fleet
        self._pulse = pulse
        self._out = out
        self._people: dict[str, Person] = {p.id: p for p in people(plan.leads, Random(plan.seed))}
        self._coming: list[Event] = stream(plan.leads, plan.weeks, plan.seed)
        self._published = 0
        self._known: set[str] = set()
        self._handoffs: dict[str, str] = {}

    async def run(self, tell: Tell) -> Accounts:
        """All weeks, step by step. Raises FleetError when an agent ends."""
        started, end = time.monotonic(), START + self._plan.weeks * 7 * DAY
        for clock in range(START + STEP, end + STEP, STEP):
            await self._step(clock)
            lanes = await self._pulse.drained(self._fleet, clock)
            entries, items = await self._pulse.news()
            self._react(entries, items)
            accounts = self._settled(lanes, time.monotonic() - started)
            done = (clock - START) / (end - START)
            tell(Progress(clock=clock, done=done, accounts=accounts, entries=entries, items=items))
        return accounts

    def _settled(self, lanes: Lanes, seconds: float) -> Accounts:
        return settle(
            lanes,
            published=self._published,
            leads=len(self._known),
            seconds=seconds,
            states=self._handoffs.values(),
            revived=self._fleet.revived,
        )

    async def _step(self, clock: int) -> None:
        """First the clock, then what happened until then, so that nothing is seen before it happened."""
        await self._out.send_and_wait(topics.CLOCK, b"%d" % clock, key=b"clock")
        acks = []
        while self._coming and self._coming[0].at <= clock:
            event = heapq.heappop(self._coming)
            acks.append(await self._out.send(event.topic, event.value, key=event.key.encode()))
            self._published += 1
            if event.topic == topics.LEADS:
                self._known.add(event.key)
        await asyncio.gather(*acks)

    def _react(self, entries: list[LedgerEntry], items: list[QueueItem]) -> None:
        """Leads answer mail, reps answer handoffs: each once, some time later."""
        seed = self._plan.seed
        for entry in entries:
            if entry.state == "accepted" and entry.lead_id in self._people and entry.email != HANDOFF_NOTICE:
                self._expect(reactions.to_mail(entry, self._people[entry.lead_id], seed))
        for item in items:
            self._handoffs[item.handoff_id] = item.state
            if item.state == "open":
                self._expect(reactions.to_handoff(item, self._people[item.lead_id], seed))

    def _expect(self, events: Iterator[Event]) -> None:
        for event in events:
            heapq.heappush(self._coming, event)


async def run_demo(
    plan: Plan,
    workplace: Workplace,
    bootstrap: str,
    told: Callable[[Fleet], Tell],
    finished: Callable[[Accounts], Awaitable[None]],
) -> Accounts:
    """Everything from topics to accounts on a broker that runs.

    ``told`` learns where to look and hears the progress; ``finished`` is awaited while everything still runs.
    """
    env = environment(plan, bootstrap)
    _keep(env, plan.folder / "settings.yaml")
    settings = read_settings(env)
    create_topics(settings)
    options = client(settings)
    await apply(options, workplace.policy, settings.partitions, START - MINUTE)
    async with producer(options) as out:
        await out.send_and_wait(topics.CLOCK, b"%d" % START, key=b"clock")
        async with (
            Fleet(plan.folder, env, revives=plan.broker == "kafka") as fleet,
            Pulse(options, settings.partitions) as pulse,
        ):
            await fleet.ready()
            accounts = await Demo(plan, fleet, pulse, out).run(told(fleet))
            await finished(accounts)
            return accounts


def _keep(env: dict[str, str], file: Path) -> None:
    """So that a second terminal can look in: ``NURTURE_SETTINGS=… nurture queue list``."""
    lines = (f"{name.removeprefix('NURTURE_').lower()}: {json.dumps(value)}" for name, value in env.items())
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
