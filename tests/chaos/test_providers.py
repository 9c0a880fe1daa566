"""A mail provider that hangs, resets, fails, refuses and drips, and whose events come late, twice, disordered or never."""

import pytest

from agents.kafka.brokers import free_ports
from schemas import topics
from schemas.codec import decode_send
from schemas.commands import SendContent
from schemas.reason import Reason
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


@pytest.mark.parametrize("when", ["before-the-claim", pytest.param("after-the-claim", marks=pytest.mark.long)])
def test_suppressed_while_the_order_waits(pipeline, load, record_property, when):
    """Another lead's word suppresses an address after a mail to it was ordered, or claimed: nobody asks for it any more."""
    fake, before = pipeline.provider.fake, set(pipeline.admin.ledger())
    pipeline.crew.one("sender").stop()
    events = load.plain(12)
    pipeline.publish(events)
    pipeline.drained(["intake", "journey"])
    if when == "after-the-claim":
        fake.takes = 8
        pipeline.crew.start("sender")
        until(lambda: in_line(pipeline, before), "claims wait for a lead's first mail", seen=pipeline.crew.scene)
    pipeline.publish(load.left_by_others({lead for _, lead, _ in events}))
    pipeline.drained(["intake", "journey"])
    late = in_line(pipeline, before) if when == "after-the-claim" else ordered(pipeline, before)
    fake.takes = 0
    if when == "before-the-claim":
        pipeline.crew.start("sender")
    assert late
    pipeline.survived(record_property)
    assert {fake.asked[key] for key in late} == {0}
    assert {(entry.state, entry.reason) for key, entry in pipeline.admin.ledger().items() if key in late} == {
        ("blocked", Reason.SUPPRESSED)
    }


def in_line(pipeline, before):
    """Claims that wait for their turn: nobody was asked for them."""
    ledger = pipeline.admin.ledger().items()
    return {k for k, e in ledger if k not in before and e.state == "claimed" and not pipeline.provider.fake.asked[k]}


def ordered(pipeline, before):
    """What was ordered by mail to a lead, and is not in the ledger."""
    orders = [decode_send(r.value) for records in pipeline.admin.records(topics.SENDS).values() for r in records]
    return {order.send_key for order in orders if isinstance(order, SendContent)} - before
