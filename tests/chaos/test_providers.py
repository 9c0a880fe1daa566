"""A mail provider that hangs, resets, fails, refuses and drips, and whose events come late, twice, disordered or never."""

import pytest

from agents.kafka.brokers import free_ports
from tests.chaos.worker import until
from tests.fakes.events import disordered
from tests.fakes.proxy import Proxy

EVENTS = ("Email Processed", "Email Delivered", "Email Opened")
MOODS = (
    *("reset", "accept_then_reset", "500", "accept_then_500", "503", "429", "413", "400", "400_not_json", "drip"),
    *("hang", "accept_then_hang", "401", "403", "407", "302", "200_not_sandbox", "202_no_id"),
)
QUICK = ("accept_then_reset", "500", "429", "413", "drip")


@pytest.mark.parametrize("mood", [pytest.param(m, marks=() if m in QUICK else pytest.mark.long) for m in MOODS])
def test_provider(pipeline, load, record_property, mood):
    """A few requests meet a bad mood, the rest do not: each order ends in one state, and none is accepted twice."""
    fake = pipeline.provider.fake
    fake.reset_in = 1
    fake.next_moods.extend([mood] * 3)
    pipeline.publish(load.some(15))
    pipeline.survived(record_property)
    assert not fake.next_moods, "the mood was met"


@pytest.mark.parametrize("lost", ["answers", pytest.param("requests", marks=pytest.mark.long)])
def test_provider_behind_a_silent_network(pipeline, load, record_property, lost):
    """No answer ever comes: what was asked for is in doubt for good and not asked for again; the rest goes out later."""
    fake = pipeline.provider.fake
    [port] = free_ports(1)
    with Proxy(port, int(fake.url.rpartition(":")[2])) as network:
        pipeline.crew.one("sender").stop()
        network.lose(lost)
        sender = pipeline.crew.start("sender", NURTURE_SENDGRID_HOST=f"http://127.0.0.1:{port}")
        before = set(pipeline.admin.ledger())
        pipeline.publish(load.some(15))
        unanswered = until(lambda: doubts(pipeline, before), "a request had its time", seen=pipeline.crew.scene)
        network.heal()
        pipeline.survived(record_property)
        sender.kill()  # whoever comes next finds no network there
    assert unanswered <= doubts(pipeline, before)
    assert {fake.asked[key] for key in unanswered} == {int(lost == "answers")}


def doubts(pipeline, before):
    """The send keys in doubt, but for those that were there before."""
    return {k for k, entry in pipeline.admin.ledger().items() if k not in before and entry.state == "unknown"}


@pytest.mark.long
def test_provider_that_never_says_when_to_come_back(pipeline, load, record_property):
    """Too many requests, without a word on when: all of them wait, and all of them go."""
    fake = pipeline.provider.fake
    fake.reset_in = None
    fake.next_moods.extend(["429"] * 5)
    pipeline.publish(load.some(15))
    pipeline.survived(record_property)
    assert not fake.next_moods, "the mood was met"


def test_events_late_twice_disordered_and_silent(pipeline, load, dice, record_property):
    """What the provider tells settles a doubt, whatever order it comes in; of what it never tells, the doubt stays."""
    fake = pipeline.provider.fake
    before = set(pipeline.admin.ledger())
    fake.next_moods.extend(["accept_then_reset", "accept"] * 4)  # as many good answers: the breaker stays closed
    while fake.next_moods:
        pipeline.publish(load.some(10))
        pipeline.drained()
    doubts = [entry for key, entry in pipeline.admin.ledger().items() if key not in before and entry.state == "unknown"]
    told, silent = doubts[::2], doubts[1::2]
    assert told
    assert silent
    about = [
        load.one(event, entry.lead_id, send_key=entry.send_key, email_id=entry.email)
        for entry in told
        for event in EVENTS
    ]
    pipeline.publish(disordered(about, dice))
    pipeline.survived(record_property)
    states = {key: entry.state for key, entry in pipeline.admin.ledger().items()}
    assert {states[entry.send_key] for entry in told} == {"confirmed"}
    assert {states[entry.send_key] for entry in silent} == {"unknown"}
