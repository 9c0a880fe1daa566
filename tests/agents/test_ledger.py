"""The send ledger's law, as a table of every state and every event."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.codec import decode_ledger, encode
from schemas.commands import NotifyOwner, SendContent
from schemas.handoff import Brief
from schemas.ledger import LedgerEntry, Ordered, State
from schemas.reason import Reason
from streams.ledger import (
    LEGAL,
    WINDOW,
    Accepted,
    Blocked,
    Cancelled,
    Claimed,
    Confirmed,
    Deferred,
    Dropped,
    Event,
    Expired,
    IllegalTransition,
    Lost,
    Postponed,
    Refused,
    Resent,
    allows,
    due_of,
    in_doubt,
    transition,
)

ORDER = SendContent(
    id="c1",
    lead_id="ada",
    because="f1",
    seen=5,
    policy="p1",
    send_key="k1",
    email="night-load",
    kind="nurture",
    not_after=9,
    program="first-look",
    step="one",
    to="ada@wonder.example",
)
NOTICE = NotifyOwner(
    id="c2",
    lead_id="ada",
    because="f1",
    seen=5,
    policy="p1",
    send_key="k1",
    handoff_id="ada:0",
    to="rep@wattlark.example",
    answer_by=9,
    not_after=9,
    brief=Brief(lead_id="ada", headline="", stage="ready", grade="A1", fit=0, engagement=0, since=0),
)
EVENTS = {
    "postponed": Postponed(order=ORDER, at=6, until=40, detail="stopped"),
    "claimed": Claimed(order=ORDER, at=6, port="folder", source_hash="h1"),
    "blocked": Blocked(order=ORDER, at=7, reason=Reason.SUPPRESSED),
    "accepted": Accepted(at=8, message_id="m1"),
    "refused": Refused(at=8, detail="400"),
    "deferred": Deferred(order=ORDER, until=50, detail="429"),
    "lost": Lost(at=8, detail="timeout"),
    "expired": Expired(at=9),
    "confirmed": Confirmed(at=9, event="delivered"),
    "resent": Resent(id="o1", order=ORDER, at=9, by="ines", why="they called"),
    "dropped": Dropped(id="o2", at=9, by="ines", why="too late"),
    "cancelled": Cancelled(at=9),
}
STATES = (None, *get_args(State))
# state found: what may happen to it, and where that leads
TABLE = {
    None: {"postponed": "planned", "claimed": "claimed", "blocked": "blocked"},
    "planned": {
        "postponed": "planned",
        "claimed": "claimed",
        "blocked": "blocked",
        "confirmed": "confirmed",
        "dropped": "blocked",
        "cancelled": "blocked",
    },
    "retry": {
        "postponed": "retry",
        "claimed": "claimed",
        "blocked": "blocked",
        "confirmed": "confirmed",
        "dropped": "blocked",
        "cancelled": "blocked",
    },
    "claimed": {
        "blocked": "blocked",
        "accepted": "accepted",
        "refused": "rejected",
        "deferred": "retry",
        "lost": "unknown",
    },
    "unknown": {"expired": "held", "confirmed": "confirmed", "resent": "planned", "dropped": "blocked"},
    "held": {"confirmed": "confirmed", "resent": "planned", "dropped": "blocked"},
    "accepted": {},
    "rejected": {},
    "confirmed": {},
    "blocked": {},
}


def told(*names, entry=None):
    """The entry after these events."""
    for name in names:
        entry = transition(entry, EVENTS[name])
    return entry


PATHS = {
    None: (),
    "planned": ("postponed",),
    "retry": ("claimed", "deferred"),
    "claimed": ("claimed",),
    "unknown": ("claimed", "lost"),
    "held": ("claimed", "lost", "expired"),
    "accepted": ("claimed", "accepted"),
    "rejected": ("claimed", "refused"),
    "confirmed": ("claimed", "lost", "confirmed"),
    "blocked": ("blocked",),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", EVENTS)
def test_the_table_is_the_law(state, name):
    """Every pair of state and event leads where the table says, or nowhere."""
    entry, expected = told(*PATHS[state]), TABLE[state].get(name)
    assert allows(entry, type(EVENTS[name])) == (expected is not None)
    if expected:
        assert told(name, entry=entry).state == expected
    else:
        with pytest.raises(IllegalTransition, match=r"found .* expected .* before"):
            told(name, entry=entry)


def test_every_event_and_every_state_is_in_the_law():
    """No event is forgotten, and each state is found or ends a path."""
    assert set(LEGAL) == set(get_args(Event)) == {type(event) for event in EVENTS.values()}
    assert set(PATHS) == set(TABLE) == set(STATES)


def test_an_entry_keeps_what_the_claim_said():
    """Lead, e-mail, program, step, port, source hash and times survive the outcome."""
    assert told("claimed", "accepted") == LedgerEntry(
        send_key="k1",
        lead_id="ada",
        email="night-load",
        program="first-look",
        step="one",
        state="accepted",
        begun_at=6,
        claimed_at=6,
        settled_at=8,
        port="folder",
        message_id="m1",
        source_hash="h1",
    )


@pytest.mark.parametrize("state", STATES[1:])
def test_the_order_and_its_address_are_there_only_while_it_waits(state):
    """What waits can still be sent; what is claimed, in doubt or over names nobody."""
    entry = told(*PATHS[state])
    assert (entry.order == ORDER) == (state in ("planned", "retry"))
    assert (b"@" in encode(entry)) == (state in ("planned", "retry"))
    assert decode_ledger(encode(entry)) == entry


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (("blocked",), Reason.SUPPRESSED),
        (("claimed", "refused"), Reason.REJECTED),
        (("claimed", "lost"), Reason.OUTCOME_UNKNOWN),
        (("claimed", "lost", "expired"), Reason.OUTCOME_UNKNOWN),
        (("postponed", "dropped"), Reason.DROPPED),
        (("postponed", "cancelled"), Reason.CANCELLED),
        (("claimed", "lost", "dropped"), Reason.OUTCOME_UNKNOWN),
        (("claimed", "lost", "confirmed"), None),
        (("claimed", "accepted"), None),
    ],
    ids=str,
)
def test_what_was_not_sent_has_a_reason(path, reason):
    """A doubt that an operator drops stays a doubt; a doubt that is resolved has no reason any more."""
    assert told(*path).reason is reason


@pytest.mark.parametrize(
    ("path", "due"),
    [
        (("postponed",), 40),
        (("claimed", "deferred"), 50),
        (("claimed",), 6),
        (("claimed", "lost"), 8 + WINDOW),
        (("claimed", "lost", "resent"), 9),
        (("claimed", "lost", "expired"), 0),
        (("claimed", "accepted"), 0),
        (("blocked",), 0),
    ],
    ids=str,
)
def test_nothing_is_looked_at_before_it_is_due(path, due):
    """Waiting costs nothing: an entry says when somebody must look at it, and settled ones never do."""
    assert due_of(told(*path)) == due


def test_what_an_operator_ordered_stays_in_the_entry():
    """Who, why and when of every resend and drop survive whatever follows."""
    entry = told("claimed", "lost", "resent", "claimed", "lost", "dropped")
    assert entry.resent == 1
    assert entry.ordered == (
        Ordered(id="o1", what="resend", by="ines", why="they called", at=9),
        Ordered(id="o2", what="drop", by="ines", why="too late", at=9),
    )


def test_a_notice_is_entered_under_its_own_name():
    """A notice to a rep has no program; its e-mail is the handoff notice."""
    entry = transition(None, replace(EVENTS["claimed"], order=NOTICE))
    assert (entry.email, entry.program, entry.lead_id) == ("handoff-notice", "", "ada")


@given(st.lists(st.sampled_from(list(EVENTS)), max_size=40))
def test_a_second_claim_needs_a_proof_or_an_operator(names):
    """In any history, what may have been sent is claimed again only after an operator's order, once for each."""
    entry, may_have_left, resends = None, 0, 0
    for name in names:
        if not allows(entry, type(EVENTS[name])):
            continue
        entry = told(name, entry=entry)
        may_have_left += name in ("accepted", "lost")
        resends += name == "resent"
        assert may_have_left <= 1 + resends
        assert entry.resent == resends == len([order for order in entry.ordered if order.what == "resend"])
        assert in_doubt(entry) == (entry.state in ("unknown", "held"))
