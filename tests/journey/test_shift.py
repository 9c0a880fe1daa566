"""What a change of policy moves: nobody when it is the same, and as many as the live pipeline would move."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas import facts as f
from schemas.commands import MoveLifecycle, MoveStage
from streams.journey.compiled import Compiled
from streams.journey.decide import decide
from streams.journey.shift import shift
from tests.journey.agreed import DAY, POLICY, Story, agreed


def stricter(points):
    """The policy with other points for the stage aware."""
    stages = agreed().stages
    changed = tuple(replace(one, engagement=points) if one.id == "aware" else one for one in stages.stages)
    return Compiled(agreed(stages=replace(stages, stages=changed)))


def leads(counts):
    """One lead for each number of price lists read."""
    for n, count in enumerate(counts):
        story = Story(lead_id=f"lead-{n}").introduced()
        for _ in range(count):
            story.tell(f.PricingViewed, DAY)
        yield story.lead


@given(st.lists(st.integers(0, 4), max_size=5))
def test_the_same_policy_moves_nobody(counts):
    """Nor does one that differs in words only."""
    rows = list(leads(counts))
    other = Compiled(agreed(brand=replace(agreed().brand, name="Other")))
    assert [shift(rows, policy, {}).moves.total() for policy in (POLICY, other)] == [0, 0]


@given(st.lists(st.integers(0, 4), max_size=5), st.sampled_from([1, 30]))
def test_what_is_told_is_what_happens(counts, points):
    """As many leads move as the journey moves at its next tick under the new policy, once the dwell is over."""
    rows, policy = list(leads(counts)), stricter(points)
    moved = 0
    for lead in rows:
        at = max([lead.seen, *(one.stage_since + policy.models["main"].dwell for one in lead.standings.values())])
        tick = f.Tick(id="t", lead_id=lead.id, at=lead.seen, seen=lead.seen, due=lead.seen)
        rested = replace(
            lead, due=1, standings={k: replace(s, stage_since=s.stage_since - at) for k, s in lead.standings.items()}
        )
        _, said = decide(rested, tick, policy)
        moved += any(isinstance(command, MoveStage | MoveLifecycle) for command in said)
    found = shift(rows, policy, {})
    assert (found.leads, found.moves.total()) == (len(rows), moved)


def test_what_the_dwell_alone_puts_off_is_no_move_of_the_change():
    """The lead would fall back anyway, under its own policy too; without knowing that policy it counts."""
    story = Story().introduced()
    story.tell(f.PricingViewed, DAY)
    for _ in range(3):
        story.tell(f.EmailBounced, 60_000, email="a", kind="soft")
    other = Compiled(agreed(brand=replace(agreed().brand, name="Other")))
    assert story.lead.standings["main"].stage == "aware"
    found = [shift([story.lead], other, before).moves for before in ({}, {POLICY.hash: POLICY})]
    assert found == [{("mql", "inquiry"): 1}, {}]


def test_moves_are_told_by_name():
    """From state to state, and where only the stage changes, from stage to stage."""
    rows = list(leads([0, 1, 1, 4]))
    lower = Compiled(agreed(lifecycle=replace(agreed().lifecycle, qualified_from=("new",))))
    assert shift(rows, lower, {}).moves == {("inquiry", "mql"): 1}
    assert shift(rows, lower, {}).percent == 25.0
    assert shift(rows, stricter(30), {}).moves == {("mql", "inquiry"): 2}
    assert shift([], lower, {}).percent == 0.0
