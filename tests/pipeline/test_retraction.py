"""Engagement is taken back in the running pipeline: through intake, out of the lead's whole past, and as replay has it."""

import asyncio

from agents.history import read_facts
from agents.kafka.clients import read_newest
from agents.kafka.live import export
from agents.local.fleet import totals
from agents.local.world import track
from agents.policies import Policies
from schemas import topics
from schemas.codec import decode_lead
from schemas.units import DAY, HOUR
from streams.journey.explain import explain
from streams.journey.replay import digest, replay
from tests.pipeline.test_one_lead import MONDAY, TRAITS, did


def test_what_is_taken_back_is_gone_and_replay_gives_the_live_row(pipeline, tmp_path):
    """A visit that was somebody else's, a scanner's clicks, and one verdict that came a day late."""
    asyncio.run(_story(pipeline, tmp_path / "facts.jsonl"))


async def _story(pipeline, file):
    async with pipeline(MONDAY - HOUR) as running:
        created = track("ada", "Lead Created", MONDAY, "created", **TRAITS)
        await running.at(MONDAY, (topics.LEADS, "ada", created))
        at = MONDAY + HOUR
        clicks = [did("Email Link Clicked", at + n, email="night-load", url=f"https://a.example/{n}") for n in range(3)]
        alone = did("Email Link Clicked", at + 2 * HOUR, email="five-meters", url="https://a.example/1")
        await running.at(
            at + 2 * HOUR, did("Pricing Viewed", at), did("Content Downloaded", at, content="guide"), *clicks, alone
        )
        await running.at(at + 3 * HOUR)
        assert (await _row(running)).standings["main"].engagement == 12 + 6 + 6
        void = [f"Pricing Viewed-{at}", f"Email Link Clicked-{at + 2 * HOUR}"]
        taken = did("Engagement Retracted", at + DAY, messageIds=void, reason="merge undone")
        lanes = await running.at(at + DAY, taken)
        live = await _row(running)
        assert set(live.counts) == {"downloads"}
        count = totals(lane for agent in lanes.values() for lane in agent)
        assert (count["refolds"], count["discounts:many_links"], count["discounts:unmerged"]) == (1, 3, 2)
        await export(running.options, file)
        find = await Policies(running.options).find()
    rows, _ = replay(lambda: read_facts(file), None, find)
    assert digest(rows) == digest({"ada": live})
    told = explain(list(read_facts(file)), "ada", None, find)
    assert [one.rule for one in told.contributions if one.fact] == ["downloads"]


def test_one_address_that_clicks_for_unrelated_companies_is_found_out(pipeline):
    """Four leads in four partitions, one scanner in front of their mailboxes; a colleague elsewhere did click."""
    asyncio.run(_scanned(pipeline))


async def _scanned(pipeline):
    async with pipeline(MONDAY - HOUR) as running:
        names = [f"lead-{n}" for n in range(5)]
        created = [
            (
                topics.LEADS,
                name,
                track(name, "Lead Created", MONDAY, name, **TRAITS | {"company": name, "email": f"{name}@a.example"}),
            )
            for name in names
        ]
        await running.at(MONDAY, *created)
        at = MONDAY + HOUR
        clicks = [
            (
                topics.ENGAGEMENT,
                name,
                track(
                    name,
                    "Email Link Clicked",
                    at + n,
                    f"click-{name}",
                    email="night-load",
                    ip="203.0.113.7" if n else "203.0.113.8",
                ),
            )
            for n, name in enumerate(names)
        ]
        await running.at(at, *clicks)
        await running.at(at + HOUR)
        rows = await read_newest(running.options, topics.LEAD_ROWS)
        points = {name: decode_lead(rows[name.encode()]).standings["main"].engagement for name in names}
        assert points == dict.fromkeys(names, 0) | {"lead-0": 6}
        await running.at(at + DAY)
        assert await read_newest(running.options, topics.CLIENTS) == {}, "nobody is remembered for long"


async def _row(running):
    return decode_lead((await read_newest(running.options, topics.LEAD_ROWS))[b"ada"])
