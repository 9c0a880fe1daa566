"""``nurture apply`` on a real broker: a policy that moves more leads than was agreed is not applied unasked."""

import asyncio
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from agents.cli import main
from agents.history import read_facts
from agents.kafka.clients import client, producer, read_newest
from agents.process.settings import read_settings
from agents.workplace import load_workplace
from schemas import topics
from schemas.codec import encode_lead
from streams.journey.compiled import Compiled
from streams.journey.replay import replay

ROOT = Path(__file__).parents[2]


@pytest.fixture
def env(fresh_broker, tmp_path):
    """A broker with our topics, and templates of our own."""
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    env = {
        "NURTURE_BOOTSTRAP": fresh_broker,
        "NURTURE_TEMPLATES": str(tmp_path / "templates"),
        "NURTURE_ID_KEY": "a key of sixteen letters or more",
        "NURTURE_PARTITIONS": "2",
    }
    nurture(env, "topics", "create")
    return env


def nurture(env, *words):
    """What the command said, and its exit status."""
    done = CliRunner().invoke(main, words, env=env)
    return done.exit_code, done.output


async def stand(options, rows):
    """The leads stand as after a history, as the journey would have left them."""
    async with producer(options) as out:
        for lead in rows:
            await out.send_and_wait(topics.LEAD_ROWS, encode_lead(lead), key=lead.id.encode(), partition=0)


def test_a_policy_that_moves_too_many_is_applied_on_demand_only(env):
    """The first one moves nobody; a stricter one is refused with what it would move, and nothing was applied."""
    assert nurture(env, "apply")[0] == 0
    folder, options = Path(env["NURTURE_TEMPLATES"]), client(read_settings(env))
    policy = Compiled(load_workplace(folder).policy)
    rows = replay(lambda: read_facts(ROOT / "tests" / "facts.jsonl"), policy, {}.__getitem__)[0]
    asyncio.run(stand(options, rows.values()))
    stages = folder / "stages.yaml"
    stages.write_text(stages.read_text().replace("engagement: 20", "engagement: 39"))
    status, said = nurture(env, "apply")
    assert (status, "moves 4 of 10 leads (40.0 %): 4 considering → aware" in said) == (1, True), said
    assert "not applied: expected at most 25 % (most_moved in lifecycle.yaml); else --yes-move" in said
    assert len(asyncio.run(read_newest(options, topics.POLICIES))) == 1
    assert nurture(env, "apply", "--yes-move")[0] == 0
    assert len(asyncio.run(read_newest(options, topics.POLICIES))) == 2
