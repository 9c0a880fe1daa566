"""Sends in doubt through every process: the provider's word resolves them, an operator overrules, a switch stops all."""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from typing import get_args

import aiohttp

from agents.kafka.clients import read_whole
from agents.local.world import track
from agents.mail.breaker import BreakerState
from agents.outside.ledger import read_ledger
from schemas import topics
from schemas.codec import decode_fact
from schemas.facts import SendSettled
from schemas.ledger import State
from streams.engine.observe import LaneState
from tests.fakes.events import events_of
from tests.fakes.sendgrid import KEY, FakeSendGrid

TRAITS = {"email": "ada.lovelace@engines.example", "first_name": "Ada", "company": "Engines", "country": "DE"}
NAMES = {"processed": "Email Processed", "delivered": "Email Delivered"}


def now():
    return time.time_ns() // 1_000_000


def form(number):
    """Ada asks for the price list, for the n-th time: it goes at once, whatever the hour."""
    at = now()
    properties = {"form": "price-sheet", "requested": "pricing-sheet"}
    return topics.ENGAGEMENT, "ada", track("ada", "Form Submitted", at, f"form-{number}", **properties)


def told(event):
    """An event of the provider as the gateway passes it on: our own words come back flat, beside theirs."""
    message = track(
        event["nk_lead_id"],
        NAMES[event["event"]],
        event["timestamp"] * 1_000,
        event["sg_event_id"],
        send_key=event["nk_send_key"],
    )
    return topics.ENGAGEMENT, event["nk_lead_id"], message


async def nurture(running, *words):
    """A command as an operator types it."""
    command = [sys.executable, "-m", "agents.cli", "ledger", *words]
    env = os.environ | running.env
    done = await asyncio.to_thread(subprocess.run, command, env=env, capture_output=True, text=True, check=True)
    return done.stdout


async def states(running):
    return {entry.send_key: entry.state for entry in (await read_ledger(running.options)).entries}


async def until(running, key, state, seconds=60):
    async with asyncio.timeout(seconds):
        while (found := (await states(running)).get(key)) != state:
            await asyncio.sleep(0.2)
            assert found not in ("rejected", "blocked")


async def page(running, agent):
    """What an agent's process shows to Prometheus."""
    url = running.fleet.members[agent].url + "/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.text()


async def metric(running, name):
    """A sample of the sender's own page."""
    return float(re.search(rf"^{re.escape(name)} (\S+)$", await page(running, "sender"), re.MULTILINE)[1])


OF_ALL = [
    'nurture_transactions_total{outcome="committed"',
    'nurture_transactions_total{outcome="failed"',
    *(f'nurture_lane_state{{partition="0",state="{state}"' for state in get_args(LaneState)),
    'nurture_recovery_left_records{partition="0"',
    'nurture_clock_lag_seconds{partition="0"',
    'nurture_lag_records{partition="0"',
]
SHOWN = {
    "journey": [*OF_ALL, 'nurture_policy_info{partition="0",policy="'],
    "sender": [
        *OF_ALL,
        *(f'nurture_ledger_records{{partition="0",state="{state}"' for state in get_args(State)),
        *(f'nurture_oldest_doubt_seconds{{partition="0",state="{state}"' for state in ("unknown", "held")),
        "nurture_kill_switch_state ",
        *(f'nurture_breaker_state{{provider="sendgrid",state="{state}"' for state in get_args(BreakerState)),
        "nurture_rate_limit_wait_seconds_total ",
    ],
}


async def must_show_what_it_is_run_by(running):
    """Every sample is there by name and label, whether or not anything happened."""
    for agent, samples in SHOWN.items():
        shown = await page(running, agent)
        assert [sample for sample in samples if f"\n{sample}" not in shown] == [], agent


@asynccontextmanager
async def mailing(pipeline):
    """A pipeline on the wall's clock that mails through a fake SendGrid, and a lead who may be mailed."""
    async with FakeSendGrid() as fake:
        settings = {
            "NURTURE_CLOCK": "wall",
            "NURTURE_MAIL_PORT": "sendgrid",
            "NURTURE_SENDGRID_KEY": KEY,
            "NURTURE_SENDGRID_HOST": fake.url,
            "NURTURE_ALLOW_LIST": "@engines.example",
        }
        async with pipeline(now(), **settings) as running:
            basis = {"basis": "consent", "form": "fair", "wording": "v1"}
            await running.at(
                now(),
                (topics.LEADS, "ada", track("ada", "Lead Created", now(), "created", **TRAITS)),
                (topics.LEADS, "ada", track("ada", "Lawful Basis Given", now(), "basis", **basis)),
            )
            yield running, fake


def test_a_doubt_is_resolved_by_the_provider_or_by_an_operator_and_by_nobody_else(pipeline):
    """Accept-then-hang is unknown, an event confirms it; a resend is the only second request, and says who and why.

    Meanwhile every process shows what it is run by: ledger, doubts, breaker, lanes, transactions, clock, policy.
    """
    asyncio.run(_doubts(pipeline))


async def _doubts(pipeline):
    async with mailing(pipeline) as (running, fake):
        fake.next_moods.extend(["accept_then_hang", "accept_then_reset", "accept_then_500"])
        for number in range(3):
            await running.at(now(), form(number))
        first, second, third = (taken.send_key for taken in fake.taken)
        assert await states(running) == {first: "unknown", second: "unknown", third: "unknown"}
        assert await metric(running, "nurture_kill_switch_state") == 0
        await must_show_what_it_is_run_by(running)

        events = events_of(fake.taken[0], ("delivered", "processed", "delivered"), at=now() // 1_000)
        await running.at(now(), *map(told, events))
        await nurture(running, "resend", second, "--why", "Ada asked for it", "--by", "ines", "--yes")
        await nurture(running, "drop", third, "--why", "a wrong price", "--by", "ines", "--yes")
        await until(running, second, "accepted")
        assert await states(running) == {first: "confirmed", second: "accepted", third: "blocked"}
        assert fake.accepted() == {first: 1, second: 2, third: 1}

        shown = json.loads(await nurture(running, "show", second, "--json"))
        [ordered] = shown["ordered"]
        assert (ordered["what"], ordered["by"], ordered["why"]) == ("resend", "ines", "Ada asked for it")
        facts = [decode_fact(record.value) async for record in read_whole(running.options, topics.FACTS)]
        settled = {fact.send_key: fact.outcome for fact in facts if isinstance(fact, SendSettled)}
        assert settled == {first: "accepted", second: "accepted", third: "held"}
        assert "engines.example" not in await nurture(running, "list", "--json")


def test_the_kill_switch_works_within_ten_seconds_and_loses_nothing(pipeline):
    """Stopped, orders wait in the ledger and say why; let go, they are sent within seconds, once."""
    asyncio.run(_stopped(pipeline))


async def _stopped(pipeline):
    async with mailing(pipeline) as (running, fake):
        await nurture(running, "stop", "--why", "a wrong price", "--by", "ines", "--yes")
        async with asyncio.timeout(10):
            while await metric(running, "nurture_kill_switch_state") == 0:  # noqa: ASYNC110  (another process tells)
                await asyncio.sleep(0.1)
        await running.at(now(), form(1))
        listed = json.loads(await nurture(running, "list", "--state", "planned", "--json"))
        [send] = listed["sends"]
        assert "ines stopped sending (a wrong price)" in send["detail"]
        assert listed["switch"]["stopped"]
        assert "order" not in send
        assert not fake.asked
        await nurture(running, "go")
        await until(running, send["send_key"], "accepted", 10)
        assert fake.accepted() == {send["send_key"]: 1}
