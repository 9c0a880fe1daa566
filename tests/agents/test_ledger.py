"""The send ledger's law, as a table of every state and every event."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.commands import NotifyOwner, SendContent
from schemas.handoff import Brief
from schemas.ledger import LedgerEntry
from schemas.reason import Reason
from streams.ledger import Accepted, Blocked, Claimed, IllegalTransition, Lost, Refused, Released, transition

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
CLAIMED = Claimed(order=ORDER, at=6, port="folder", source_hash="h1")
BLOCKED = Blocked(order=ORDER, at=7, reason=Reason.SUPPRESSED)
EVENTS = [
    CLAIMED,
    BLOCKED,
    Accepted(at=8, message_id="m1"),
    Refused(at=8, detail="400"),
    Released(),
    Lost(at=8, detail="timeout"),
]
CLAIMED_ENTRY = transition(None, CLAIMED)


@pytest.mark.parametrize(
    ("before", "event", "after"),
    [
        (None, CLAIMED, "claimed"),
        (None, BLOCKED, "blocked"),
        ("claimed", BLOCKED, "blocked"),
        ("claimed", EVENTS[2], "accepted"),
        ("claimed", EVENTS[3], "rejected"),
        ("claimed", EVENTS[4], None),
        ("claimed", EVENTS[5], "held"),
    ],
)
def test_a_legal_event_leads_to_one_state(before, event, after):
    """The seven legal transitions, and what each one leads to."""
    found = transition(CLAIMED_ENTRY if before else None, event)
    assert (found.state if found else None) == after


LEGAL = {(None, Claimed), (None, Blocked), *(("claimed", type(event)) for event in EVENTS[1:])}


@pytest.mark.parametrize("state", [None, "claimed", "accepted", "rejected", "blocked", "held"])
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_everything_else_is_illegal(state, event):
    """No other pair of state and event is legal; what is settled stays settled."""
    entry = LedgerEntry(send_key="k1", lead_id="ada", email="e", state=state, claimed_at=1) if state else None
    if (state, type(event)) in LEGAL:
        transition(entry, event)
    else:
        with pytest.raises(IllegalTransition, match=r"found .* expected .* before"):
            transition(entry, event)


def test_an_entry_keeps_what_the_claim_said():
    """Lead, e-mail, program, step, port and source hash survive the outcome."""
    entry = transition(CLAIMED_ENTRY, Accepted(at=8, message_id="m1"))
    assert entry == LedgerEntry(
        send_key="k1",
        lead_id="ada",
        email="night-load",
        program="first-look",
        step="one",
        state="accepted",
        claimed_at=6,
        settled_at=8,
        port="folder",
        message_id="m1",
        source_hash="h1",
    )


@pytest.mark.parametrize(
    ("event", "reason"),
    [(BLOCKED, Reason.SUPPRESSED), (EVENTS[3], Reason.REJECTED), (EVENTS[5], Reason.OUTCOME_UNKNOWN)],
)
def test_what_was_not_sent_has_a_reason(event, reason):
    """Blocked, rejected and held entries name their reason."""
    assert transition(CLAIMED_ENTRY, event).reason is reason


def test_a_notice_is_entered_under_its_own_name():
    """A notice to a rep has no program; its e-mail is the handoff notice."""
    entry = transition(None, Claimed(order=NOTICE, at=6, port="folder", source_hash="h1"))
    assert (entry.email, entry.program, entry.lead_id) == ("handoff-notice", "", "ada")


@given(st.lists(st.sampled_from(EVENTS), max_size=20))
def test_a_key_is_accepted_at_most_once_in_any_history(events):
    """Whatever events are tried, one key meets Accepted once at most, and never after it was held or blocked."""
    entry, accepted, ended = None, 0, False
    for event in events:
        try:
            entry = transition(entry, event)
        except IllegalTransition:
            continue
        assert not ended
        accepted += isinstance(event, Accepted)
        ended = entry is not None and entry.state != "claimed"
    assert accepted <= 1
