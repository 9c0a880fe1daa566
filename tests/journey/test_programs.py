"""Programs: goals and exits, what follows, content as a queue."""

import pytest
from msgspec.structs import replace

from schemas import facts as f
from schemas.authored import When
from schemas.commands import CancelContent, EnterProgram, SendContent
from schemas.program import Ending
from schemas.reason import Reason
from schemas.units import DAY, HOUR
from tests.journey.agreed import MONDAY, Story
from tests.journey.programs import GOAL, MOVED, TRIAL, interested, left, policy, program, reasons, sent, step

# ── goals, exits, what follows ───────────────────────────────────────────────────────────────────────────────


def test_a_goal_ends_the_program_and_all_that_was_to_come():
    """The trial began: the second step is never sent, and the goal is named."""
    story = interested(policy(p=program(step("one"), step("two", wait="3 days"), goals=(GOAL,))))
    story.tell(*TRIAL[:1], after=DAY, **TRIAL[1])
    story.wait(20 * DAY)
    assert sent(story) == ["one"]
    assert left(story) == [("p", "goal", "tries")]
    assert story.lead.silence is Reason.EXHAUSTED


def test_a_goal_is_said_even_when_the_same_fact_brings_sales_in():
    """The demo request was what the program was for."""
    asked = Ending(id="asked", says="asked for a demo", on="demo.requested")
    story = interested(policy(p=program(step("one"), step("two", wait="3 days"), goals=(asked,))))
    story.tell(f.DemoRequested, after=HOUR)
    assert left(story) == [("p", "goal", "asked")]


ENDS = {
    "goal": (f.Tracked, {"name": "trial-started"}),
    "sales": (f.DemoRequested, {}),
    "forbidden": (f.EmailUnsubscribed, {}),
}


@pytest.mark.parametrize("why", ENDS)
def test_what_still_waits_is_called_back_when_the_program_ends(why):
    """By its send key, once; it was never received, says the sender, and its room is free again."""
    story = interested(policy(p=program(step("one"), step("two", wait="3 days"), goals=(GOAL,))), role="clerk")
    kind, parts = ENDS[why]
    story.tell(kind, after=HOUR, **parts)
    [order], [back] = story.of(SendContent), story.of(CancelContent)
    assert (left(story), back.send_key) == ([("p", why, "tries" if why == "goal" else "")], order.send_key)
    story.tell(f.SendSettled, send_key=back.send_key, email="one", program="p", outcome="skipped", reason="cancelled")
    assert (story.lead.received, story.lead.pending) == ({}, {})
    story.wait(30 * DAY)
    assert len(story.of(CancelContent)) == 1


@pytest.mark.parametrize("after", [HOUR, 3 * DAY])
def test_what_has_left_or_is_too_late_is_not_called_back(after):
    """The sender said that the port took it; or nobody would send it any more."""
    story = interested(policy(p=program(step("one"), step("two", wait="9 days"), goals=(GOAL,))), role="clerk")
    [order] = story.of(SendContent)
    if after == HOUR:
        story.tell(f.SendSettled, send_key=order.send_key, email="one", program="p", outcome="accepted")
    story.tell(*TRIAL[:1], after=after, **TRIAL[1])
    assert (left(story), story.of(CancelContent)) == ([("p", "goal", "tries")], [])


def test_the_last_email_of_a_program_waits_on_and_sales_call_it_back():
    """Whoever has had everything gets it; whoever is with sales does not."""
    story = interested(policy(p=program(step("one"))))
    assert (left(story), story.of(CancelContent)) == ([("p", "exhausted", "")], [])
    story.tell(f.DemoRequested, after=HOUR)
    assert [back.email for back in story.of(CancelContent)] == ["one"]


def test_an_exit_on_traits_ends_the_program_and_keeps_others_out():
    """Who turns out to be somebody else leaves with that reason; who was so from the start never enters."""
    compiled = policy(p=program(step("one"), step("two", wait="3 days"), exits=(MOVED,)))
    story = interested(compiled)
    story.tell(f.LeadUpdated, after=DAY, traits={"role": "clerk"})
    story.wait(30 * DAY)
    assert (sent(story), left(story)) == (["one"], [("p", "exit", "gone")])
    other = interested(compiled, role="clerk")
    assert (sent(other), other.of(EnterProgram)) == ([], [])


def test_an_ending_asks_for_its_event_and_its_condition():
    """A trial with two seats is no goal, one with ten is."""
    big = replace(GOAL, when=When(field="fact.seats", at_least=10))
    story = interested(policy(p=program(step("one"), step("two", wait="30 days"), goals=(big,))), role="clerk")
    story.tell(f.Tracked, after=HOUR, name="trial-started", properties={"seats": 2})
    assert left(story) == []
    story.tell(f.Tracked, after=HOUR, name="trial-started", properties={"seats": 10})
    assert left(story) == [("p", "goal", "tries")]


def test_an_ending_leads_on_to_its_own_program():
    """Not to the one with the highest priority."""
    goal = replace(GOAL, then="onboard")
    compiled = policy(
        p=program(step("one"), step("two", wait="3 days"), priority=9, goals=(goal,)),
        other=program(step("x"), priority=5),
        onboard=program(step("welcome")),
    )
    story = interested(compiled)
    story.tell(*TRIAL[:1], after=3 * DAY - HOUR, **TRIAL[1])
    assert sent(story) == ["one", "welcome"]


def test_an_exhausted_program_is_followed_by_the_one_it_names_at_once():
    """Else by the next in priority; by none when all are finished."""
    compiled = policy(
        a=program(step("one"), priority=9, then="c"),
        b=program(step("two", wait="3 days"), priority=5),
        c=program(step("three", wait="3 days")),
    )
    story = interested(compiled)
    story.wait(30 * DAY)
    assert [enter.program for enter in story.of(EnterProgram)] == ["a", "c", "b"]
    assert sent(story) == ["one", "three", "two"]
    assert reasons(story)[-1] is Reason.EXHAUSTED


def test_who_was_finished_comes_back_only_after_the_agreed_time():
    """Reached goals count: 30 days later the program begins anew, with an ordinal of its own."""
    compiled = policy(p=program(step("one"), step("two", wait="3 days"), goals=(GOAL,), again_after="30 days"))
    story = interested(compiled)
    story.tell(*TRIAL[:1], after=DAY, **TRIAL[1])
    story.tell(f.WebinarAttended, after=20 * DAY, webinar="w")
    assert len(story.of(EnterProgram)) == 1
    story.wait(15 * DAY)
    assert [enter.ordinal for enter in story.of(EnterProgram)] == [1, 2]
    assert sent(story) == ["one", "two"]


# ── content as a queue ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("where", [0, 1, 2])
@pytest.mark.parametrize("finished", [True, False])
def test_an_email_that_is_added_later_reaches_earlier_members_once(where, finished):
    """Whether they are still in or had everything: the new one comes, and none comes twice."""
    steps = [step("one"), step("two", wait="4 days")]
    story = interested(policy(p=program(*steps)))
    story.wait(10 * DAY if finished else DAY)
    steps.insert(where, step("new", wait="1 day", send_within="9 days"))
    story.policy = policy(p=program(*steps))
    story.tell(f.PageViewed, path="/")
    story.wait(30 * DAY)
    assert sorted(sent(story)) == ["new", "one", "two"]
    assert reasons(story).count(Reason.ALREADY_RECEIVED) == 0


def test_who_reached_the_goal_is_not_asked_back_for_a_new_email():
    """The program is over for them."""
    story = interested(policy(p=program(step("one"), goals=(GOAL,))))
    story.wait(DAY)
    again = interested(policy(p=program(step("one"), step("late", wait="9 days"), goals=(GOAL,))))
    again.tell(*TRIAL[:1], after=DAY, **TRIAL[1])
    again.policy = policy(p=program(step("one"), step("late", wait="9 days"), step("new"), goals=(GOAL,)))
    again.tell(f.PageViewed, path="/")
    again.wait(30 * DAY)
    assert sent(again) == ["one"]


def test_what_was_too_late_once_is_not_sent_when_something_is_added():
    """A stale step was done with."""
    story = Story(policy(p=program(step("old"), step("two", wait="1 day")))).introduced()
    story.tell(f.PricingViewed, after=10 * DAY, at=MONDAY)
    assert (sent(story), reasons(story).count(Reason.STALE)) == ([], 2)
    story.policy = policy(p=program(step("old"), step("two", wait="1 day"), step("new")))
    story.tell(f.PageViewed, path="/")
    story.wait(10 * DAY)
    assert sent(story) == ["new"]
