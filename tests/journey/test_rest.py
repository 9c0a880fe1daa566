"""A lead at rest is not offered programs again: which saves work, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas import facts as f
from schemas.lead import Lead
from schemas.units import DAY
from streams.journey.compiled import Compiled
from streams.journey.decide import decide
from streams.journey.memory import learn
from streams.journey.rest import at_rest
from streams.journey.turn import Turn
from tests.journey.agreed import MONDAY, POLICY, Story
from tests.journey.lines import lines

ACTS = [
    (f.LeadUpdated, {"traits": {"role": "plant manager", "industry": "food", "employees": 300}}),
    (f.LeadUpdated, {"traits": {"role": "student"}}),
    (f.LeadUpdated, {"traits": {"email": None}}),
    (f.BasisGiven, {"basis": "contract", "form": "card", "wording": "v1", "expires": MONDAY + 20 * DAY}),
    (f.BasisWithdrawn, {}),
    *((f.PageViewed, {"path": path}) for path in ("/", "/guides/cold-rooms", "/guides/peak", "/careers/engineer")),
    (f.PricingViewed, {}),
    (f.Tracked, {"name": "trial-started"}),
    (f.FormSubmitted, {"form": "guide", "requested": "guide"}),
    (f.EmailClicked, {"email": "checklist"}),
    (f.EmailUnsubscribed, {}),
    (f.DemoRequested, {}),
    (f.SalesRecycled, {}),
    (f.SalesContacted, {}),
    (f.OpportunityOpened, {"amount": 100}),
    (f.DealLost, {}),
    (f.DealWon, {"amount": 100}),
]
histories = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 6 * DAY)), max_size=40)


@pytest.mark.parametrize("policy", [POLICY, Compiled(lines())], ids=["one model", "three lines"])
@given(history=histories)
def test_a_lead_at_rest_would_be_told_the_same_if_it_were_asked_again(history, policy):
    """Every row and every decision is the same without the short cut, whatever happens, ticks included."""
    story, folded = Story(policy), []
    fold = story.fold
    story.fold = lambda fact: folded.append(fact) or fold(fact)
    story.introduced()
    for (kind, parts), after in history:
        story.tell(kind, after=after, **parts)
    story.wait(30 * DAY)
    lead, said = Lead(id="ada"), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streams.journey.decide.at_rest", lambda *_: False)
        for fact in folded:
            lead, commands = decide(lead, fact, policy)
            said += commands
    assert (lead, said) == (story.lead, story.said)


@pytest.mark.parametrize(
    ("kind", "parts", "rests"),
    [
        (f.PageViewed, {"path": "/"}, True),
        (f.EmailOpened, {"email": "why-measure"}, True),
        (f.EmailUnsubscribed, {}, False),
        (f.BasisWithdrawn, {}, False),
        (f.LeadUpdated, {"traits": {"country": "JP"}}, False),
        (f.SalesContacted, {}, False),
    ],
)
def test_what_a_program_looks_at_ends_the_rest(kind, parts, rests):
    """A lead that waits for its next e-mail rests while it only reads."""
    story = Story().introduced()
    story.tell(f.PricingViewed)
    assert story.lead.enrolments
    fact = kind(id="next", lead_id="ada", at=story.now, seen=story.now, **parts)
    turn = Turn(fact, story.lead, POLICY)
    assert at_rest(story.lead, learn(story.lead, turn), turn) is rests


def test_what_is_due_ends_the_rest():
    """A tick for a program is there to be looked at; one for a look at the stages leaves the programs alone."""
    story = Story().introduced()
    story.tell(f.PricingViewed)
    [enrolment] = story.lead.enrolments
    for due, rests in ((story.standing.lapses, True), (enrolment.due, False)):
        lead = replace(story.lead, due=due)
        turn = Turn(f.Tick(id="due", lead_id="ada", at=due, seen=due, due=due), lead, POLICY)
        assert at_rest(lead, learn(lead, turn), turn) is rests
