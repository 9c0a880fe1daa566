"""One lead at a time: given what happened, what follows."""

import pytest
from msgspec.structs import replace

from schemas import facts as f
from schemas.commands import EnterProgram, HandOff, LeaveProgram, MoveStage, SendContent, SettleHandoff, Skip, Suppress
from schemas.reason import Reason
from schemas.sales import Rep
from schemas.units import DAY, HOUR, MINUTE, from_iso, iso
from streams.journey.compiled import Compiled
from tests.journey.agreed import MONDAY, Story, agreed


def interested(**traits):
    """Ada reads two pages and a price: aware, and fit for sales."""
    story = Story().introduced(**traits)
    story.tell(f.PricingViewed)
    return story


def ready():
    """Ada has done enough to be handed to sales."""
    story = interested()
    story.tell(f.WebinarAttended, webinar="metering")
    story.tell(f.PricingViewed)
    return story


def reasons(story):
    return [skip.reason for skip in story.of(Skip)]


def _without_basis():
    story = Story()
    story.tell(f.LeadCreated, traits={"email": "ada@lovelace.example", "role": "director"})
    return story


def _with(kind, /, **parts):
    story = Story().introduced()
    story.tell(kind, **parts)
    return story


def test_a_qualified_lead_is_nurtured_step_by_step_until_the_program_is_exhausted():
    """Three steps, three e-mails, each when it is due, then an end with a reason."""
    story = interested()
    story.wait(30 * DAY)
    sent = story.of(SendContent)
    assert [command.email for command in sent] == ["why-measure", "how-others-did", "what-it-costs-you"]
    assert [round((command.seen - MONDAY) / DAY) for command in sent] == [0, 3, 7]
    assert story.of(LeaveProgram)[-1].why == "exhausted"
    assert reasons(story)[-1] is Reason.EXHAUSTED


def test_a_lead_that_is_not_qualified_gets_silence_with_a_reason():
    """Being known is not being interested."""
    story = Story().introduced()
    story.wait(60 * DAY)
    assert story.of(SendContent) == []
    assert reasons(story) == [Reason.NOT_QUALIFIED]


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


def test_what_the_lead_asked_for_goes_at_once_even_at_night_and_over_the_cap():
    """Quiet hours and caps are for what nobody asked for."""
    story = interested()
    story.wait(13 * HOUR)  # 23:00
    for _ in range(4):
        story.tell(f.FormSubmitted, form="guide", requested="guide")
    assert [command.kind for command in story.of(SendContent)] == ["nurture"] + ["requested"] * 4
    assert len({command.send_key for command in story.of(SendContent)}) == 5


@pytest.mark.parametrize(
    ("story", "reason"),
    [
        (lambda: Story().introduced(email=None), Reason.NO_ADDRESS),
        (_without_basis, Reason.NO_BASIS),
        (lambda: _with(f.BasisWithdrawn), Reason.NO_BASIS),
        (lambda: _with(f.EmailUnsubscribed), Reason.UNSUBSCRIBED),
        (lambda: _with(f.EmailComplained), Reason.COMPLAINED),
        (lambda: _with(f.EmailBounced, kind="hard"), Reason.HARD_BOUNCE),
    ],
)
def test_the_gate_refuses_by_name(story, reason):
    """No address, no basis, suppressed: nothing is sent, and the reason is the first thing said."""
    told = story()
    told.tell(f.PricingViewed)
    told.tell(f.FormSubmitted, form="guide", requested="guide")
    assert told.of(SendContent) == []
    assert {skip.reason for skip in told.of(Skip)} == {Reason.NOT_QUALIFIED, reason}


def test_an_expired_basis_is_no_basis():
    """Consent that ran out is named as such."""
    story = Story().introduced()
    story.tell(f.BasisGiven, basis="consent", form="fair", wording="v1", expires=MONDAY + DAY)
    story.tell(f.PricingViewed, after=2 * DAY)
    assert reasons(story)[-1] is Reason.BASIS_EXPIRED


def test_suppression_is_told_to_every_sender_once():
    """Unsubscribing twice says it once."""
    story = _with(f.EmailUnsubscribed)
    story.tell(f.EmailUnsubscribed)
    assert [(s.reason, s.address) for s in story.of(Suppress)] == [(Reason.UNSUBSCRIBED, "ada@lovelace.example")]


def test_a_soft_bounce_is_no_reason_for_silence():
    """Only a hard bounce suppresses."""
    story = _with(f.EmailBounced, kind="soft")
    assert story.lead.suppressed is None


def test_quiet_hours_are_those_of_the_lead_and_the_source_of_the_zone_is_recorded():
    """10:00 UTC is 19:00 in Tokyo and fine; three days later at 21:00 there it is not."""
    story = interested(country="JP")
    assert (story.of(SendContent)[0].zone, story.of(SendContent)[0].zone_source) == ("Asia/Tokyo", "country")
    evening = interested(time_zone="Asia/Singapore")  # 18:00 there
    evening.wait(3 * HOUR)
    late = Story().introduced(time_zone="Pacific/Auckland")  # 23:00 there
    late.tell(f.PricingViewed)
    assert late.of(SendContent) == []
    assert late.of(Skip)[-1].reason is Reason.QUIET_HOURS
    late.wait(DAY)
    assert iso(late.of(SendContent)[0].seen)[:16] == "2026-03-02T19:00"  # 08:00 in Auckland
    assert late.of(SendContent)[0].zone_source == "lead"


def test_a_history_mails_nobody():
    """Facts that happened long ago enrol the lead, and every step's time has passed."""
    story = Story()
    old = MONDAY - 400 * DAY
    for index, kind in enumerate((f.LeadCreated, f.BasisGiven, f.PricingViewed, f.PricingViewed, f.DemoRequested)):
        parts = {
            f.LeadCreated: {"traits": {"email": "ada@lovelace.example", "role": "director"}},
            f.BasisGiven: {"basis": "consent", "form": "fair", "wording": "v1"},
        }.get(kind, {})
        story.tell(kind, at=old + index * DAY, **parts)
    story.wait(60 * DAY)
    assert story.of(SendContent) == []
    assert story.of(HandOff) == []


def test_a_late_fact_makes_steps_stale_not_sent():
    """After an outage of five days, the step that was due then is dropped with a reason."""
    story = Story().introduced()
    story.tell(f.PricingViewed, after=5 * DAY, at=MONDAY)
    assert Reason.STALE in reasons(story)
    assert story.of(SendContent) == []


def test_moving_on_changes_the_program_and_never_repeats_content():
    """What was told in one program is not told in the next."""
    story = interested()
    story.wait(4 * DAY)
    story.tell(f.WebinarAttended, webinar="metering")
    story.wait(20 * DAY)
    emails = [command.email for command in story.of(SendContent)]
    assert emails == ["why-measure", "how-others-did", "checklist"]
    assert Reason.ALREADY_RECEIVED in reasons(story)
    assert [enter.program for enter in story.of(EnterProgram)][:2] == ["basics", "compare"]


def test_stages_move_both_ways_and_each_crossing_is_said_once():
    """Interest fades; the stage follows at the next fact."""
    story = interested()
    story.tell(f.WebinarAttended, webinar="metering")
    story.tell(f.PageViewed, after=60 * DAY, path="/")
    moves = [(move.before, move.after, move.why) for move in story.of(MoveStage)]
    assert moves == [
        ("", "new", "earned"),
        ("new", "aware", "earned"),
        ("aware", "considering", "earned"),
        ("considering", "aware", "faded"),
    ]


def test_a_stage_is_kept_with_fewer_points_than_it_takes_to_enter():
    """20 points to enter, 14 to stay: interest that fades a little moves nobody, and the first days move nobody back."""
    story = interested()
    story.tell(f.PageViewed, path="/")
    story.tell(f.PageViewed, path="/")
    story.tell(f.EmailClicked, email="why-measure")
    story.wait(MINUTE)  # 15 + 4 + 6 = 25
    assert story.standing.stage == "considering"
    story.tell(f.EmailBounced, after=8 * DAY, kind="soft")
    assert (story.standing.stage, story.standing.engagement) == ("aware", 11)
    other = interested()
    other.tell(f.WebinarAttended, webinar="metering")
    other.tell(f.LeadUpdated, after=9 * DAY, traits={"company": "Engines"})
    assert (other.standing.stage, other.standing.engagement) == ("considering", 21)
    other.tell(f.LeadUpdated, after=6 * DAY, traits={"company": "Engines"})
    assert (other.standing.stage, other.standing.engagement) == ("considering", 16)
    other.tell(f.LeadUpdated, after=4 * DAY, traits={"company": "Engines"})
    assert (other.standing.stage, other.standing.engagement) == ("aware", 12)


def test_who_is_no_longer_fit_moves_back_for_that_reason():
    """The role turned out to be another one: the ready lead is not, and the move says why."""
    story = ready()
    story.tell(f.SalesRecycled, after=HOUR, handoff_id="ada:0")
    story.tell(f.LeadUpdated, after=3 * DAY, traits={"role": "clerk"})
    assert [(move.after, move.why) for move in story.of(MoveStage)][-1] == ("considering", "unfit")


def test_an_undeclared_tracked_event_is_kept_and_weighs_nothing():
    """Only what the catalogue's rules name can score."""
    story = Story().introduced()
    story.tell(f.Tracked, name="cursor-moved")
    assert (story.standing.engagement, story.lead.facts) == (0, 3)
    story.tell(f.Tracked, name="trial-started")
    assert story.standing.engagement == 25


def test_a_machine_open_weighs_nothing():
    """The provider knows that no person looked."""
    story = Story().introduced()
    story.tell(f.EmailOpened, machine=True)
    assert story.standing.engagement == 0
    story.tell(f.EmailOpened)
    assert story.standing.engagement == 1


def test_a_send_that_never_left_was_never_received_and_counts_towards_no_cap():
    """The sender's word comes back as a fact."""
    story = interested()
    (sent,) = story.of(SendContent)
    story.tell(f.SendSettled, send_key=sent.send_key, email=sent.email, outcome="skipped", reason="template")
    assert (story.lead.received, story.lead.sent) == ({}, {"nurture": ()})


def test_a_new_address_is_mailed_though_the_old_one_bounced():
    """The address bounced, not the person; an unsubscribe is the person's word and stays."""
    for kind, suppressed in ((f.EmailBounced, None), (f.EmailUnsubscribed, Reason.UNSUBSCRIBED)):
        story = _with(kind)
        story.tell(f.LeadUpdated, traits={"email": "ada@new.example"})
        assert story.lead.suppressed is suppressed


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


def test_what_the_person_said_outranks_what_the_mailbox_did():
    """Bounced, then unsubscribed, then a new address: still no. The graver reason is told to the senders."""
    story = _with(f.EmailBounced, kind="hard")
    story.tell(f.EmailUnsubscribed)
    story.tell(f.EmailBounced, kind="hard")
    story.tell(f.LeadUpdated, traits={"email": "ada@new.example"})
    assert story.lead.suppressed is Reason.UNSUBSCRIBED
    assert [command.reason for command in story.of(Suppress)] == [Reason.HARD_BOUNCE, Reason.UNSUBSCRIBED]
    story.tell(f.EmailComplained)
    assert story.lead.suppressed is Reason.COMPLAINED


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


def test_a_pause_counts_from_when_it_happened():
    """A contact of last year, imported today, pauses nobody."""
    story = Story().introduced()
    for kind in (f.SalesContacted, f.OpportunityOpened):
        story.tell(kind, at=MONDAY - 300 * DAY)
    story.tell(f.PricingViewed)
    assert [command.email for command in story.of(SendContent)] == ["why-measure"]


def test_a_form_that_overtakes_its_consent_is_answered_when_the_consent_comes():
    """Two topics, no order between them; a day later the wish has passed."""
    for late, kinds_sent in ((HOUR, ["requested"]), (2 * DAY, [])):
        story = Story()
        story.tell(f.FormSubmitted, form="guide", requested="guide")
        story.tell(f.LeadCreated, traits={"email": "ada@lovelace.example"})
        story.tell(f.BasisGiven, after=late, basis="consent", form="guide", wording="v1")
        assert [command.kind for command in story.of(SendContent)] == kinds_sent
        assert story.lead.wishes == {}


def test_traits_without_end_do_not_make_a_row_without_end():
    """Sixty-four names, the first ones that were said; known ones may still change."""
    story = Story().introduced()
    for n in range(90):
        story.tell(f.LeadUpdated, traits={f"field_{n}_{m}": "x" for m in range(50)} | {"first_name": str(n)})
    assert len(story.lead.traits) == 64
    assert story.lead.traits["first_name"] == "89"


def test_reps_are_found_by_country_however_it_is_written():
    """Small letters are Germany too."""
    sales = agreed().sales
    reps = (Rep(email="kim@meter.example", name="Kim"), Rep(email="jo@meter.example", name="Jo", countries=("DE",)))
    story = Story(Compiled(agreed(sales=replace(sales, reps=reps)))).introduced(country="de")
    story.tell(f.DemoRequested)
    assert story.of(HandOff)[0].owner == "jo@meter.example"
