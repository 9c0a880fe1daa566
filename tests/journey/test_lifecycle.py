"""What the firm calls a lead: each state is derived from facts, and each crossing is said once, with its cause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas import facts as f
from schemas.authored import When
from schemas.commands import HandOff, MoveLifecycle
from schemas.lifecycle import LifecycleState
from streams.journey.compiled import Compiled
from streams.journey.decide import decide
from streams.journey.lifecycle import state_of
from tests.journey.agreed import DAY, POLICY, Story, agreed

QUALIFIED = [(f.PricingViewed, {})]
ASKED = [(f.DemoRequested, {})]
ACCEPTED = [*ASKED, (f.SalesAccepted, {})]
MET = [*ACCEPTED, (f.MeetingHeld, {})]
OPEN = [*MET, (f.OpportunityOpened, {"opportunity": "o-1"})]
WON = [*OPEN, (f.DealWon, {"opportunity": "o-1"})]
PATHS = {
    "inquiry": [],
    "mql": QUALIFIED,
    "sal": ACCEPTED,
    "sql": MET,
    "opportunity": OPEN,
    "customer": WON,
}


def told(facts, policy=POLICY):
    """A lead's story: introduced, then these facts an hour apart."""
    story = Story(policy).introduced()
    for kind, parts in facts:
        story.tell(kind, 3_600_000, **parts)
    return story


def crossings(story):
    """Each crossing as (before, after, why)."""
    return [(move.before, move.after, move.why) for move in story.of(MoveLifecycle)]


@pytest.mark.parametrize(("state", "facts"), PATHS.items(), ids=PATHS)
def test_each_state_follows_from_facts(state, facts):
    """Inquiry, MQL, SAL, SQL, opportunity and customer, as the usual lifecycle derives them."""
    assert told(facts).lead.lifecycle == state


def test_a_crossing_is_said_once_with_the_fact_that_caused_it():
    """Forward from a raised hand to a customer; what changes nothing says nothing."""
    assert crossings(told(WON)) == [
        ("", "inquiry", "lead.created"),
        ("inquiry", "mql", "demo.requested"),
        ("mql", "sal", "sales.accepted"),
        ("sal", "sql", "meeting.held"),
        ("sql", "opportunity", "opportunity.opened"),
        ("opportunity", "customer", "deal.won"),
    ]


@pytest.mark.parametrize(
    ("facts", "last", "state"),
    [
        (ACCEPTED, (f.SalesRejected, {"reason": "bad-timing"}), "inquiry"),
        (QUALIFIED + ACCEPTED, (f.SalesRecycled, {}), "mql"),
        (OPEN, (f.DealLost, {"opportunity": "o-1"}), "inquiry"),
        (WON, (f.Churned, {}), "inquiry"),
        (QUALIFIED, (f.LeadUpdated, {"traits": {"role": "student"}}), "inquiry"),
    ],
)
def test_a_lead_moves_back_when_what_it_stood_on_is_gone(facts, last, state):
    """Back to what it still is, with the fact that took the rest away."""
    story = told([*facts, last])
    assert story.lead.lifecycle == state
    assert crossings(story)[-1][1:] == (state, f.tag_of(last[0]).removesuffix(".v1"))


def test_an_opportunity_that_nobody_moves_ends_with_time():
    """Time is a fact here too: the tick that ends the pause ends the state."""
    story = told([(f.OpportunityOpened, {"opportunity": "o-1"})])
    assert story.lead.lifecycle == "opportunity"
    story.wait(91 * DAY)
    assert crossings(story)[-1] == ("opportunity", "inquiry", "clock.tick")


def test_states_are_data_and_a_change_of_policy_says_so():
    """Other names, other derivations, traits included; a lead that stands elsewhere now was redefined."""
    story = told(QUALIFIED)
    states = (
        LifecycleState(id="name", says="a name"),
        LifecycleState(id="prospect", says="a buyer", when=When(field="role", is_="director")),
    )
    other = Compiled(agreed(lifecycle=replace(agreed().lifecycle, states=states)))
    lead, commands = decide(
        story.lead, f.PageViewed(id="p", lead_id="ada", at=story.now, seen=story.now, path="/"), other
    )
    assert lead.lifecycle == "prospect"
    assert [(move.before, move.after, move.why) for move in commands if isinstance(move, MoveLifecycle)] == [
        ("mql", "prospect", "redefined")
    ]


def test_a_handoff_names_the_version_it_was_made_under():
    """The policy's hash, and who agreed on stages and lifecycle since when."""
    [order] = told(ASKED).of(HandOff)
    assert order.brief.policy == order.policy == POLICY.hash
    assert [(one.what, one.on, one.by) for one in order.brief.agreed] == [
        ("stages", "2026-01-01", "marketing, sales"),
        ("lifecycle", "2026-02-01", "marketing, sales"),
    ]


KINDS = st.sampled_from([pair for path in PATHS.values() for pair in path] + [(f.SalesRecycled, {}), (f.Churned, {})])


@given(st.lists(st.tuples(KINDS, st.integers(0, 40 * DAY)), max_size=20))
def test_the_state_is_always_what_the_row_says(steps):
    """Whatever happened and however long ago: derived anew from the row, the state is the one that was said last."""
    story = Story().introduced()
    for (kind, parts), after in steps:
        story.tell(kind, after, **parts)
        assert story.lead.lifecycle == state_of(story.lead, story.lead.seen, POLICY)
        assert crossings(story)[-1][1] == story.lead.lifecycle
