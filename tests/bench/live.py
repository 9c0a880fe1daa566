"""The real agents, each a process as ``nurture run`` starts it, and what they do with live traffic. It sets no target."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from agents.kafka.brokers import end_with_us
from schemas import topics
from tests.bench import traffic
from tests.bench.delays import Delays, delays
from tests.bench.shipped import ROOT
from tests.bench.stand import PARTITIONS, SideFailed, Stand, last_words
from tests.bench.traffic import Event, drive
from tests.fakes.sendgrid import KEY, FakeSendGrid

_AGENTS: Final = ("intake", "journey", "sender")
_PATIENCE_S: Final = 120.0
_LOOK_S: Final = 0.05
_WARM_S, _WARM_RATE = 15, 1_000  # a broker that has just started compiles itself


class Decided(Struct):
    """What we read of a decision."""

    because: str = ""


_decided: Final = msgspec.json.Decoder(Decided).decode


class Heard(NamedTuple):
    """How long after it was due to leave each form was decided, and each mail accepted."""

    decided: Delays
    accepted: Delays


class Live:
    """Agents that run, the provider that they mail to, and when each decision was seen (seconds since 1970)."""

    def __init__(self, stand: Stand, fake: FakeSendGrid) -> None:
        self.stand, self.fake = stand, fake
        self.seen: dict[str, float] = {}

    async def watch(self, started: asyncio.Event) -> None:
        """Reads decisions as anybody would: committed ones only."""
        since = await self.stand.ends(topics.DECISIONS)
        async with self.stand.reading(isolation_level="read_committed", fetch_max_wait_ms=50) as reader:
            reader.assign(list(since))
            for part, offset in since.items():
                reader.seek(part, offset)
            started.set()
            while True:
                found = await reader.getmany(timeout_ms=1_000)
                now = time.time()
                for records in found.values():
                    for record in records:
                        self.seen.setdefault(_decided(record.value).because, now)

    async def hear(self, topic: str, events: Iterable[Event], rate: float) -> Heard:
        """Traffic at this rate into this topic; returns once everything that was asked for has come."""
        asked = await self.answer(topic, events, rate)
        mailed = [(event.send_key, due) for event, due in asked if event.send_key]
        accepted = self.accepted()
        return Heard(
            delays([self.seen[event.id] - due for event, due in asked]),
            delays([accepted[key] - due for key, due in mailed]),
        )

    async def answer(self, topic: str, events: Iterable[Event], rate: float) -> list[tuple[Event, float]]:
        """Those that ask for something, and when they were to leave, once all of it has come."""
        asked = [(event, due) for event, due in await drive(self.stand.bootstrap, topic, events, rate) if event.asks]
        mails = {event.send_key for event, _ in asked if event.send_key}
        await self.until(lambda: all(event.id in self.seen for event, _ in asked), "decisions")
        await self.until(lambda: self.accepted().keys() >= mails, "accepted mails")
        return asked

    def accepted(self) -> Mapping[str, float]:
        """When the provider took each mail."""
        return {taken.send_key: taken.at for taken in self.fake.taken}

    async def until(self, met: Callable[[], bool], what: str) -> None:
        """Raises SideFailed with what did not come."""
        deadline = time.monotonic() + _PATIENCE_S
        while not met():
            if time.monotonic() > deadline:
                raise SideFailed(f"waited {_PATIENCE_S:.0f} s for {what}, and some did not come")
            await asyncio.sleep(_LOOK_S)


@asynccontextmanager
async def live(stand: Stand, leads: int) -> AsyncIterator[Live]:
    """Agents that have met so many leads, and have mailed some of them: everything is warm."""
    async with FakeSendGrid() as fake, AsyncExitStack() as stack:
        env = environment(stand, fake.url)
        for name in _AGENTS:
            await stack.enter_async_context(_agent(name, env, stand))
        here, started = Live(stand, fake), asyncio.Event()
        watching = asyncio.create_task(here.watch(started))
        try:
            await started.wait()
            await here.answer(topics.LEADS, traffic.introductions(leads), 2_000)
            await here.hear(topics.ENGAGEMENT, traffic.messages(_WARM_S * _WARM_RATE, leads), _WARM_RATE)
            yield here
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


def environment(stand: Stand, provider: str) -> dict[str, str]:
    """How the agents, and the command line, find everything here. Nobody but invented addresses can be mailed."""
    ours = {
        "BOOTSTRAP": stand.bootstrap,
        "PARTITIONS": str(PARTITIONS),
        "DATA_DIR": str(stand.folder / "agents"),
        "TEMPLATES": str(ROOT / "templates"),
        "MAIL_PORT": "sendgrid",
        "SENDGRID_HOST": provider,
        "SENDGRID_KEY": KEY,
        "ALLOW_LIST": traffic.ADDRESS,
        "ID_KEY": "0" * 32,
        "TOKEN_KEY": "0" * 32,
        "LOG_LEVEL": "warning",
    }
    return os.environ | {f"NURTURE_{name}": value for name, value in ours.items()}


@asynccontextmanager
async def _agent(name: str, env: Mapping[str, str], stand: Stand) -> AsyncIterator[None]:
    log = stand.folder / f"{name}.log"
    with log.open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            *command("run", name),
            cwd=ROOT,
            env={**env, "NURTURE_DATA_DIR": f"{env['NURTURE_DATA_DIR']}/{name}"},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    guard = end_with_us(process.pid)
    try:
        yield
        if process.returncode is not None:
            raise SideFailed(f"the {name} ended with {process.returncode}: {last_words(log.read_bytes())}")
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        guard.kill()
        guard.wait()


def command(*words: str) -> tuple[str, ...]:
    """``nurture`` with these words, from this environment and this tree."""
    return sys.executable, "-m", "agents.cli", *words
