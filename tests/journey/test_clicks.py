"""Clicks count when a person made them: after a wait, and not when a machine betrays itself."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas import facts as f
from schemas.authored import When
from schemas.commands import Discount, HandOff, LeaveProgram
from schemas.lead import MOST_CLICKS, Lead
from schemas.model import EngagementRule
from schemas.program import Ending
from schemas.sending import Bots
from schemas.units import HOUR, MINUTE, SECOND
from streams.journey.compiled import Compiled
from streams.journey.decide import decide
from tests.journey.agreed import MONDAY, POLICY, Story, agreed

TRAP = "https://meter.example/nobody"
WATCHFUL = Compiled(agreed(sending=replace(agreed().sending, bots=Bots(honeypot=TRAP))))


def click(story, link="a", after=0, email="why-measure", **parts):
    return story.tell(f.EmailClicked, after=after, email=email, url=f"https://meter.example/{link}", **parts)


def discounts(story):
    return [(*said.engagement, said.why.value) for said in story.of(Discount)]


def test_a_click_counts_when_it_has_waited():
    """A minute, and the lead is looked at by itself."""
    story = Story().introduced()
    click(story)
    assert (story.standing.engagement, story.lead.due) == (0, MONDAY + MINUTE)
    story.wait(MINUTE)
    assert (story.standing.engagement, story.lead.moments[-1].label, discounts(story)) == (6, "why-measure", [])


@pytest.mark.parametrize(
    ("clicks", "points", "why"),
    [
        ([("a", 0), ("b", 2), ("c", 2)], 0, ["many_links"] * 3),
        ([("a", 0), ("b", 2), ("b", 2)], 18, []),  # a finger that slips
        ([("a", 0), ("b", 4), ("c", 4)], 18, []),  # a reader in a hurry
        ([("a", 0), ("nobody?utm=1", 40), ("b", 15)], 0, ["honeypot"] * 3),
        ([("a", 0), ("nobody", 70)], 6, ["honeypot"]),  # a person, and later a machine
    ],
)
def test_what_betrays_a_machine(clicks, points, why):
    """Many links at once, or the one that no person sees; each discounted click is said with its reason."""
    story = Story(WATCHFUL).introduced()
    for link, seconds in clicks:
        click(story, link, after=seconds * SECOND)
    story.wait(MINUTE)
    assert (story.standing.engagement, [reason for _, reason in discounts(story)]) == (points, why)


@pytest.mark.parametrize(("seconds", "points"), [(3, 0), (5, 0), (6, 6), (60, 6)])
@pytest.mark.parametrize("late", [True, False])
def test_a_click_at_the_very_delivery_is_a_machines(seconds, points, late):
    """Whichever of the two we hear of first; another e-mail's delivery says nothing."""
    story = Story().introduced()
    about = {"send_key": "k1", "at": MONDAY}
    story.tell(f.EmailDelivered, send_key="k2", at=MONDAY + seconds * SECOND)
    for turn in (late, not late):
        if turn:
            click(story, send_key="k1", at=MONDAY + seconds * SECOND)
        else:
            story.tell(f.EmailDelivered, **about)
    story.wait(MINUTE)
    assert story.standing.engagement == points


def test_a_late_verdict_takes_back_what_has_counted():
    """Two of three links come in time, the third a minute late: all three are a machine's."""
    story = Story().introduced()
    click(story, "a")
    click(story, "b")
    story.wait(MINUTE)
    assert (story.standing.engagement, story.lead.interest_at) == (12, MONDAY)
    click(story, "c", at=MONDAY + SECOND)
    assert (story.standing.engagement, story.lead.counts, story.lead.moments, story.lead.interest_at) == (0, {}, (), 0)
    assert [reason for _, reason in discounts(story)] == ["many_links"] * 3


def test_machines_hand_nobody_over():
    """A scanner that follows every link at once makes no lead ready for sales."""
    rules = (*agreed().scoring.engagement, EngagementRule(id="all-in", says="clicks", on="email.clicked", points=60))
    story = Story(Compiled(agreed(scoring=replace(agreed().scoring, engagement=rules)))).introduced()
    for link in "abcdefghijkl":
        click(story, link)
    story.wait(HOUR)
    assert (story.standing.engagement, story.of(HandOff), len(discounts(story))) == (0, [], 12)
    click(story, "a", after=HOUR)
    story.wait(MINUTE)
    assert len(story.of(HandOff)) == 1


def test_who_waits_for_a_click_hears_a_persons_only():
    """A machine reaches no goal; a person's click does, when its verdict is there, with its link."""
    goal = Ending(id="read", says="reads it", on="email.clicked", when=When(field="fact.url", contains="/guide"))
    basics = replace(agreed().programs["basics"], goals=(goal,))
    story = Story(Compiled(agreed(programs={"basics": basics}))).introduced()
    story.tell(f.PricingViewed)
    story.tell(f.EmailDelivered, email="why-measure", after=MINUTE)
    click(story, "guide?from=mail", after=SECOND)
    story.wait(HOUR)
    assert (story.of(LeaveProgram), discounts(story)) == ([], [("ada-5", "at_delivery")])
    click(story, "guide?from=mail")
    assert story.of(LeaveProgram) == []
    story.wait(MINUTE)
    assert [leave.ending for leave in story.of(LeaveProgram)] == ["read"]


many = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["one", "two"]), st.integers(0, 90 * SECOND)),
    max_size=MOST_CLICKS,
)


@given(many, st.randoms())
def test_the_order_of_arrival_changes_no_verdict(clicks, dice):
    """The same clicks in any order: the same points, the same ones discounted."""
    facts = [
        f.EmailClicked(id=str(n), lead_id="ada", at=MONDAY + at, seen=MONDAY + 2 * MINUTE, email=email, url=link)
        for n, (link, email, at) in enumerate(clicks)
    ]
    found = set()
    for _ in range(3):
        lead, said = Lead(id="ada"), []
        for fact in (*facts, f.PageViewed(id="end", lead_id="ada", at=MONDAY, seen=MONDAY + HOUR, path="/")):
            lead, commands = decide(lead, fact, POLICY)
            said += [name for command in commands if isinstance(command, Discount) for name in command.engagement]
        found.add((lead.standings["main"].engagement, frozenset(said)))
        dice.shuffle(facts)
    assert len(found) == 1


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 20 * SECOND)), max_size=40))
def test_clicks_without_end_do_not_make_a_row_without_end(clicks):
    """A few are kept, and every click was either counted or discounted in the end."""
    story = Story().introduced()
    for link, after in clicks:
        click(story, link, after=after)
        assert len(story.lead.clicks) <= MOST_CLICKS
    story.wait(HOUR)
    assert all(one.state != "waits" for one in story.lead.clicks)


def test_clicks_take_a_quarter_of_a_row_at_most():
    """With ids, send keys and links as long as real ones."""
    story = Story().introduced()
    for n in range(20):
        parts = {"id": f"{n:036}", "send_key": f"{n:024}", "email": "how-others-did"}
        click(story, f"guides/what-the-others-measured-first/{n}?utm_source=mail", after=MINUTE, **parts)
    assert len(msgspec.msgpack.encode(story.lead.clicks)) <= 1024
