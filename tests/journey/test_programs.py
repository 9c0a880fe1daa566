"""Programs: goals and exits, what follows, content as a queue, waiting for what a lead does, branches, windows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas import facts as f
from schemas.authored import When
from schemas.commands import CancelContent, EnterProgram, LeaveProgram, SendContent, Skip
from schemas.email import Email
from schemas.program import Ending, Program, Step, Window
from schemas.reason import Reason
from schemas.sending import Sunset
from schemas.units import DAY, HOUR, iso, millis
from streams.journey.compiled import Compiled
from tests.journey.agreed import MONDAY, OWNED, Story, agreed
from tests.journey.test_laws import ACTS

TRIAL = (f.Tracked, {"name": "trial-started"})
STAGES = ("aware", "considering", "ready")


def program(*steps, **parts):
    """A program for every qualified lead."""
    return Program(**OWNED, **{"name": "P", "stages": STAGES, "steps": steps} | parts)


def policy(sending=None, **programs):
    """The agreed policy with these programs, and an e-mail for whatever they name."""
    base = agreed()
    named = {email for p in programs.values() for step in p.steps for email in (step.email, step.else_) if email}
    emails = base.emails | {name: Email(subject=name, kind="nurture", source_hash=name) for name in named}
    return Compiled(agreed(programs=programs, emails=emails, sending=replace(base.sending, **sending or {})))


def interested(compiled, **traits):
    """A lead who looked at prices on Monday at ten."""
    story = Story(compiled).introduced(**traits)
    story.tell(f.PricingViewed)
    return story


def sent(story):
    return [send.email for send in story.of(SendContent)]


def left(story):
    return [(leave.program, leave.why, leave.ending) for leave in story.of(LeaveProgram)]


def reasons(story):
    return [skip.reason for skip in story.of(Skip)]


def step(id_, **parts):
    return Step(**{"id": id_, "email": id_} | parts)


# ── goals, exits, what follows ───────────────────────────────────────────────────────────────────────────────

GOAL = Ending(id="tries", says="began a trial", on="tracked:trial-started")
MOVED = Ending(id="gone", says="left the firm", when=When(field="role", is_="clerk"))


def test_a_goal_ends_the_program_and_all_that_was_to_come():
    """The trial began: the second step is never sent, and the goal is named."""
    story = interested(policy(p=program(step("one"), step("two", wait="3 days"), goals=(GOAL,))))
    story.tell(*TRIAL[:1], after=DAY, **TRIAL[1])
    story.wait(60 * DAY)
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


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────────────────

ROLE = When(field="role", is_="director")
IDS = ("a", "b", "c", "d")
waits = st.sampled_from(["0 days", "2 days", "3 business days", "until Tuesday 10:00", "until 09:00"])
steps_ = st.builds(
    lambda id_, email, wait, wait_for, if_, other: Step(
        id=id_, email=email, wait=wait, wait_for=wait_for, at_most="5 days", if_=if_, else_=other
    ),
    st.sampled_from(IDS),
    st.sampled_from(["e1", "e2", "e3", "e4"]),
    waits,
    st.sampled_from(["", "", "pricing.viewed", "tracked:trial-started"]),
    st.sampled_from([When(), When(), ROLE]),
    st.sampled_from(["", "e1", "e5"]),
)
programs_ = st.builds(
    lambda steps, goals, then, again, priority: program(
        *steps, goals=goals, then=then, again_after=again, priority=priority
    ),
    st.lists(steps_, min_size=1, max_size=4, unique_by=lambda one: one.id),
    st.sampled_from([(), (GOAL,), (replace(GOAL, then="q"),), (MOVED,)]),
    st.sampled_from(["", "p", "q"]),
    st.sampled_from([None, "0 days", "10 days"]),
    st.integers(0, 3),
)
histories = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 6 * DAY)), max_size=25)


sunsets = st.sampled_from([None, None, Sunset(after="10 days"), Sunset(after="5 days", program="q")])


@given(programs_, programs_, programs_, sunsets, histories)
def test_whatever_authors_write_the_laws_hold(one, two, later, sunset, history):
    """No e-mail twice unasked, no send key twice, caps kept, every entry left once at most, time always moves on."""
    story = Story(policy({"sunset": sunset}, p=one, q=two)).introduced()
    for n, ((kind, parts), after) in enumerate(history):
        if n == len(history) // 2:
            story.policy = policy({"sunset": sunset}, p=later, q=two)
        story.tell(kind, after=after, **parts)
    story.wait(60 * DAY)
    sends = [send for send in story.of(SendContent) if send.kind == "nurture"]
    assert len({send.email for send in sends}) == len(sends)
    assert len({send.send_key for send in story.of(SendContent)}) == len(story.of(SendContent))
    for most, within in story.policy.caps:
        assert all(sum(send.seen - within < other.seen <= send.seen for other in sends) <= most for send in sends)
    entered = [(enter.program, enter.ordinal) for enter in story.of(EnterProgram)]
    over = [(leave.program, leave.ordinal) for leave in story.of(LeaveProgram)]
    assert len(set(entered)) == len(entered)
    assert over == entered[: len(over)]
    assert len(entered) - len(over) == len(story.lead.enrolments)
    assert story.lead.enrolments or story.lead.silence is not None


@given(programs_, programs_, histories)
def test_what_an_ended_program_ordered_is_called_back_once_or_has_left(one, two, history):
    """Every order of a program that ends other than by having told all, while it may still be sent; and no other."""
    story = interested(policy(p=one, q=two))
    for (kind, parts), after in history:
        story.tell(kind, after=after, **parts)
    waiting, ended = {}, []
    for at, command in enumerate(story.said):
        if isinstance(command, SendContent) and command.kind == "nurture":
            waiting[command.send_key] = (at, command)
        elif isinstance(command, CancelContent):
            assert waiting.pop(command.send_key)[1].not_after >= command.seen
        elif isinstance(command, LeaveProgram) and command.why != "exhausted":
            ended.append((at, command))
    for at, order in waiting.values():
        assert not [
            over for end, over in ended if over.program == order.program and at < end and over.seen <= order.not_after
        ]


@given(programs_, programs_, histories)
def test_nobody_comes_back_before_the_agreed_time(one, two, history):
    """What was finished (a goal, an exit, nothing left) opens again after ``again_after``, or never; the rest at once."""
    programs = {"p": one, "q": two}
    story = interested(policy(**programs))
    for (kind, parts), after in history:
        story.tell(kind, after=after, **parts)
    story.wait(60 * DAY)
    over = {}
    for command in story.said:
        if isinstance(command, LeaveProgram) and command.why in ("goal", "exit", "exhausted"):
            over[command.program] = command.seen
        elif isinstance(command, EnterProgram) and command.program in over:
            again = programs[command.program].again_after
            assert again is not None
            assert command.seen >= over[command.program] + millis(again)


@given(st.permutations(["a", "b", "c"]), st.sampled_from(["", "a", "b", "c"]), st.booleans())
def test_what_follows_is_what_the_program_names_else_the_next_in_priority(order, then, reached):
    """By having had everything, or by a goal that names it; what is finished or unknown is not gone back to."""
    first = order[0]
    goal = replace(GOAL, then=then)
    programs = {name: program(step(name, wait="1 day"), priority=9 - n) for n, name in enumerate(order)}
    programs[first] = replace(programs[first], goals=(goal,)) if reached else replace(programs[first], then=then)
    story = interested(policy(**programs), role="clerk")
    if reached:
        story.tell(*TRIAL[:1], after=HOUR, **TRIAL[1])
    story.wait(30 * DAY)
    follows = [name for name in (then, *order[1:]) if name not in ("", first)]
    assert [enter.program for enter in story.of(EnterProgram)] == [first, *dict.fromkeys(follows)]
