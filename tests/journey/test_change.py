"""What a change of policy does to leads in flight: moved, stranded, sent again, newly eligible, other points."""

import pytest
from hypothesis import given
from msgspec.structs import replace

from schemas import facts as f
from schemas.email import Email
from schemas.program import Step
from schemas.units import DAY
from streams.journey.change import change
from streams.journey.compiled import Compiled
from tests.journey.agreed import POLICY, Story, agreed
from tests.journey.test_laws import histories, lived

BASE = agreed()
NEW_STEP = Step(id="new", email="extra", wait="1 day")


def with_program(name, **parts):
    """The agreed policy with one program changed, or left out."""
    programs = dict(BASE.programs)
    program = programs.pop(name)
    emails = BASE.emails | {"extra": Email(subject="extra", kind="nurture", source_hash="extra")}
    return Compiled(agreed(programs=programs | ({name: replace(program, **parts)} if parts else {}), emails=emails))


def in_flight():
    """Ada had the first e-mail of basics yesterday."""
    story = Story().introduced()
    story.tell(f.PricingViewed)
    story.wait(DAY)
    return story


def changed(new, story=None, days=30):
    story = story or in_flight()
    return change([story.lead], POLICY, new, story.now, days)


def test_no_change_does_nothing():
    """One lead, in flight, and nothing to tell."""
    found = changed(POLICY)
    assert (found.leads, found.in_flight, found.rescored) == (1, 1, 0)
    assert not any((found.moved, found.stranded, found.newly, found.resent, found.more, found.fewer, found.stages))


@pytest.mark.parametrize(
    ("new", "what", "told"),
    [
        (with_program("basics"), "stranded", {"ada": "basics"}),
        (with_program("basics", stages=("new",)), "stranded", {"ada": "basics"}),
        (with_program("compare", stages=("aware", "considering"), priority=9), "moved", {}),
        (with_program("basics", steps=(*BASE.programs["basics"].steps, NEW_STEP)), "more", {"extra": 1}),
        (with_program("basics", steps=BASE.programs["basics"].steps[:2]), "fewer", {"what-it-costs-you": 1}),
    ],
)
def test_what_happens_to_a_lead_is_named(new, what, told):
    """Its program is gone, is for others now, has more or less to tell; a better program pulls nobody out of theirs."""
    assert getattr(changed(new), what) == told


def test_a_lead_can_move_to_another_program():
    """Its own is gone and another is for its stage now."""
    programs = {"compare": replace(BASE.programs["compare"], stages=("aware", "considering", "ready"))}
    assert changed(Compiled(agreed(programs=programs))).moved == {"ada": ("basics", "compare")}


def test_who_had_nothing_may_have_something_now():
    """Content for a stage that had none."""
    story = in_flight()
    story.tell(f.WebinarAttended, webinar="w")
    old = with_program("compare")
    here = Story(old).introduced()
    for kind, parts in ((f.PricingViewed, {}), (f.WebinarAttended, {"webinar": "w"})):
        here.tell(kind, **parts)
    assert change([here.lead], old, POLICY, here.now, 30).newly == {"ada": "compare"}


def test_a_renamed_email_is_the_same_content_again():
    """The same source under another name would reach who has had it."""
    steps = (
        replace(BASE.programs["basics"].steps[0], id="anew", email="why-oh-why"),
        *BASE.programs["basics"].steps[1:],
    )
    programs = BASE.programs | {"basics": replace(BASE.programs["basics"], steps=steps)}
    emails = BASE.emails | {"why-oh-why": replace(BASE.emails["why-measure"], subject="another")}
    assert [tuple(one) for one in changed(Compiled(agreed(programs=programs, emails=emails))).resent] == [
        ("ada", "why-oh-why")
    ]


def test_points_and_stages_are_compared():
    """A rule that weighs twice as much."""
    rules = tuple(replace(r, points=40) if r.id == "pricing" else r for r in BASE.scoring.engagement)
    found = changed(Compiled(agreed(scoring=replace(BASE.scoring, engagement=rules))))
    assert found.rescored == 1
    assert found.points > 0
    assert sum(found.stages.values()) == 1


@given(histories)
def test_what_is_said_of_no_change_is_nothing_whatever_happened(history):
    """For every lead, in every state; and what is planned under one policy is what comes."""
    story, _ = lived(history)
    found = change([story.lead], POLICY, POLICY, story.now, 30)
    assert not any((found.moved, found.stranded, found.newly, found.resent, found.more, found.fewer, found.stages))
    assert found.rescored == 0


@given(histories)
def test_nobody_is_sent_anything_again_by_a_program_that_grows(history):
    """More steps anywhere: never content that was had."""
    story, _ = lived(history[:15])
    steps = BASE.programs["basics"].steps
    grown = with_program("basics", steps=(steps[0], NEW_STEP, *steps[1:]), stages=("aware", "considering", "ready"))
    found = change([story.lead], POLICY, grown, story.now, 60)
    assert found.resent == ()
