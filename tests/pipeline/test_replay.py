"""Replay is live: what the running pipeline concluded, a fold of its exported facts concludes again, byte by byte."""

import asyncio
import json
from random import Random

from click.testing import CliRunner

from agents.cli import main
from agents.history import Range, read_facts
from agents.kafka.clients import read_newest
from agents.kafka.live import export
from agents.local.demo import Demo, Plan
from agents.local.world import START
from agents.policies import Policies
from agents.report.run import WITHIN, fold, report
from schemas import topics
from schemas.codec import decode_lead
from schemas.units import DAY, iso
from streams.journey.explain import explain
from streams.journey.replay import digest, replay
from tests.pipeline.conftest import TEMPLATES


def test_replaying_the_exported_facts_gives_the_live_rows(pipeline, tmp_path):
    """A week of sixty leads through Kafka: same digest, same rows, each lead's points add up, and so does its mail."""
    asyncio.run(_compared(pipeline, tmp_path))


def until(days):
    return Range(until=START + days * DAY)


def _replayed(env, days):
    """The digest that ``nurture replay`` finds for the topic, or for its first days."""
    only = ["--until", iso(until(days).until)] if days else []
    done = CliRunner().invoke(main, ["replay", "--json", *only], env=env)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)["digest"]


async def _compared(pipeline, tmp_path):
    async with pipeline(START) as running:
        plan = Plan(folder=tmp_path, templates=TEMPLATES, broker="kafka", leads=60, weeks=1)
        accounts = await Demo(plan, running.fleet, running.pulse, running.out).run(lambda _: None)
        assert accounts.mistakes() == []
        rows = await read_newest(running.options, topics.LEAD_ROWS)
        live = {key.decode(): decode_lead(value) for key, value in rows.items()}
        file = tmp_path / "facts.jsonl.gz"
        await export(running.options, file)
        find = await Policies(running.options).find()
        ranges = {days: await asyncio.to_thread(_replayed, running.env, days) for days in (0, 3, 99)}
    facts = list(read_facts(file))
    for days, told in ranges.items():
        assert told == digest(replay(lambda days=days: read_facts(file, until(days)), None, find)[0] if days else live)
    assert ranges[0] == ranges[99] != ranges[3]
    again, decisions = replay(facts.__iter__, None, find)
    assert again == live
    assert digest(again) == digest(live)
    assert decisions == accounts.decisions
    told = report(fold(facts.__iter__, None, find), WITHIN)
    assert (told.total.sent, told.volume) == (accounts.sends_accepted, accounts.volume)
    for lead_id in Random(1).sample(sorted(live), 10):
        told = explain(facts, lead_id, None, find)
        standing = live[lead_id].standings["main"]
        assert sum(one.points for one in told.contributions) == standing.fit + standing.engagement
