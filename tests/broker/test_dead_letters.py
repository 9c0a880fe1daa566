"""Dead letters on a real broker: worked from a terminal, put back once, and a fuse that stops what would flood them."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections import Counter

import pytest
from aiokafka import AIOKafkaProducer
from click.testing import CliRunner

from agents.cli import main
from agents.deadletter import dead_letter
from agents.fuse import LEAST
from agents.kafka.clients import client, engine_settings, read_newest, read_whole
from agents.kafka.topics import create_topics
from agents.local.demo import Plan, environment
from agents.outside.morgue import MorgueError, Wanted, read_letters, settle
from agents.outside.verdict import verdict
from agents.policies import apply
from agents.process.settings import read_settings
from agents.workplace import load_workplace
from schemas import topics
from schemas.codec import MOST_BYTES, decode_mark
from schemas.problem import Refusal, Rejected
from streams.engine.record import Record

PARTITIONS = 2
ADDRESS = "canary@example.com"
GOOD = json.dumps({"type": "identify", "messageId": "m1", "userId": "ada", "traits": {"email": ADDRESS}}).encode()


@pytest.fixture(scope="module")
def env(fresh_broker, tmp_path_factory):
    """The demo's settings at a broker of our own, with its topics and its policy."""
    folder = tmp_path_factory.mktemp("dead-letters")
    env = environment(Plan(folder=folder, templates="templates"), fresh_broker) | {"NURTURE_CLOCK": "wall"}
    settings = read_settings(env)
    create_topics(settings)
    asyncio.run(apply(client(settings), load_workplace(settings.templates).policy, settings.partitions))
    return env


@pytest.fixture
def options(env):
    return client(read_settings(env))


@pytest.fixture
def nurture(env):
    """``nurture dead-letters`` as people type it."""
    return lambda *words, **more: CliRunner(env=env).invoke(main, ["dead-letters", *words], **more)


def put_aside(options, topic, *letters):
    """Puts (partition, offset, key, value, reason) aside, as a lane does."""

    async def send():
        async with AIOKafkaProducer(**options) as producer:
            for partition, offset, key, value, reason in letters:
                record = Record(topic, partition, offset, 0, key, value, ())
                out = dead_letter(record, Rejected(reason, "found what it was"), "nurture/tests")
                await producer.send_and_wait(out.topic, out.value, key=out.key, headers=list(out.headers))

    asyncio.run(send())


def in_topic(options, topic, key):
    """What a reader sees: (partition, value) of every committed record with this key."""

    async def read():
        return [(r.partition, r.value) async for r in read_whole(options, topic) if r.key == key]

    return asyncio.run(read())


def test_they_are_listed_by_reason_topic_and_time(nurture, options, unique):
    """Each filter narrows, the reasons are counted, and a machine reads the same."""
    topic = f"{unique}.listed"
    put_aside(options, topic, (0, 1, b"a", b"\xff", Refusal.NOT_JSON), (0, 2, b"b", b"", Refusal.EMPTY))
    put_aside(options, topic, (1, 1, None, b"\xfe", Refusal.NOT_JSON))
    shown = nurture("list", "--topic", topic)
    assert (shown.exit_code, shown.stdout.splitlines()[-1]) == (0, "3 dead letters: 2 not_json, 1 empty")
    found = json.loads(nurture("list", "--topic", topic, "--reason", "not_json", "--json").stdout)
    assert [letter["id"] for letter in found["letters"]] == [f"{topic}:0:1", f"{topic}:1:1"]
    assert found["reasons"] == {"not_json": 2}
    assert nurture("list", "--topic", topic, "--since", "1 hour ago").stdout.endswith("2 not_json, 1 empty\n")
    assert nurture("list", "--topic", topic, "--until", "1 hour ago").stdout == "no dead letters\n"
    assert nurture("list", "--since", "yesterday").exit_code == 2


def test_one_is_shown_with_its_bytes_only_when_asked_for(nurture, options, unique):
    """Reason, detail and headers for everybody; --personal and --raw for who needs the bytes, exactly as they came."""
    topic = f"{unique}.shown"
    put_aside(options, topic, (0, 7, ADDRESS.encode(), b"\xff\r\n" + GOOD, Refusal.NOT_JSON))
    for words in (["list", "--topic", topic], ["show", f"{topic}:0:7"], ["show", f"{topic}:0:7", "--json"]):
        shown = nurture(*words)
        assert shown.exit_code == 0
        assert ADDRESS not in shown.output
    assert ADDRESS in nurture("show", f"{topic}:0:7", "--personal").stdout
    assert nurture("show", f"{topic}:0:7", "--raw").stdout_bytes == b"\xff\r\n" + GOOD
    missing = nurture("show", f"{topic}:0:8")
    assert (missing.exit_code, missing.stderr.count("\n")) == (2, 1)
    assert f'found no dead letter "{topic}:0:8"' in missing.stderr


def test_a_replay_lists_then_asks_then_puts_back_once(nurture, options, unique):
    """Same partition, key and bytes, one mark with who, why and when; what stays says why, and twice is once."""
    key = unique.encode()
    put_aside(
        options, topics.LEADS, (1, 900, key, GOOD, Refusal.UNKNOWN_TYPE), (1, 901, key, b"\xff", Refusal.NOT_JSON)
    )
    chosen = ["replay", "nurture.leads:1:900", "nurture.leads:1:901", "--by", "ines", "--why", "a new release"]
    tried = nurture(*chosen, "--dry-run")
    assert tried.stdout.splitlines()[-1] == "1 dead letter would be put back (dry run)"
    assert "stays: it would come back" in tried.stdout
    assert nurture(*chosen, input="n\n").exit_code == 1
    assert in_topic(options, topics.LEADS, key) == []
    done = nurture(*chosen, "--yes")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "1 put back")
    assert in_topic(options, topics.LEADS, key) == [(1, GOOD)]
    again = nurture(*chosen, "--yes")
    assert again.exit_code == 2
    assert "stays: ines replayed it on" in again.stdout
    assert in_topic(options, topics.LEADS, key) == [(1, GOOD)]
    mark = decode_mark(asyncio.run(read_newest(options, topics.DEAD_LETTER_MARKS))[b"nurture.leads:1:900"])
    assert (mark.done, mark.by, mark.why) == ("replayed", "ines", "a new release")
    assert abs(mark.at - time.time() * 1_000) < 600_000
    assert "nurture.leads:1:900" not in nurture("list").stdout
    assert "[replayed by ines on " in nurture("list", "--all", "--topic", topics.LEADS).stdout


def test_what_was_cut_cannot_be_put_back(nurture, options):
    """Its bytes are not whole, and the terminal says so."""
    put_aside(options, topics.ENGAGEMENT, (0, 77, b"k", bytes(MOST_BYTES + 1), Refusal.OVERSIZE))
    shown = nurture("replay", "nurture.engagement:0:77", "--yes")
    assert shown.exit_code == 2
    assert "stays: its value was cut when it was put aside (900,001 bytes were too many)" in shown.stdout
    assert "nothing can be put back" in shown.stderr


def test_a_dropped_letter_keeps_its_reason(nurture, options, unique):
    """Without a why nothing is dropped; with one it is off the list, and its bytes are still there."""
    topic = f"{unique}.dropped"
    put_aside(options, topic, (0, 1, b"k", b"bytes", Refusal.NOT_JSON))
    assert nurture("drop", f"{topic}:0:1", "--yes").exit_code == 2
    assert nurture("drop", "--why", "all of them", "--yes").exit_code == 2, "nobody means all by saying nothing"
    assert nurture("drop", f"{topic}:0:1", "--why", "a form that is gone", "--by", "ines", "--yes").exit_code == 0
    assert nurture("list", "--topic", topic).stdout == "no dead letters\n"
    assert "dropped by ines on " in nurture("show", f"{topic}:0:1").stdout
    assert nurture("show", f"{topic}:0:1", "--raw").stdout_bytes == b"bytes"


def test_two_people_at_once_put_nothing_back_twice(env, options, unique):
    """The second shuts the first out; whoever is shut out says so, and each record goes back at most once."""
    offsets, engine = range(1_000, 1_120), engine_settings(read_settings(env))
    letters = [(n % 2, n, f"{unique}-{n}".encode(), GOOD, Refusal.UNKNOWN_TYPE) for n in offsets]
    put_aside(options, topics.SALES_FEEDBACK, *letters)
    wanted = Wanted(ids=frozenset(f"nurture.sales-feedback:{n % 2}:{n}" for n in offsets))

    async def both():
        work = [(each, verdict(each, PARTITIONS, each.at)) for each in await read_letters(options, wanted)]
        people = (settle(engine, work, by=who, why="", now=1) for who in ("ines", "jonas"))
        return work, await asyncio.gather(*people, return_exceptions=True)

    work, ends = asyncio.run(both())
    assert all(isinstance(end, int | MorgueError) for end in ends), ends
    asyncio.run(settle(engine, work, by="rosa", why="the rest", now=2))
    back = Counter(asyncio.run(keys(options, topics.SALES_FEEDBACK)))
    assert {key: back[key] for _, _, key, *_ in letters} == dict.fromkeys((key for _, _, key, *_ in letters), 1)


async def keys(options, topic):
    return [record.key async for record in read_whole(options, topic)]


def run_intake(env, **more):
    """The agent's process, as a supervisor starts it."""
    command = [sys.executable, "-m", "agents.cli", "run", "intake"]
    return subprocess.Popen(command, env=os.environ | env | more, stderr=subprocess.PIPE, stdout=subprocess.PIPE)


def flood(options):
    """More unreadable records in one partition than any fuse lets through."""

    async def send():
        async with AIOKafkaProducer(**options) as producer:
            for _ in range(LEAST):
                await producer.send(topics.ENGAGEMENT, b"<xml/>", key=b"k", partition=0)

    asyncio.run(send())


def test_a_blown_fuse_stops_the_worker_with_its_sentence(env, options, unique):
    """Non-zero exit, one sentence on standard error that says what blew it and how to close it, nothing taken."""
    flood(options)
    before = asyncio.run(keys(options, topics.DEAD_LETTERS))
    with run_intake(env, NURTURE_DATA_DIR=f"{env['NURTURE_DATA_DIR']}/{unique}") as worker:
        _, said = worker.communicate(timeout=120)
    assert worker.returncode not in (0, None)
    last = said.decode().splitlines()[-1]
    assert last.startswith(f"Error: nurture.engagement-0: {LEAST} of the last {LEAST} records (100%) cannot be read")
    assert "because of not_json" in last
    assert "a new start stops here again" in last
    assert "NURTURE_FUSE=false" in last
    assert asyncio.run(keys(options, topics.DEAD_LETTERS)) == before
    shut = {"NURTURE_FUSE": "false", "NURTURE_DATA_DIR": f"{env['NURTURE_DATA_DIR']}/{unique}-shut"}
    with run_intake(env, **shut) as worker:
        try:
            deadline = time.monotonic() + 120
            while len(asyncio.run(keys(options, topics.DEAD_LETTERS))) < len(before) + LEAST:
                assert time.monotonic() < deadline, "what the fuse held back was never put aside"
                assert worker.poll() is None
        finally:
            worker.terminate()
            worker.communicate(timeout=60)
