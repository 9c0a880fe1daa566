"""What is said of earlier sends: by the provider, by an operator, by a program that ended; a doubt is never sent twice."""

from collections import Counter

import pytest
from msgspec.structs import replace

from agents.mail.port import Halted, NotNow, Refused, Unknown
from schemas.commands import CancelContent, ConfirmSend, DropSend, ResendSend
from schemas.topics import DEAD_LETTERS
from schemas.units import DAY, HOUR, MINUTE
from tests.agents.sending import (
    NOW,
    Lane,
    Port,
    age,
    controls,
    fold,
    notice,
    order,
    records,
    switch,
    tick,
    view,
    work,
)


def confirm(key="k1", lead="ada", event="delivered", name="e1"):
    return ConfirmSend(id=name, lead_id=lead, send_key=key, seen=NOW, event=event)


def resend(key="k1", lead="ada", name="o1", **fields):
    again = order(key, lead, not_after=NOW + 30 * DAY, **fields)
    return ResendSend(id=name, lead_id=lead, send_key=key, seen=NOW, by="ines", why="they called", order=again)


def drop(key="k1", lead="ada", name="o2"):
    return DropSend(id=name, lead_id=lead, send_key=key, seen=NOW, by="ines", why="a wrong price")


def cancel(key="k1", lead="ada", name="f9:1"):
    about = {"because": "f9", "seen": NOW, "policy": "p1", "program": "first-look", "step": "one"}
    return CancelContent(id=name, lead_id=lead, send_key=key, email="night-load", **about)


def in_doubt(port=None):
    """A lane with one send whose outcome nobody knows."""
    lane = Lane()
    fold(lane, work(port or Port({"k1": [Unknown("timeout")]})), records(order()))
    assert lane.states() == {"k1": "unknown"}
    assert lane.facts() == [], "an unknown outcome is not settled yet"
    return lane


@pytest.mark.parametrize("late", [0, 3 * DAY])
def test_the_provider_s_word_resolves_a_doubt(late):
    """Unknown or held, an event proves that the provider took it: confirmed, and the lead's record says accepted."""
    lane, port = in_doubt(), Port()
    age(lane, work(port), late)
    before = len(lane.facts())
    fold(lane, work(port), records(confirm(), confirm(event="opened", name="e2"), start=1))
    assert lane.states() == {"k1": "confirmed"}
    assert [fact.outcome for fact in lane.facts()[before:]] == ["accepted"]
    assert (lane.counts["feedback:confirmed"], lane.counts["feedback:ignored"]) == (1, 1)
    assert port.asked == []
    assert not lane.within(b"\0doubt:")


def test_a_doubt_that_nothing_resolves_is_held_and_told():
    """After the window an unknown outcome is held for an operator; the lead's record learns it once."""
    lane, port = in_doubt(), Port()
    age(lane, work(port), DAY - 1)
    assert lane.states() == {"k1": "unknown"}
    age(lane, work(port), 1)
    assert lane.states() == {"k1": "held"}
    assert [fact.outcome for fact in lane.facts()] == ["held"]
    assert port.asked == []


@pytest.mark.parametrize("waits", ["the kill switch", "the breaker", "behind its own order"])
def test_what_still_waits_is_not_sent_when_its_program_ends(waits):
    """Whatever it waits for: it ends as blocked, the lead's record hears why, and nobody is asked to send it."""
    lane, switched = Lane(), controls(stopped=waits == "the kill switch")
    port = Port({"k1": [Halted("401")]} if waits == "the breaker" else {})
    if waits == "behind its own order":
        fold(lane, work(port), records(order(), cancel()))
    else:
        fold(lane, work(port, switch=switched), records(order(not_after=NOW + DAY)))
        assert lane.states()["k1"] in ("planned", "retry")
        fold(lane, work(port, switch=switched), records(cancel(), start=1))
    switched.learn(b"sends", switch(stopped=False))
    age(lane, work(port, switch=switched), 2 * DAY)
    assert (lane.states(), port.took) == ({"k1": "blocked"}, {})
    assert [(fact.outcome, fact.reason) for fact in lane.facts()] == [("skipped", "cancelled")]


def test_what_may_have_been_sent_is_not_called_back():
    """A doubt stays one; the mail of others goes on."""
    lane, port = in_doubt(), Port()
    fold(lane, work(port), records(cancel(), order("k2"), start=1))
    assert lane.states() == {"k1": "unknown", "k2": "accepted"}


@pytest.mark.parametrize("words", [[confirm()], [drop()], [resend()], [confirm("other")]])
def test_a_word_about_a_settled_or_unknown_send_changes_nothing(words):
    """Most events are about sends that are settled: they are counted and forgotten."""
    lane, port = Lane(), Port()
    fold(lane, work(port), records(order(), *words))
    assert lane.states() == {"k1": "accepted"}
    assert lane.told() == {"sends_accepted": 1, "feedback:ignored": 1}
    assert port.took == {"k1": 1}


@pytest.mark.parametrize("late", [0, 3 * DAY])
def test_only_an_operator_sends_again_and_the_entry_says_who(late):
    """A resend is tried like any order, by its own time; who ordered it and why stays in the entry."""
    lane, port = in_doubt(), Port()
    sender = work(port)
    age(lane, sender, late)
    fold(lane, sender, records(resend(), start=1))
    age(lane, sender, MINUTE)
    assert lane.states() == {"k1": "accepted"}
    [ordered] = lane.entries()["k1"].ordered
    assert (ordered.what, ordered.by, ordered.why) == ("resend", "ines", "they called")
    assert port.took == {"k1": 1}


def test_an_operator_s_order_that_is_read_twice_is_one_order():
    """A crash between the order's effect and its position must not send a third time."""
    lane, port = in_doubt(), Port({"k1": [Unknown("again")]})
    fold(lane, work(port), records(resend(), start=1))
    age(lane, work(port), MINUTE)
    assert lane.states() == {"k1": "unknown"}
    fold(lane, work(port), records(resend(), start=1))
    age(lane, work(port), MINUTE)
    assert len(port.asked) == 1
    assert lane.counts["feedback:ignored"] == 1


def test_an_event_that_comes_after_the_resend_stops_it():
    """If the provider tells of the first request before the second is made, there is no second."""
    lane, port = in_doubt(), Port()
    fold(lane, work(port), records(resend(), confirm(), start=1))
    age(lane, work(port), HOUR)
    assert lane.states() == {"k1": "confirmed"}
    assert port.asked == []


def test_a_resend_goes_through_the_gate_like_any_other():
    """Whoever unsubscribed meanwhile is not mailed, whatever an operator ordered."""
    lane, port = in_doubt(), Port()
    fold(lane, work(port, view("ada@wonder.example")), records(resend(), start=1))
    age(lane, work(port, view("ada@wonder.example")), HOUR)
    assert (lane.states(), port.asked) == ({"k1": "blocked"}, [])


def test_a_drop_ends_what_waits_and_what_is_in_doubt():
    """What waits is skipped; a doubt stays a doubt on the lead's record, so the mail is never planned again."""
    lane, port = in_doubt(), Port()
    stopped = work(port, switch=controls(stopped=True))
    fold(lane, stopped, records(order("k2", not_after=NOW + DAY), start=1))
    fold(lane, stopped, records(drop(), drop("k2", name="o3"), start=2))
    assert lane.states() == {"k1": "blocked", "k2": "blocked"}
    assert [(fact.outcome, fact.reason) for fact in lane.facts()] == [
        ("held", "outcome_unknown"),
        ("skipped", "dropped"),
    ]
    age(lane, work(port), HOUR)
    assert port.asked == []
    assert [entry.ordered[0].what for entry in lane.entries().values()] == ["drop", "drop"]


def test_a_doubt_is_told_once():
    """Held and then dropped, the lead's record hears of it once; the drop changes nothing that it knows."""
    lane, port = in_doubt(), Port()
    age(lane, work(port), DAY)
    fold(lane, work(port), records(drop(), start=1))
    assert lane.states() == {"k1": "blocked"}
    assert [fact.outcome for fact in lane.facts()] == ["held"]
    assert lane.counts["sends_held"] == 1


def test_an_order_to_resend_must_hold_the_send_that_it_names():
    """What names one send and holds another is put aside."""
    lane = Lane()
    wrong = replace(resend(), order=order("k9"))
    fold(lane, work(Port()), records(wrong))
    assert lane.counts["dead_letters:wrong_shape"] == 1


def test_an_entry_that_this_release_cannot_read_puts_its_order_aside():
    """A newer release wrote it: nobody guesses; the dead letter names the remedy and the neighbours go on."""
    lane, port = Lane(), Port()
    lane.table[b"k1"] = b'{"type":"ledger_entry.v1","send_key":"k1","lead_id":"ada","email":"e","state":"teleported"}'
    lane.due[b"k1"] = NOW
    tick(lane, work(port))
    fold(lane, work(port), records(order("k1"), confirm("k1"), order("k2")))
    assert port.took == {"k2": 1}
    [one, _] = [out for out in lane.outs if out.topic == DEAD_LETTERS]
    assert b"upgrade this worker, then replay" in dict(one.headers)["nurture_detail"]
    assert b"teleported" in lane.table[b"k1"]


def test_the_counts_say_how_many_sends_are_in_each_state():
    """The counts by state are those of the rows, whatever happened."""
    lane, port = in_doubt(), Port({"k2": [NotNow(9, "429")], "k3": [Refused("400")]})
    given = [order(f"k{number}", lead=f"l{number}", not_after=NOW + DAY) for number in range(2, 9)]
    fold(lane, work(port), records(*given, start=1))
    by_state = {name.removeprefix("state:"): n for name, n in lane.counts.items() if name.startswith("state:") and n}
    assert by_state == Counter(lane.states().values())


def test_an_address_is_in_the_ledger_only_while_it_waits_and_under_its_lead():
    """Erasure finds it by the lead's id in the entry; no key and no list of doubts holds one, and an ending lets it go."""
    lane, port = Lane(), Port({"k1": [NotNow(9, "429")], "k2": [Unknown("500")]})
    given = [order(f"k{number}", lead=f"l{number}", not_after=NOW + DAY) for number in range(5)]
    fold(lane, work(port), records(*given, notice(not_after=NOW + DAY)))
    holding = {key for key, row in lane.table.items() if b"@" in row}
    waiting = {key.encode() for key, entry in lane.entries().items() if entry.state in ("planned", "retry")}
    assert holding == waiting != set()
    for entry in lane.entries().values():
        assert entry.order is None or entry.order.lead_id == entry.lead_id
    assert not any(b"@" in key for key in lane.table)
    fold(lane, work(port), records(*(drop(key.decode(), f"l{key.decode()[1:]}") for key in waiting), start=6))
    assert not any(b"@" in row for row in lane.table.values())
