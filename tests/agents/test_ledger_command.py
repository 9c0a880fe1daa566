"""``nurture ledger`` and what a sender says of itself: every send can be found, nobody's address is shown."""

import json
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from agents.cli import ledger_lines
from agents.cli.ledger import ledger as command
from agents.mail.meter import Meter
from agents.outside import ledger as outside
from agents.outside.ledger import LedgerError, Wanted, find, may, order_in, pages
from schemas.codec import encode
from schemas.commands import ConfirmSend
from schemas.controls import SendSwitch
from schemas.units import DAY, HOUR
from streams.engine.status import LaneStatus
from streams.ledger import (
    Accepted,
    Blocked,
    Claimed,
    Deferred,
    Dropped,
    Expired,
    Lost,
    Postponed,
    Reason,
    Resent,
    transition,
)
from tests.agents.sending import NOW, Lane, SteppedThrottle, controls, notice, order, switch, view


def entry(*events):
    found = None
    for event in events:
        found = transition(found, event)
    return found


def claimed(key, at=NOW):
    return Claimed(order=order(key), at=at, port="sendgrid", source_hash="h1")


WAITS = entry(Postponed(order=order("wait1"), at=NOW - HOUR, until=NOW, detail="stopped"))
RETRY = entry(claimed("wait2"), Deferred(order=order("wait2"), until=NOW, detail="429"))
UNKNOWN = entry(claimed("doubt1", NOW - DAY), Lost(at=NOW, detail="timeout"))
HELD = entry(claimed("doubt2", NOW - 3 * DAY), Lost(at=NOW, detail="timeout"), Expired(at=NOW))
DONE = entry(claimed("done1"), Accepted(at=NOW, message_id="m1"))
OVER = entry(Blocked(order=order("done2"), at=NOW, reason=Reason.SUPPRESSED))
ALL = [WAITS, RETRY, UNKNOWN, HELD, DONE, OVER]
STOPPED = SendSwitch(stopped=True, by="ines", why="a wrong\x1b price", at=NOW)


@pytest.fixture
def run(monkeypatch):
    """The command over a ledger that is handed to it, and what it ordered."""
    ordered = []

    async def read(_options):
        return pages({e.send_key.encode(): encode(e) for e in ALL} | {b"newer": b'{"state":"teleported"}'})

    async def note(what, entry, **more):
        ordered.append((what, entry.send_key, more["by"], more["why"]))

    async def stands(_options):
        return STOPPED

    async def turned(_options, switch):
        ordered.append(("stop" if switch.stopped else "go", switch.by, switch.why))

    name = "agents.cli.ledger"
    monkeypatch.setattr(f"{name}.read_ledger", read)
    monkeypatch.setattr(f"{name}.resend", lambda _options, entry, **more: note("resend", entry, **more))
    monkeypatch.setattr(f"{name}.drop", lambda _options, entry, **more: note("drop", entry, **more))
    monkeypatch.setattr("agents.controls.position", stands)
    monkeypatch.setattr("agents.controls.turn", turned)

    def invoke(*words, **more):
        done = CliRunner().invoke(command, words, env={"NURTURE_BOOTSTRAP": "127.0.0.1:9"}, **more)
        return SimpleNamespace(output=done.output, error=done.exception, ordered=ordered)

    return invoke


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ((), ["doubt2", "doubt1", "wait1", "done1", "done2", "wait2"]),
        (("--state", "unknown", "--state", "held"), ["doubt2", "doubt1"]),
        (("--reason", "suppressed"), ["done2"]),
        (("--state", "held", "--reason", "suppressed"), []),
        (("--older", "2024-01-01"), []),
        (("--older", "2025-12-30T00:00"), ["doubt2"]),
    ],
)
def test_sends_are_found_by_state_reason_and_age(run, words, keys):
    """The oldest first; filters of one kind are added up, of different kinds narrow down."""
    assert [send["send_key"] for send in json.loads(run("list", *words, "--json").output)["sends"]] == keys


def test_the_list_says_everything_and_names_nobody(run):
    """Counts, the switch and what cannot be read are there; no address is, not even of what waits."""
    listed, as_json = run("list").output, run("list", "--json").output
    assert "6 sends" in listed
    assert "newer: this release cannot read its entry" in listed
    assert "sending is stopped by ines" in listed
    assert "\x1b" not in listed
    assert json.loads(as_json)["unreadable"] == ["newer"]
    for key in ("wait1", "doubt2"):
        assert key in run("show", key).output
    for shown in (listed, as_json, run("show", "wait1").output, run("show", "wait1", "--json").output):
        assert "wonder.example" not in shown


def test_an_operator_is_asked_and_must_say_why(run):
    """No answer and no reason is no order; with both, the order says who."""
    assert isinstance(run("resend", "doubt1", "--why", "asked", input="n\n").error, SystemExit)
    assert isinstance(run("resend", "doubt1", "--yes").error, SystemExit)
    assert run("resend", "doubt1", "--why", "asked", "--by", "ines", input="y\n").ordered == [
        ("resend", "doubt1", "ines", "asked")
    ]
    assert run("drop", "wait1", "--why", "wrong", "--by", "ines", "--yes").ordered[1:] == [
        ("drop", "wait1", "ines", "wrong")
    ]


def test_the_switch_is_turned_by_somebody_for_a_reason(run):
    """Stopping asks and needs a reason; letting go needs neither."""
    assert isinstance(run("stop", "--why", "wrong", input="n\n").error, SystemExit)
    run("stop", "--why", "wrong", "--by", "ines", "--yes")
    assert run("go", "--by", "ines").ordered == [("stop", "ines", "wrong"), ("go", "ines", "")]


@pytest.mark.parametrize("found", ALL, ids=lambda found: found.send_key)
def test_what_the_law_forbids_is_refused_at_once(found):
    """Only a doubt is sent again, only what waits or is in doubt is dropped; each refusal is a sentence."""
    for event, states in ((Resent, {"unknown", "held"}), (Dropped, {"unknown", "held", "planned", "retry"})):
        if found.state in states:
            may(found, event)
        else:
            with pytest.raises(LedgerError, match=f'found {found.send_key} "{found.state}", expected'):
                may(found, event)


@pytest.mark.parametrize(("key", "says"), [("nobody", "found no send"), ("doubt", "found 2 sends"), ("", "6 sends")])
def test_a_key_must_name_one_send(key, says):
    """A beginning is enough when it is unique; otherwise the sentence says what to do."""
    assert find(ALL, "doubt1") is UNKNOWN
    with pytest.raises(LedgerError, match=says):
        find(ALL, key)


def test_the_order_is_found_among_everything_that_is_said_to_the_sender():
    """Orders and notices of this key are orders; words about it, other keys and poison are not."""
    word = ConfirmSend(id="e1", lead_id="ada", send_key="k1", seen=NOW, event="opened")
    assert order_in(encode(order("k1")), "k1") == order("k1")
    assert order_in(encode(notice("k1")), "k1") == notice("k1")
    for other in (encode(order("k2")), encode(word), b"\xff", b"[]"):
        assert order_in(other, "k1") is None


def test_nothing_is_wanted_in_particular():
    """Without a filter everything is meant."""
    assert all(map(Wanted().takes, ALL))
    assert outside.FOREVER > NOW


@pytest.mark.parametrize(
    ("ms", "said"), [(0, "a moment"), (-5, "a moment"), (90_000, "1 min"), (2 * HOUR, "2 h"), (50 * HOUR, "2 d")]
)
def test_a_length_of_time_is_said_roughly(ms, said):
    """For people, who look for the old ones."""
    assert ledger_lines.span(ms) == said


def scraped(meter):
    registry = CollectorRegistry()
    registry.register(meter)
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {(s.name, *sorted(s.labels.values())): s.value for family in families for s in family.samples}


def test_a_sender_says_how_it_stands():
    """Kill switch, breaker, views, waits; and of lanes that fold, sends by state and how old their oldest doubt is."""
    found, throttle, lane = controls(), SteppedThrottle(), Lane()
    meter = Meter("sendgrid", throttle, found, view())
    state = {"now": "folding"}
    lane.status = lambda: LaneStatus(
        topic=lane.topic, partition=lane.partition, state=state["now"], counts={"state:held": 1, "state:accepted": 7}
    )
    meter.follow(lane, {e.send_key: e for e in (UNKNOWN, HELD)})
    assert scraped(meter)["nurture_kill_switch_state",] == 0
    found.learn(b"sends", switch())
    throttle.waited = 4.5
    said = scraped(meter)
    assert said["nurture_kill_switch_state",] == 1
    assert said["nurture_breaker_state", "closed", "sendgrid"] == 1
    assert said["nurture_breaker_state", "open", "sendgrid"] == 0
    assert said["nurture_rate_limit_wait_seconds_total",] == 4.5
    assert said["nurture_view_age_seconds", "nurture.controls"] == 0
    assert said["nurture_ledger_records", "3", "accepted", "nurture.sends"] == 7
    assert said["nurture_ledger_records", "3", "nurture.sends", "planned"] == 0
    assert said["nurture_oldest_doubt_seconds", "3", "held", "nurture.sends"] == 3 * DAY / 1_000
    assert said["nurture_oldest_doubt_seconds", "3", "nurture.sends", "unknown"] == DAY / 1_000
    state["now"] = "ended"
    assert not [name for name in scraped(meter) if name[0] == "nurture_ledger_records"]
