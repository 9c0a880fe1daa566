"""One lead at a time: given what happened, what follows."""

from schemas import facts as f
from schemas.commands import EnterProgram, LeaveProgram, MoveStage, SendContent
from schemas.reason import Reason
from schemas.units import DAY, HOUR, MINUTE
from tests.journey.agreed import MONDAY, Story
from tests.journey.stories import interested, ready, reasons


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
    """Interest fades, and the stage follows by itself."""
    story = interested()
    story.tell(f.WebinarAttended, webinar="metering")
    story.wait(30 * DAY)
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


def test_traits_without_end_do_not_make_a_row_without_end():
    """Sixty-four names, the first ones that were said; known ones may still change."""
    story = Story().introduced()
    for n in range(90):
        story.tell(f.LeadUpdated, traits={f"field_{n}_{m}": "x" for m in range(50)} | {"first_name": str(n)})
    assert len(story.lead.traits) == 64
    assert story.lead.traits["first_name"] == "89"
