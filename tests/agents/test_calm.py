"""Libraries may say the same a few times, not thousands of times; what we say ourselves is always heard."""

import logging
import sys

import pytest
from aiokafka.errors import ProducerFenced

from agents.process.calm import MOST, WINDOW_S, Calm
from schemas.problem import UserError


class Listener:
    """A clock that is set by hand, and what passed."""

    def __init__(self):
        self.time = 0.0
        self.calm = Calm(lambda: self.time)
        self.heard = []

    def say(self, name, text, *args, exc_info=None):
        record = logging.LogRecord(name, logging.WARNING, "", 0, text, args, exc_info)
        if self.calm.filter(record):
            self.heard.append(record)
        return record

    @property
    def said(self):
        return [record.getMessage() for record in self.heard]


@pytest.fixture
def listener():
    return Listener()


def test_an_outage_is_a_few_lines(listener):
    """A thousand failed fetches are three lines, and the next window's first says how many were left out."""
    for number in range(1_000):
        listener.say("aiokafka.consumer.fetcher", "Failed fetch messages from %s: %s", number, "gone")
    listener.say("aiokafka.consumer.fetcher", "another %s", "kind")
    assert len(listener.heard) == MOST + 1
    listener.time += WINDOW_S + 1
    listener.say("aiokafka.consumer.fetcher", "Failed fetch messages from %s: %s", 7, "100% gone")
    assert listener.said[-1] == f"Failed fetch messages from 7: 100% gone ({1_000 - MOST} more like this were left out)"


def test_our_own_events_always_pass(listener):
    """However often: each event of the agents is a decision."""
    for _ in range(50):
        listener.say("agents.sender", "send_skipped")
    assert len(listener.heard) == 50


def test_a_hiccup_between_transactions_is_not_worth_a_line(listener):
    """A broker's request to try once more is silence; one that goes on for long is heard."""
    for _ in range(20):
        listener.say("aiokafka.producer.sender", "Got error produce response on topic-partition %s, retrying", 1)
    assert listener.heard == []
    for _ in range(2_000):
        listener.say("aiokafka.producer.sender", "Got error produce response on topic-partition %s, retrying", 1)
    assert len(listener.heard) == MOST


def test_what_people_can_mend_needs_no_traceback(listener):
    """The sentence of a refusal stays, its traceback goes; a bug keeps its traceback."""
    for problem in (UserError("make room"), ZeroDivisionError()):
        try:
            raise problem
        except (UserError, ZeroDivisionError):
            listener.say("streams.engine.app", "crashed: %r", problem, exc_info=sys.exc_info())
    assert [bool(record.exc_info) for record in listener.heard] == [False, True]


@pytest.mark.parametrize(
    ("text", "problem", "heard"),
    [
        ("Error while stopping child", RuntimeError("Event loop is closed"), 0),
        ("Future exception was never retrieved", ProducerFenced(), 0),
        ("Future exception was never retrieved", ZeroDivisionError(), 1),
        ("Error while stopping child", RuntimeError("a bug"), 1),
    ],
)
def test_what_was_said_already_is_no_news(listener, text, problem, heard):
    """A crashed worker's closed loop, and futures inside aiokafka that nobody can ask; a bug is always heard."""
    listener.say("asyncio", text, exc_info=(type(problem), problem, None))
    assert len(listener.heard) == heard
