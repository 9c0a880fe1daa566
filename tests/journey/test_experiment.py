"""Who gets which variant and who is held out: a pure function of ids, and what ``decide`` makes of it."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas import facts as f
from schemas.commands import EnterProgram, HandOff, MoveStage, SendContent, Skip
from schemas.program import Program, Step, Variant
from schemas.reason import Reason
from streams.journey.compiled import Compiled
from streams.journey.experiment import EVERY_PROGRAM, chosen, held_out
from tests.journey.agreed import DAY, OWNED, Story, agreed

NAMES = st.text("abcdefgh-0123", min_size=1, max_size=12)
WEIGHTS = st.lists(st.integers(1, 9), min_size=2, max_size=4)
LEADS = [f"lead-{number:05}" for number in range(4000)]


def variants(weights):
    """So many variants, a, b, c, ..., with these weights."""
    return [Variant(id="abcdef"[number], weight=weight) for number, weight in enumerate(weights)]


def parted(experiment, weights):
    """The variant's id of each lead."""
    return [chosen(experiment, variants(weights), lead).id for lead in LEADS]


def likely(count, share):
    """Whether a count of all leads is as a share lets expect: within five standard deviations of the binomial."""
    return abs(count - len(LEADS) * share) <= 5 * math.sqrt(len(LEADS) * share * (1 - share)) + 1


@given(NAMES, WEIGHTS, NAMES, st.randoms())
def test_a_lead_keeps_its_variant_however_they_are_listed(experiment, weights, lead, dice):
    """Nothing but names and weights decides: no row, no order, no moment."""
    listed = variants(weights)
    shuffled = dice.sample(listed, len(listed))
    assert chosen(experiment, listed, lead) == chosen(experiment, shuffled, lead)


@pytest.mark.parametrize("weights", [[1, 1], [1, 1, 1], [9, 1], [3, 2, 1]])
def test_shares_are_as_weights(weights):
    """Within the bounds of chance."""
    found = parted("first-look/baseline", weights)
    assert all(likely(found.count(v.id), v.weight / sum(weights)) for v in variants(weights))


@pytest.mark.parametrize(("before", "after"), [([1, 1], [1, 1, 1]), ([3, 1], [3, 1, 2]), ([1, 1], [1, 3])])
def test_another_variant_moves_only_the_leads_that_it_takes(before, after):
    """So does more weight: whoever changes goes to where it was added."""
    grown = {v.id for v in variants(after)} if len(after) == len(before) else {"c"}
    moved = {new for old, new in zip(parted("x", before), parted("x", after), strict=True) if old != new}
    assert moved <= grown - {"a"}


def test_experiments_do_not_know_of_one_another():
    """Who is in a variant here is so in any variant there, as often as chance has it."""
    pairs = list(zip(parted("p/one", [1, 1]), parted("p/two", [1, 1]), strict=True))
    assert all(likely(pairs.count(pair), 0.25) for pair in [("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")])
    held = [(held_out("p", 50, lead), held_out(EVERY_PROGRAM, 50, lead)) for lead in LEADS]
    assert likely(held.count((True, True)), 0.25)


def test_a_larger_holdout_only_adds_leads():
    """None at 0 percent, half at 50, and nobody comes back on the way."""
    groups = [{lead for lead in LEADS if held_out("p", percent, lead)} for percent in (0, 1, 10, 25, 50)]
    assert groups[0] == set()
    assert all(likely(len(group), percent / 100) for group, percent in zip(groups, (0, 1, 10, 25, 50), strict=True))
    assert all(smaller <= larger for smaller, larger in pairwise(groups))


# ── what follows ─────────────────────────────────────────────────────────────────────────────────────────────

BASE = agreed()
TESTED = Step(
    id="one",
    email="why-measure",
    variants=(Variant(id="plain"), Variant(id="asks", subject="asks"), Variant(id="other", email="checklist")),
)


def with_steps(*steps, **more):
    """The agreed policy with one program for those who are aware."""
    return Compiled(
        replace(BASE, programs={"basics": Program(**OWNED, name="B", stages=("aware",), steps=steps, **more)})
    )


def aware(policy, lead_id):
    """A lead that becomes aware of its problem."""
    story = Story(policy, lead_id).introduced()
    story.tell(f.PricingViewed)
    story.wait(30 * DAY)
    return story


@pytest.mark.parametrize("lead_id", ["ada", "bob", "cleo", "dan", "eve", "fay", "gus"])
def test_a_step_sends_a_lead_its_variant_and_says_so(lead_id):
    """The order names the variant, its e-mail and its subject."""
    own = chosen("basics/one", TESTED.variants, lead_id)
    [order] = aware(with_steps(TESTED), lead_id).of(SendContent)
    assert (order.variant, order.email, order.subject) == (own.id, own.email or "why-measure", own.subject)


@pytest.mark.parametrize("lead_id", ["ada", "bob", "cleo", "dan", "eve", "fay", "gus"])
def test_whoever_had_one_variants_content_gets_none_of_the_others(lead_id):
    """In every part alike, else the parts would not be comparable; and nobody gets the same twice."""
    before = Step(id="zero", email="checklist")
    story = aware(with_steps(before, TESTED), lead_id)
    assert [order.email for order in story.of(SendContent)] == ["checklist"]
    assert Reason.ALREADY_RECEIVED in {skip.reason for skip in story.of(Skip)}


def test_the_others_email_is_no_part_of_the_experiment():
    """Whom the step is not for gets what it says for them, without a variant."""
    step = replace(TESTED, if_=replace(TESTED.if_, field="role", is_="nobody"), else_="what-it-costs-you")
    [order] = aware(with_steps(step), "ada").of(SendContent)
    assert (order.email, order.variant, order.subject) == ("what-it-costs-you", "", "")


def held_by(program):
    """A lead that a program of that name (or "", every one) is kept from, and one that it is not."""
    return [next(lead for lead in LEADS if held_out(program, 10, lead) is held) for held in (True, False)]


def test_a_program_says_once_that_it_is_kept_from_a_lead():
    """It is sent nothing, is scored and handed over like anybody, and other programs are open to it."""
    held, free = held_by("basics")
    policy = with_steps(Step(id="one", email="why-measure"), holdout=10)
    story = aware(policy, held)
    story.tell(f.PageViewed, path="/")
    assert [(skip.reason, skip.program) for skip in story.of(Skip) if skip.reason is Reason.HOLDOUT] == [
        (Reason.HOLDOUT, "basics")
    ]
    assert story.lead.silence is Reason.HOLDOUT
    assert not story.of(SendContent)
    assert not story.of(EnterProgram)
    story.tell(f.WebinarAttended, webinar="w", minutes=30)
    story.tell(f.DemoRequested)
    assert story.of(MoveStage)
    assert story.of(HandOff)
    assert [order.email for order in aware(policy, free).of(SendContent)] == ["why-measure"]


def test_a_lead_that_one_program_is_kept_from_goes_on_to_the_next():
    """As if the first did not exist."""
    held, _ = held_by("basics")
    first, second = (
        Program(
            **OWNED, name=name, stages=("aware",), priority=priority, holdout=share, steps=(Step(id="s", email=email),)
        )
        for name, priority, share, email in (("B", 5, 10, "why-measure"), ("N", 1, 0, "checklist"))
    )
    story = aware(Compiled(replace(BASE, programs={"basics": first, "next": second})), held)
    assert [order.email for order in story.of(SendContent)] == ["checklist"]


def test_the_holdout_of_all_programs_keeps_a_lead_from_each_but_not_from_what_it_asks_for():
    """Once said, for as long as it stands; a wish is fulfilled all the same."""
    held, free = held_by(EVERY_PROGRAM)
    policy = Compiled(replace(BASE, sending=replace(BASE.sending, holdout=10)))
    story = aware(policy, held)
    story.tell(f.FormSubmitted, form="ask", requested="guide")
    story.wait(60 * DAY)
    assert [order.kind for order in story.of(SendContent)] == ["requested"]
    assert [skip.program for skip in story.of(Skip) if skip.reason is Reason.HOLDOUT] == [""]
    assert len(aware(policy, free).of(SendContent)) > 1
