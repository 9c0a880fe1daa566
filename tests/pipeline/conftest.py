"""A whole pipeline for a test: a broker of its own (topics have fixed names), every agent in a process, a clock to move."""

import asyncio
import os
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agents.kafka.brokers import BrokerError, apache_kafka, embedded
from agents.kafka.clients import client, producer
from agents.kafka.topics import create_topics
from agents.local.demo import Plan, environment
from agents.local.fleet import Fleet
from agents.local.pulse import Pulse
from agents.policies import apply
from agents.process.settings import read_settings
from agents.workplace import load_workplace
from schemas import topics

TEMPLATES = Path(__file__).parents[2] / "templates"


class Pipeline:
    """What a story needs: publish, move the clock, wait until all is drained."""

    def __init__(self, folder, env, fleet, pulse, out):
        self.folder, self.env, self.fleet, self.pulse, self.out = folder, env, fleet, pulse, out
        self.options = client(read_settings(env))

    async def at(self, clock, *records):
        """Moves the clock, publishes (topic, key, value) records, and returns the lanes once drained."""
        await self.out.send_and_wait(topics.CLOCK, b"%d" % clock, key=b"clock")
        for topic, key, value in records:
            await self.out.send_and_wait(topic, value, key=key.encode())
        return await asyncio.wait_for(self.pulse.drained(self.fleet, clock), 60)


@pytest.fixture
def own_broker():
    """A fresh Apache Kafka; with CI=true nothing else will do."""
    try:
        broker = apache_kafka()
    except BrokerError:
        if os.environ.get("CI") == "true":
            raise
        broker = embedded()
    with broker:
        yield broker


@pytest.fixture
def pipeline(own_broker, tmp_path):
    """A function that opens the pipeline at a moment (ms, stepped) or on the wall's clock."""

    @asynccontextmanager
    async def opened(begins, **more):
        env = environment(Plan(folder=tmp_path, templates=TEMPLATES), own_broker.bootstrap) | more
        settings = read_settings(env)
        create_topics(settings)
        workplace = load_workplace(TEMPLATES)
        await apply(client(settings), workplace.policy, settings.partitions, begins)
        async with producer(client(settings)) as out:
            await out.send_and_wait(topics.CLOCK, b"%d" % begins, key=b"clock")
            async with Fleet(tmp_path, env) as fleet, Pulse(client(settings), settings.partitions) as pulse:
                await fleet.ready()
                yield Pipeline(tmp_path, env, fleet, pulse, out)

    return opened
