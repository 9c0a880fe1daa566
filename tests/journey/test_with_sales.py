"""One lead at a time, and sales: who is handed over and why, what answers and silence do."""

import pytest
from msgspec.structs import replace

from schemas import facts as f
from schemas.commands import HandOff, SendContent, SettleHandoff
from schemas.reason import Reason
from schemas.sales import Rep
from schemas.units import DAY, HOUR, from_iso, iso
from streams.journey.compiled import Compiled
from tests.journey.agreed import MONDAY, Story, agreed
from tests.journey.stories import interested, ready, reasons


def test_who_is_ready_is_handed_off_once_with_the_reasons():
    """The brief names the heaviest reasons first, and what happened."""
    story = ready()
    (handoff,) = story.of(HandOff)
    assert handoff.handoff_id == "ada:0"
    assert [(why.rule, why.points) for why in handoff.brief.reasons] == [
        ("leads", 30),
        ("pricing", 30),
        ("webinar", 20),
    ]
    assert [moment.what for moment in handoff.brief.moments] == [
        "looked at prices",
        "looked at prices",
        "came to a webinar",
    ]
    assert (handoff.owner, handoff.brief.grade, handoff.brief.name) == ("kim@meter.example", "B1", "Ada")
    story.tell(f.PricingViewed)
    story.tell(f.DemoRequested)
    assert len(story.of(HandOff)) == 1


def test_with_sales_a_lead_hears_nothing_from_marketing():
    """The program ends, and the reason is said."""
    story = ready()
    before = len(story.of(SendContent))
    story.wait(1 * DAY)
    assert len(story.of(SendContent)) == before
    assert story.lead.enrolments == ()
    assert reasons(story)[-1] is Reason.WITH_SALES


def test_a_raised_hand_goes_to_sales_at_once_whatever_the_score():
    """A demo request, or a reply that asks for contact."""
    for fact in (f.DemoRequested, f.EmailReplied):
        story = Story().introduced(role="intern")
        story.tell(fact, **({"asks_for_contact": True} if fact is f.EmailReplied else {}))
        (handoff,) = story.of(HandOff)
        assert handoff.brief.asked


def test_a_veto_stops_even_a_raised_hand():
    """Disqualifiers veto, they do not subtract."""
    story = Story().introduced(role="student")
    story.tell(f.DemoRequested)
    assert story.of(HandOff) == []
    assert Reason.DISQUALIFIED in reasons(story)


@pytest.mark.parametrize(
    ("answer", "outcome", "days"),
    [
        ((f.SalesRejected, {"reason": "bad-timing"}), "rejected", 30),
        ((f.SalesRecycled, {"reason": "later"}), "recycled", 30),
        ((f.DealLost, {"reason": "price"}), "lost", 180),
        ((f.DealWon, {}), "won", 180),
    ],
)
def test_an_answer_ends_the_qualification_and_the_lead_may_qualify_again(answer, outcome, days):
    """After the cool-off and new interest, not before."""
    story = ready()
    kind, parts = answer
    story.tell(kind, after=HOUR, handoff_id="ada:0", **parts) if kind not in (f.DealLost, f.DealWon) else story.tell(
        kind, after=HOUR, **parts
    )
    assert [(s.outcome, s.reason) for s in story.of(SettleHandoff)] == [(outcome, parts.get("reason", ""))]
    for _ in range(3):
        story.tell(f.PricingViewed, after=HOUR)
    assert len(story.of(HandOff)) == 1, "too early"
    story.wait(days * DAY)
    story.tell(f.WebinarAttended, webinar="two")
    for _ in range(3):
        story.tell(f.PricingViewed)
    assert [handoff.handoff_id for handoff in story.of(HandOff)] == ["ada:0", "ada:1"]


def test_a_handoff_that_nobody_answers_returns_to_nurture():
    """Two business days: handed off on Monday, taken back on Wednesday, nurtured again."""
    story = ready()
    story.wait(3 * DAY)
    (settled,) = story.of(SettleHandoff)
    assert (settled.outcome, iso(settled.seen)[:16]) == ("unanswered", "2026-03-04T10:00")
    assert story.lead.handoff is None
    story.wait(6 * DAY)
    assert story.of(SendContent)[-1].seen > settled.seen


def test_the_weekend_is_no_time_to_answer():
    """Handed off on Friday, due on Tuesday."""
    story = Story().introduced()
    story.now = from_iso("2026-03-06T15:00:00")
    story.tell(f.DemoRequested)
    assert iso(story.of(HandOff)[0].answer_by)[:16] == "2026-03-10T15:00"


def test_what_sales_accepted_is_theirs_until_it_is_silent_for_long():
    """Accepting stops the clock of the answer and starts that of the work."""
    story = ready()
    story.tell(f.SalesAccepted, after=HOUR, handoff_id="ada:0", by="kim")
    story.wait(60 * DAY)
    assert [settled.outcome for settled in story.of(SettleHandoff)] == ["accepted"]
    story.wait(60 * DAY)
    assert [settled.outcome for settled in story.of(SettleHandoff)] == ["accepted", "unanswered"]


def test_an_answer_to_an_older_handoff_changes_nothing():
    """Feedback that comes late must not close what is open now."""
    story = ready()
    story.wait(3 * DAY)
    assert story.lead.handoff is None
    story.tell(f.DemoRequested)
    story.tell(f.SalesRejected, handoff_id="ada:0", reason="bad-timing")
    assert story.lead.handoff is not None
    assert story.lead.handoff.id == "ada:1"


def test_contact_by_sales_and_an_open_opportunity_pause_nurture_and_do_not_make_it_stale():
    """The next step waits for the end of the pause and is then sent."""
    for fact, days, reason in (
        (f.SalesContacted, 14, Reason.SALES_CONTACTED),
        (f.OpportunityOpened, 90, Reason.OPPORTUNITY_OPEN),
    ):
        story = interested()
        story.tell(fact, after=HOUR)
        paused = story.now
        assert reasons(story)[-1] is reason
        story.tell(f.PricingViewed, after=(days - 1) * DAY)
        assert len(story.of(SendContent)) == 1
        story.wait(9 * DAY)
        assert story.of(SendContent)[1].seen >= paused + days * DAY


def test_a_deal_without_a_handoff_cools_the_lead_off_too():
    """Imported from a CRM: won or lost deals of hot leads do not ring at sales again, nor does the same day's interest."""
    for deal, days in ((f.DealWon, 180), (f.DealLost, 180)):
        story = interested()
        story.tell(f.OpportunityOpened, after=HOUR)
        story.tell(f.WebinarAttended, webinar="metering")
        story.tell(f.PricingViewed)
        story.tell(deal)
        story.tell(f.PricingViewed, after=DAY)
        assert (story.of(HandOff), story.of(SettleHandoff)) == ([], [])
        assert story.lead.cool_until == MONDAY + HOUR + days * DAY


@pytest.mark.parametrize("minutes_late", [-30, 0, 30])
@pytest.mark.parametrize("ticked", [True, False])
def test_a_hand_raised_while_nobody_answers_is_not_lost(minutes_late, ticked):
    """Just before, at or after the deadline, though the news comes late: handed off anew, since nobody had looked."""
    story = ready()
    raised = story.lead.handoff.answer_by + minutes_late * 60_000
    if ticked:
        story.wait(raised + HOUR - story.now)
    story.fold(f.DemoRequested(id="raised", lead_id="ada", at=raised, seen=raised + HOUR))
    assert [settled.outcome for settled in story.of(SettleHandoff)] == ["unanswered"]
    assert [handoff.handoff_id for handoff in story.of(HandOff)] == ["ada:0", "ada:1"]


def test_an_answer_in_time_counts_though_it_comes_late():
    """What sales did before the deadline is an answer, whenever we hear of it."""
    story = ready()
    deadline = story.lead.handoff.answer_by
    about = {"id": "late", "lead_id": "ada", "at": deadline - HOUR, "seen": deadline + HOUR}
    story.fold(f.SalesAccepted(**about, handoff_id="ada:0"))
    assert [settled.outcome for settled in story.of(SettleHandoff)] == ["accepted"]


def test_the_message_of_a_raised_hand_reaches_the_rep():
    """What the lead wrote is in the brief."""
    story = Story().introduced()
    story.tell(f.DemoRequested, message="Call me on Monday")
    assert story.of(HandOff)[0].brief.message == "Call me on Monday"


def test_reps_are_found_by_country_however_it_is_written():
    """Small letters are Germany too."""
    sales = agreed().sales
    reps = (Rep(email="kim@meter.example", name="Kim"), Rep(email="jo@meter.example", name="Jo", countries=("DE",)))
    story = Story(Compiled(agreed(sales=replace(sales, reps=reps)))).introduced(country="de")
    story.tell(f.DemoRequested)
    assert story.of(HandOff)[0].owner == "jo@meter.example"
