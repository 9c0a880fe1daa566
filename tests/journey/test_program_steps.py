"""Steps of programs: waiting for what a lead does, branches, windows, holidays, last days; and the silent."""

import pytest
from msgspec.structs import replace

from schemas import facts as f
from schemas.authored import When
from schemas.commands import EnterProgram, SendContent
from schemas.program import Window
from schemas.reason import Reason
from schemas.sending import Sunset
from schemas.units import DAY, HOUR, iso
from streams.journey.compiled import Compiled
from tests.journey.agreed import MONDAY, Story, agreed
from tests.journey.programs import TRIAL, interested, left, policy, program, reasons, sent, step

# ── waiting for what a lead does, branches ───────────────────────────────────────────────────────────────────

WAITS = step("tips", wait_for="tracked:trial-started", at_most="7 days", wait="1 day", else_="nudge")


@pytest.mark.parametrize(
    ("after", "emails", "day"),
    [
        (DAY, ["one", "tips"], 2),
        (6 * DAY, ["one", "tips"], 7),
        (8 * DAY, ["one", "nudge"], 7),
        (None, ["one", "nudge"], 7),
    ],
)
def test_a_step_waits_for_an_event_and_no_longer_than_it_says(after, emails, day):
    """A day after the event; when that does not come within seven days, the other e-mail, or none."""
    story = interested(policy(p=program(step("one"), WAITS)))
    if after:
        story.tell(*TRIAL[:1], after=after, **TRIAL[1])
    story.wait(20 * DAY)
    assert sent(story) == emails
    assert (story.of(SendContent)[1].seen - MONDAY) // DAY == day
    alone = interested(policy(p=program(step("one"), replace(WAITS, else_=""))))
    alone.wait(20 * DAY)
    assert (sent(alone), Reason.NOT_HEARD in reasons(alone)) == (["one"], True)


def test_an_event_of_before_the_step_or_of_another_name_is_not_the_one():
    """Only what happens while the step waits."""
    story = Story(policy(p=program(step("one"), WAITS))).introduced()
    story.tell(*TRIAL[:1], **TRIAL[1])
    story.tell(f.Tracked, after=2 * DAY, name="another")
    story.wait(20 * DAY)
    assert sent(story) == ["one", "nudge"]


def test_a_program_that_is_taken_out_during_a_pause_is_left_after_it():
    """Whatever happens meanwhile; then the lead goes on in another."""
    story = interested(policy(p=program(step("one"), step("two", wait="3 days"))))
    story.tell(f.SalesContacted, after=HOUR)
    story.policy = policy(q=program(step("x")))
    for _ in range(3):
        story.tell(f.PageViewed, after=HOUR, path="/")
    assert left(story) == []
    story.wait(20 * DAY)
    assert (left(story)[0], sent(story)) == (("p", "changed", ""), ["one", "x"])


def test_what_happens_during_a_pause_is_heard():
    """Sales called, the trial began, the pause ended: the e-mail of those who try."""
    story = interested(policy(p=program(step("one"), WAITS)))
    story.tell(f.SalesContacted, after=HOUR)
    story.tell(*TRIAL[:1], after=DAY, **TRIAL[1])
    story.wait(40 * DAY)
    assert sent(story) == ["one", "tips"]


@pytest.mark.parametrize(
    ("role", "other", "emails"),
    [
        ("director", "", ["one", "bosses", "last"]),
        ("clerk", "all-else", ["one", "all-else", "last"]),
        ("clerk", "", ["one", "last"]),
    ],
)
def test_a_step_is_for_those_of_whom_its_condition_holds(role, other, emails):
    """All others get what stands under else, or the step is passed over with a reason; then the next one comes."""
    branch = step("bosses", wait="3 days", if_=When(field="role", is_="director"), else_=other)
    story = interested(policy(p=program(step("one"), branch, step("last", wait="3 days"))), role=role)
    story.wait(30 * DAY)
    assert sent(story) == emails
    assert (Reason.NOT_MEANT in reasons(story)) == (len(emails) == 2)


def test_a_condition_is_asked_when_the_step_is_due():
    """Who was promoted meanwhile is a director."""
    branch = step("bosses", wait="3 days", if_=When(field="role", is_="director"))
    story = interested(policy(p=program(step("one"), branch)), role="owner")
    story.tell(f.LeadUpdated, after=DAY, traits={"role": "director"})
    story.wait(5 * DAY)
    assert sent(story) == ["one", "bosses"]


# ── when ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_program_writes_within_its_window_only():
    """Tuesdays to Thursdays from nine to eleven, where the lead is; the reason is the program's, not the night's."""
    window = Window(start="09:00", end="11:00", days=("tue", "wed", "thu"))
    story = interested(policy(p=program(step("one"), window=window)), time_zone="Europe/Berlin")
    assert reasons(story)[-1] is Reason.OUT_OF_WINDOW
    story.wait(10 * DAY)
    assert iso(story.of(SendContent)[0].seen)[:16] == "2026-03-03T08:00"


def test_holidays_of_the_leads_country_are_quiet():
    """A holiday in Brazil delays nobody in Japan."""
    holidays = {"BR": ("2026-03-02",), "all": ("03-03",)}
    compiled = policy({"holidays": holidays}, p=program(step("one")))
    days = {}
    for country in ("BR", "br", "JP", None):
        story = interested(compiled, country=country)
        story.wait(5 * DAY)
        days[country] = iso(story.of(SendContent)[0].seen)[8:10]
    assert days == {"BR": "04", "br": "04", "JP": "02", None: "02"}


def test_nothing_is_sent_after_its_last_day():
    """The end of that day where the brand is; the order itself says so too."""
    compiled = policy(
        p=program(
            step("one", send_by="2026-03-04", send_within="2 weeks"), step("two", wait="3 days", send_by="2026-03-04")
        )
    )
    story = interested(compiled)
    story.wait(10 * DAY)
    [only] = story.of(SendContent)
    assert iso(only.not_after) == "2026-03-04T23:59:59.999Z"
    assert Reason.STALE in reasons(story)


# ── the silent ───────────────────────────────────────────────────────────────────────────────────────────────

LONG = tuple(step(f"n{number}", wait="6 days") for number in range(12))


def silent(last=""):
    """A policy that gives up on the silent after thirty days; there is much to tell, and everybody stays qualified."""
    stages = replace(agreed().stages, stages=tuple(replace(s, keep=-1000) for s in agreed().stages.stages))
    named = {"p": program(*LONG), **({"last": program(step("bye"), step("really", wait="3 days"))} if last else {})}
    found = policy({"sunset": Sunset(after="30 days", program=last)}, **named).policy
    return Compiled(replace(found, stages=stages))


@pytest.mark.parametrize("last", ["", "last"])
def test_the_silent_are_left_alone_after_a_last_chance(last):
    """Thirty days of mail without a sign of life; opens are none. Then the last chance, if any, and nothing more."""
    story = interested(silent(last))
    for _ in range(20):
        story.tell(f.EmailOpened, after=4 * DAY)
    assert sent(story) == ["n0", "n1", "n2", "n3", "n4"] + (["bye", "really"] if last else [])
    assert left(story)[0] == ("p", "sunset", "")
    assert (reasons(story)[-1], reasons(story).count(Reason.SUNSET)) == (Reason.SUNSET, 1)


@pytest.mark.parametrize("last", ["", "last"])
def test_a_sign_of_life_brings_them_back(last):
    """A click, whenever it comes: the program goes on where it was, and the thirty days begin anew."""
    story = interested(silent(last))
    story.wait(33 * DAY)
    told = len(sent(story))
    story.tell(f.PricingViewed, after=HOUR)
    story.wait(14 * DAY)
    assert [enrolment.program for enrolment in story.lead.enrolments] == ["p"]
    assert len(sent(story)) > told
    assert set(sent(story)[told:]) <= {one.id for one in LONG}
    story.wait(60 * DAY)
    assert story.lead.silence is Reason.SUNSET


def test_the_last_chance_is_for_nobody_else():
    """It is for every stage, and no lead that is alive enters it."""
    story = interested(silent("last"))
    story.wait(20 * DAY)
    assert {enter.program for enter in story.of(EnterProgram)} == {"p"}
