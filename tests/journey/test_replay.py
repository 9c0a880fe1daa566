"""Replay and explanation: the same fold as the live pipeline, and every point accounted for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import facts as f
from schemas.facts import PolicyApplied
from schemas.lead import Lead
from schemas.units import DAY, HOUR
from streams.journey.decide import decide
from streams.journey.explain import explain
from streams.journey.replay import UnknownError, digest, replay
from tests.journey.agreed import MONDAY, POLICY, Story
from tests.journey.test_laws import ACTS, histories, lived


def find(_):
    return POLICY


@given(histories)
def test_every_point_is_accounted_for(history):
    """Contributions, each with its fact, add up to fit and engagement exactly."""
    story, folded = lived(history)
    told = explain([fact for fact, _, _ in folded], "ada", POLICY, find)
    assert told.lead == story.lead
    assert sum(c.points for c in told.contributions if c.axis == "fit") == story.standing.fit
    assert sum(c.points for c in told.contributions if c.axis == "engagement") == story.standing.engagement
    assert [decision.command for decision in told.decisions] == story.said


@given(st.lists(st.integers(0, 40 * DAY), min_size=1, max_size=120))
def test_what_a_row_forgets_would_never_have_counted(times):
    """Many of a kind, in any order: the bounded counts score as all of them would."""
    lead = Lead(id="ada")
    for n, at in enumerate(times):
        lead, _ = decide(
            lead, f.PricingViewed(id=str(n), lead_id="ada", at=MONDAY + at, seen=MONDAY + 41 * DAY), POLICY
        )
    days = sorted((MONDAY + at) // DAY for at in times)[::-1]
    counted, by_day = [], {}
    for day in days:
        by_day[day] = by_day.get(day, 0) + 1
        if by_day[day] <= 5 and len(counted) < 4:  # most_a_day, most
            counted.append(POLICY.models["main"].decay[lead.judged_on - day])
    assert lead.standings["main"].engagement == 15 * sum(counted) // 1000


@given(histories, histories, st.randoms())
def test_partitions_and_the_order_of_leads_do_not_change_the_digest(one, two, dice):
    """Two leads in one file, apart or mixed, in partitions or not: one digest."""
    first = [fact for fact, _, _ in lived(one)[1]]
    second = [_renamed(fact) for fact, _, _ in lived(two)[1]]
    mixed, queues = [], [list(first), list(second)]
    while any(queues):
        mixed.append(dice.choice([queue for queue in queues if queue]).pop(0))
    applied = PolicyApplied(id="p", lead_id="-", at=MONDAY, seen=MONDAY, policy=POLICY.hash)
    rows = [replay(facts.__iter__, policy, find)[0] for facts, policy in (
        ([*first, *second], POLICY), (mixed, POLICY), ([applied, *first, applied, *second], None))]  # fmt: skip
    assert len({digest(found) for found in rows}) == 1


def _renamed(fact):
    return type(fact)(**{name: getattr(fact, name) for name in fact.__struct_fields__} | {"lead_id": "bob"})


def test_facts_before_any_policy_are_refused():
    """Nobody can say what they weigh."""
    with pytest.raises(UnknownError, match="before any policy"):
        replay([f.PricingViewed(id="1", lead_id="ada", at=MONDAY, seen=MONDAY)].__iter__, None, find)


def test_a_lead_that_nobody_knows_is_said_so():
    """One sentence, with the id that was asked for."""
    with pytest.raises(UnknownError, match='no fact about "bob"'):
        explain([], "bob", POLICY, find)


def test_the_digest_tells_one_different_row():
    """A single point more is another digest."""
    story, other = Story().introduced(), Story().introduced()
    assert digest({"ada": story.lead}) == digest({"ada": other.lead})
    other.tell(*[ACTS[7][0]], after=HOUR)
    assert digest({"ada": story.lead}) != digest({"ada": other.lead})
