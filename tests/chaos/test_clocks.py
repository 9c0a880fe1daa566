"""Clocks that are wrong, jump, run backwards, or change with the law twice a year."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from schemas import topics
from schemas.codec import decode_send
from schemas.commands import SendContent
from tests.chaos.load import Load, quick
from tests.chaos.pipeline import Pipeline
from tests.chaos.worker import SKEW

HOUR = 3_600_000


@pytest.mark.parametrize(
    "wrong", ["journey", pytest.param("sender", marks=pytest.mark.long), pytest.param("intake", marks=pytest.mark.long)]
)
def test_clocks_that_disagree(pipeline, load, record_property, wrong):
    """Two workers of an agent an hour apart from the truth and two from each other: a fact holds its time, so all agree."""
    pipeline.crew.one(wrong).stop()
    early, late = (pipeline.crew.start(wrong, **{SKEW: skew}) for skew in ("3600", "-3600"))
    pipeline.crew.ready([wrong])
    pipeline.publish(load.some(20))
    pipeline.drained([each for each in ("intake", "journey", "sender", "sales") if each != wrong])
    for worker in (early, late):
        worker.stop()
    pipeline.crew.start(wrong)
    pipeline.survived(record_property)


QUIET = ("22:00", "02:30")  # ends in the hour that spring leaves out and autumn repeats
EDGES = [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)]
HOURS = (-9, -5, -2.5, -0.75, -0.25, 0, 0.25, -1, 0.75, 1.5, 1, 2, 12)  # around an edge, at times backwards


@pytest.fixture
def stepped(tmp_path):
    """One whose time moves by steps."""
    with Pipeline(tmp_path, nightly, clock=_ms(EDGES[0] + timedelta(hours=HOURS[0]))) as found:
        yield found


def nightly(policy):
    """Nobody is written to between ten and half past two, where he lives."""
    start, end = QUIET
    quiet = replace(policy.sending.quiet_hours, start=start, end=end, days=())
    adapted = quick(policy)
    return replace(adapted, sending=replace(adapted.sending, quiet_hours=quiet))


def test_summer_time_begins_and_ends(stepped, name, dice, record_property):
    """Whatever the clock does around both edges, no mail goes out in quiet hours, and none goes twice."""
    stepped.crew.complete()
    load = Load(name, dice, stepped.now)
    for edge in EDGES:
        for hours in HOURS:
            stepped.step(_ms(edge + timedelta(hours=hours)))
            stepped.publish(load.some(3))
            stepped.drained()
    stepped.survived(record_property)
    sent = stepped.admin.ledger()
    found = [decode_send(record.value) for its in stepped.admin.records(topics.SENDS).values() for record in its]
    orders = [order for order in found if isinstance(order, SendContent) and order.kind == "nurture"]
    at = [(order, sent[order.send_key].claimed_at) for order in orders if sent[order.send_key].claimed_at]
    assert len(at) > 20
    assert [(order.send_key, _clock(moment, order.zone)) for order, moment in at if _is_quiet(moment, order.zone)] == []


def _is_quiet(moment, zone):
    start, end = QUIET
    return not end <= _clock(moment, zone) < start


def _clock(moment, zone):
    return datetime.fromtimestamp(moment / 1000, ZoneInfo(zone)).strftime("%H:%M")


def _ms(moment):
    return int(moment.timestamp()) * 1000
