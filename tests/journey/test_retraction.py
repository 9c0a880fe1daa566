"""What is taken back never happened: for the score, the counts and what a rep reads. What was done with it stays."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas import facts as f
from schemas.commands import Discount, HandOff, MoveStage, SendContent
from schemas.facts import PolicyApplied
from schemas.lead import Lead, Standing
from schemas.model import EngagementRule
from schemas.units import DAY, HOUR, MINUTE
from streams.journey.compiled import Compiled
from streams.journey.explain import explain
from streams.journey.memory import is_known
from streams.journey.replay import digest, past_in, replay
from streams.journey.retract import needs_past, recalled
from streams.journey.simulate import simulate
from tests.journey.agreed import MONDAY, POLICY, Story, agreed
from tests.journey.test_clicks import click, discounts
from tests.journey.test_laws import ACTS

ENGAGEMENT = (f.PageViewed, f.PricingViewed, f.WebinarAttended, f.Tracked, f.EmailClicked, f.EmailBounced)
OFTEN = [(kind, parts) for kind, parts in ACTS if kind in (f.EmailClicked, f.PricingViewed)]
STINGY = Compiled(
    agreed(
        scoring=replace(
            agreed().scoring,
            engagement=tuple(replace(rule, most=2, most_a_day=1) for rule in agreed().scoring.engagement),
        )
    )
)
gaps = st.integers(0, 4 * DAY)
acts = st.lists(st.tuples(st.sampled_from(ACTS), gaps), min_size=1, max_size=30) | st.lists(
    st.tuples(st.sampled_from(OFTEN), gaps), min_size=3, max_size=12
)


choices = st.sets(st.integers(0, 30).map(str))


def facts_of(acts):
    at, facts = MONDAY, []
    for n, ((kind, parts), after) in enumerate(acts):
        at += after
        facts.append(kind(id=str(n), lead_id="ada", at=at, seen=at, **parts))
    return facts


def lived(facts, policy, until):
    rows = {"ada": Lead(id="ada")}
    for _ in simulate(facts.__iter__, policy, rows, until):
        pass
    return rows["ada"]


def known(lead):
    standing = lead.standings.get("main", Standing())
    return standing.engagement, standing.fit, lead.counts, lead.interest_at, lead.traits


kinds = st.sampled_from([ENGAGEMENT, (f.EmailClicked,), (f.LeadUpdated,), (*ENGAGEMENT, f.LeadUpdated, f.BasisGiven)])


@given(acts, choices, st.sampled_from([POLICY, STINGY]), kinds, st.booleans())
def test_retraction_equals_never_having_happened(acts, choice, policy, kinds, soon):
    """Engagement, traits, consents, in one retraction or several, soon or late, whatever rows had forgotten by then."""
    facts = facts_of(acts)
    taken = [fact.id for fact in facts if isinstance(fact, kinds) and fact.id in choice]
    at = facts[-1].seen + (MINUTE // 2 if soon else 3 * DAY)
    later = f.EmailDeferred(id="later", lead_id="ada", at=at, seen=at)
    told = [
        f.EngagementRetracted(id=f"r{n}", lead_id="ada", at=at, seen=at, engagement=tuple(names), why="bot")
        for n, names in enumerate((taken[::2], taken[1::2]))
        if names
    ]
    last = f.EmailDeferred(id="last", lead_id="ada", at=at + HOUR, seen=at + HOUR)  # both are judged on one day
    after = lived([*facts, *told, later, last], policy, at + HOUR)
    never = lived([*(fact for fact in facts if fact.id not in taken), later, last], policy, at + HOUR)
    assert known(after) == known(never)
    assert after.moments == never.moments[-len(after.moments) :] or not after.moments
    assert len(never.moments) - len(after.moments) <= sum(isinstance(fact, f.EmailClicked) for fact in facts)


@given(acts, choices)
def test_a_retraction_may_come_first(acts, choice):
    """Two topics, no order between them: what was taken back before it came is no news when it comes."""
    facts = facts_of(acts)
    taken = [fact.id for fact in facts if isinstance(fact, ENGAGEMENT) and fact.id in choice]
    assume(taken)
    first = f.EngagementRetracted(
        id="r", lead_id="ada", at=MONDAY, seen=MONDAY, engagement=tuple(taken), why="corrected"
    )
    until = facts[-1].seen + HOUR
    last = f.EmailDeferred(id="last", lead_id="ada", at=until, seen=until)  # both are judged on one day
    after = lived([first, *facts, last], POLICY, until)
    never = lived([*(fact for fact in facts if fact.id not in taken), last], POLICY, until)
    assert (known(after), after.moments) == (known(never), never.moments)


@given(acts, choices)
def test_every_point_is_still_accounted_for(acts, choice):
    """Contributions after a retraction add up, and none names what was taken back; replay gives the same bytes."""
    facts = facts_of(acts)
    taken = tuple(fact.id for fact in facts if isinstance(fact, ENGAGEMENT) and fact.id in choice)
    assume(taken)
    at = facts[-1].seen + HOUR
    facts.append(f.EngagementRetracted(id="r", lead_id="ada", at=at, seen=at, engagement=taken, why="erased"))
    told = explain(facts, "ada", POLICY, lambda _: POLICY)
    points = [one.points for one in told.contributions if one.axis == "engagement"]
    assert sum(points) == told.lead.standings["main"].engagement
    assert not {one.fact for one in told.contributions} & set(taken)
    assert digest(replay(facts.__iter__, POLICY, lambda _: POLICY)[0]) == digest({"ada": told.lead})


def test_each_part_of_the_past_is_judged_by_the_policy_of_its_time():
    """A rule that came later did not count what came before it, and does not after a retraction."""
    generous = agreed(
        scoring=replace(
            agreed().scoring, engagement=(EngagementRule(id="pages", says="reads", on="page.viewed", points=9),)
        )
    )
    policies = {policy.hash: policy for policy in (POLICY, Compiled(generous))}
    one, two = (PolicyApplied(id=name, lead_id="-", at=MONDAY, seen=MONDAY, policy=name) for name in policies)
    about = {"lead_id": "ada", "at": MONDAY, "seen": MONDAY}
    before = [f.PricingViewed(id="p1", **about), f.PageViewed(id="v1", path="/", **about)]
    between = [f.PricingViewed(id="p2", **about), f.PageViewed(id="v2", path="/", **about)]
    back = f.EngagementRetracted(id="r", engagement=("v2",), why="unmerged", **about)
    with_it = replay([one, *before, two, *between, back].__iter__, None, policies.__getitem__)[0]["ada"]
    without = replay([one, *before, two, *between[:1]].__iter__, None, policies.__getitem__)[0]["ada"]
    assert known(with_it) == known(without)
    assert with_it.counts == {"pricing": {MONDAY // DAY: 1}, "pages": {MONDAY // DAY: 1}}


def retracting(story, *names, why="bot", after=0):
    """The retraction as the shell folds it, with the facts so far as the past."""
    story.wait(after)
    fact = f.EngagementRetracted(
        id=f"r-{names[0]}", lead_id="ada", at=story.now, seen=story.now, engagement=names, why=why
    )
    story.lead = recalled(
        story.lead, fact, story.policy, past_in((*story.facts, fact).__iter__, story.policy, lambda _: story.policy)
    )
    return story.fold(fact)


@pytest.fixture
def story():
    """Ada, and every fact that she is made of."""
    told = Story()
    told.facts, fold = [], told.fold

    def kept(fact):
        told.facts.append(fact)
        return fold(fact)

    told.fold = kept
    return told.introduced()


def test_a_lead_moves_back_and_what_was_done_stays(story):
    """Handed over on a webinar that somebody else attended: the stage follows, the handoff was made."""
    story.tell(f.PricingViewed)
    story.tell(f.WebinarAttended, webinar="metering", id="webinar", after=HOUR)
    story.tell(f.WebinarAttended, webinar="billing", id="other")
    assert (story.standing.stage, len(story.of(HandOff))) == ("ready", 1)
    retracting(story, "webinar", "other", why="unmerged", after=3 * DAY)
    assert (story.standing.stage, story.of(MoveStage)[-1].why) == ("aware", "faded")
    assert story.standing.engagement == 12  # a price list three days ago
    assert [moment.what for moment in story.lead.moments] == ["pricing"]
    assert [handoff.handoff_id for handoff in story.of(HandOff)] == ["ada:0"]
    assert (*story.of(Discount)[-1].engagement, story.of(Discount)[-1].why) == ("webinar", "other", "unmerged")


def test_a_late_verdict_on_a_click_needs_no_past(story):
    """The row knows the clicks of late by name, and the points go at once."""
    click(story, id="c1")
    click(story, id="c2", after=HOUR)
    story.wait(HOUR)
    fact = f.EngagementRetracted(id="r", lead_id="ada", at=story.now, seen=story.now, engagement=("c1",), why="bot")
    assert not needs_past(story.lead, fact, POLICY)
    story.fold(fact)
    assert (story.standing.engagement, [moment.at for moment in story.lead.moments]) == (6, [MONDAY + HOUR])
    assert needs_past(story.lead, replace(fact, id="r2", engagement=("ada-1",)), POLICY)


def test_a_click_whose_rule_has_forgotten_others_takes_the_past(story):
    """Two days count, three were clicked: without the newest, the oldest counts again."""
    story.policy = STINGY
    for name in ("c1", "c2", "c3"):
        click(story, id=name)
        story.wait(DAY)
    assert set(story.lead.counts["clicks"]) == {MONDAY // DAY + 1, MONDAY // DAY + 2}
    retracting(story, "c3")
    assert set(story.lead.counts["clicks"]) == {MONDAY // DAY, MONDAY // DAY + 1}


def test_what_a_machine_betrayed_stays_betrayed(story):
    """One click of a burst is taken back: the others were a machine's all the same, refolded or not."""
    for link in "abc":
        click(story, link, id=link)
    story.tell(f.PricingViewed, id="price")
    retracting(story, "a", after=HOUR)
    assert story.standing.engagement == 15
    retracting(story, "price", after=HOUR)
    assert (story.standing.engagement, story.lead.counts) == (0, {})
    assert discounts(story)[:3] == [(name, "many_links") for name in "abc"]


def test_a_wish_that_was_taken_back_is_not_fulfilled():
    """A form that somebody else sent, and no consent yet: when the consent comes, nothing is sent."""
    story = Story()
    story.tell(f.FormSubmitted, form="guide", requested="guide", id="form")
    story.tell(f.LeadCreated, traits={"email": "ada@lovelace.example"})
    story.fold(
        f.EngagementRetracted(id="r", lead_id="ada", at=story.now, seen=story.now, engagement=("form",), why="unmerged")
    )
    story.tell(f.BasisGiven, basis="consent", form="guide", wording="v1")
    assert story.of(SendContent) == []


def test_a_retraction_of_what_nobody_knows_asks_for_no_past():
    """A young lead whose every fact is still known by its id needs no reading back."""
    story = Story().introduced()
    fact = f.EngagementRetracted(id="r", lead_id="ada", at=MONDAY, seen=MONDAY, engagement=("stranger",), why="erased")
    assert not needs_past(story.lead, fact, POLICY)
    story.fold(fact)
    assert story.tell(f.PricingViewed, id="stranger") == ()
    assert story.standing.engagement == 0


def test_a_merge_undone_takes_somebody_elses_name_and_consent(story):
    """Grace was taken for Ada: her role, her address and her consent go, what Ada had said before stands again."""
    before = story.lead.traits
    merged = {"email": "grace@hopper.example", "role": "director", "company": "Navy"}
    story.tell(f.LeadUpdated, traits=merged, id="grace")
    story.tell(f.BasisGiven, basis="contract", form="call", wording="v1", id="yes")
    assert (story.lead.traits["email"], "contract" in story.lead.bases) == ("grace@hopper.example", True)
    retracting(story, "grace", "yes", why="unmerged", after=DAY)
    assert (story.lead.traits, "contract" in story.lead.bases) == (before, False)


def test_no_retraction_gives_a_consent_back(story):
    """A no that was taken back needs a new yes: silence is the safe mistake."""
    story.tell(f.BasisWithdrawn, id="no")
    assert story.lead.bases == {}
    retracting(story, "no", why="corrected", after=DAY)
    assert story.lead.bases == {}


def test_what_the_source_corrected_counts_as_it_should_have(story):
    """A retraction and the right fact under a new id: the points of the right one, at its own time."""
    story.tell(f.WebinarAttended, webinar="metering", id="wrong")
    at = story.now
    retracting(story, "wrong", why="corrected", after=10 * DAY)
    story.fold(f.PricingViewed(id="right", lead_id="ada", at=at, seen=story.now))
    assert story.lead.counts == {"pricing": {at // DAY: 1}}


def test_a_verdict_on_what_the_row_has_forgotten_still_counts(story):
    """200 facts later neither the click nor its id is in the row: its lead is refolded, and nothing else changes."""
    click(story, id="old")
    for n in range(200):
        story.tell(f.PageViewed, path="/", id=f"page-{n}", after=HOUR)
    had = story.lead.counts
    assert (is_known(story.lead, "old"), "clicks" in had) == (False, True)
    retracting(story, "old", after=HOUR)
    assert {rule: days for rule, days in had.items() if rule != "clicks"} == story.lead.counts
