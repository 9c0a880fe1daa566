"""Poison in every topic, then a replay: nothing stops, nothing is lost, and everything adds up as if nothing had been."""

import asyncio
from collections import Counter

from click.testing import CliRunner

from agents.cli import main
from agents.deadletter import dead_letter
from agents.kafka.clients import read_whole
from agents.local.fleet import totals
from agents.local.world import track
from agents.outside.morgue import Wanted, read_letters
from schemas import topics
from schemas.codec import decode_fact, encode
from schemas.facts import PageViewed, PolicyApplied, Tick
from schemas.problem import Refusal, Rejected
from schemas.units import HOUR, MINUTE, from_iso
from streams.engine.partition import partition_of
from streams.engine.record import Record

MONDAY = from_iso("2026-03-02T11:00:00")
OLD = Rejected(Refusal.UNKNOWN_TYPE, "found a type that an older release did not know")
POISON = {
    topics.LEADS: b"\xff",
    topics.ENGAGEMENT: b"{}",
    topics.SALES_FEEDBACK: b'{"type": "alias"}',
    topics.FACTS: encode(PageViewed(id="f0", lead_id="ada", at=MONDAY, seen=MONDAY, path="/")),
    topics.SENDS: b"[]",
    topics.HANDOFFS: b"<handoff/>",
}


def test_poison_is_put_aside_and_what_can_be_read_goes_back(pipeline):
    """Facts in = applied + dead letters + duplicates, before a replay and after it; a replayed fact counts once."""
    asyncio.run(_story(pipeline))


async def _story(pipeline):
    async with pipeline(MONDAY - HOUR) as running:
        came = (topics.LEADS, "ada", track("ada", "Lead Created", MONDAY, "created", email="ada@example.com"))
        lanes = await running.at(MONDAY, came, *((topic, "eve", value) for topic, value in POISON.items()))
        before = await _settled(running, lanes)
        assert before["applied"] == 1
        letters = await read_letters(running.options, Wanted())
        assert Counter(letter.topic for letter in letters) == dict.fromkeys(POISON, 1)
        reasons = Counter(letter.reason for letter in letters)
        assert reasons == {reason: before[f"dead_letters:{reason}"] for reason in reasons}
        assert before["dead_letters"] == len(POISON)
        await _scraped(running, reasons)

        home = partition_of(b"ada", len(lanes["journey"]))
        viewed = track("ada", "Pricing Viewed", MONDAY, "viewed", path="/pricing")
        fact = encode(PageViewed(id="f1", lead_id="ada", at=MONDAY, seen=MONDAY, path="/"))
        for topic, value in ((topics.ENGAGEMENT, viewed), (topics.FACTS, fact)):
            aside = dead_letter(Record(topic, home, 10**6, 0, b"ada", value, ()), OLD, "nurture/tests")
            await running.out.send_and_wait(aside.topic, aside.value, key=aside.key, headers=list(aside.headers))
        done = await asyncio.to_thread(_replay, running)
        assert done.stdout.splitlines()[-1] == "2 put back"
        assert done.stdout.count("  stays: it would come back: ") == len(POISON)
        after = await _settled(running, await running.at(MONDAY + MINUTE))
        assert after["applied"] == before["applied"] + 2
        assert after["dead_letters"] == before["dead_letters"]

        again = await asyncio.to_thread(_replay, running)
        assert (again.exit_code, again.stdout.count("goes back")) == (2, 0)


def _replay(running):
    return CliRunner(env=running.env).invoke(main, ["dead-letters", "replay", "--since", "1 day ago", "--yes"])


async def _settled(running, lanes):
    """The lanes' counts added up, once the books of intake and journey have been checked."""
    intake, journey = (Counter(totals(lanes[name])) for name in ("intake", "journey"))
    assert intake["in"] == intake["facts"] + intake["dead_letters"]
    facts = [decode_fact(record.value) async for record in read_whole(running.options, topics.FACTS)]
    came = sum(not isinstance(fact, Tick | PolicyApplied) for fact in facts)
    assert came == journey["applied"] + journey["duplicates"] + journey["dead_letters"]
    return Counter(totals(lane for agent in lanes.values() for lane in agent))


async def _scraped(running, reasons):
    """Every process shows every reason, and together they show what was put aside."""
    shown = Counter()
    for member in running.fleet.members.values():
        _, page = await running.fleet._get(member, "/metrics")
        lines = [line for line in page.decode().splitlines() if line.startswith("nurture_dead_letters_total{")]
        assert {reason for reason in Refusal if any(f'reason="{reason}"' in line for line in lines)} == set(Refusal)
        for line in lines:
            shown[line.split('reason="')[1].split('"')[0]] += int(float(line.rsplit(" ", 1)[1]))
    assert +shown == reasons
