"""Classes of programs: a lead is in one of each; where caps leave room for fewer, the most valuable e-mail wins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas import facts as f
from schemas.authored import Cap
from schemas.commands import EnterProgram, LeaveProgram, SendContent, Skip
from schemas.program import Step
from schemas.reason import Reason
from schemas.sending import MailClass, Sunset
from schemas.units import DAY, HOUR, millis
from tests.journey.programs import GOAL, TRIAL, interested, left, policy, program, sent, step
from tests.journey.test_laws import ACTS

NEWS = {"class_": "news"}
NO_ROOM = (Reason.OUTRANKED, Reason.FREQUENCY_CAP)


def two(news=MailClass()):  # noqa: B008 - frozen
    """A program of two e-mails, a newsletter of two, and room for one e-mail every two days."""
    return policy(
        {"classes": {"news": news}, "caps": (Cap(most=1, within="2 days"),)},
        p=program(*(step(f"n{n}", wait="3 days" if n else "0 days") for n in range(2)), priority=5),
        news=program(step("spring", wait="3 days"), step("summer", wait="4 days"), **NEWS),
    )


def skipped(story, *reasons):
    return [(skip.email, skip.reason) for skip in story.of(Skip) if skip.reason in reasons]


def test_a_lead_is_in_one_program_of_each_class():
    """Both begin at once; where both are due and there is room for one, the more valuable is sent, the other later."""
    story = interested(two())
    story.wait(30 * DAY)
    assert [enter.program for enter in story.of(EnterProgram)] == ["p", "news"]
    assert sent(story) == ["n0", "n1", "spring", "summer"]
    assert skipped(story, Reason.OUTRANKED) == [("spring", Reason.OUTRANKED)]


def test_a_class_that_gives_way_drops_what_found_no_room():
    """It is said once, and the next one comes in its own time."""
    story = interested(two(MailClass(when_full="drop")))
    story.wait(30 * DAY)
    assert sent(story) == ["n0", "n1", "summer"]
    assert skipped(story, *NO_ROOM) == [("spring", Reason.OUTRANKED)]


def test_a_class_has_caps_of_its_own():
    """One e-mail of the newsletter in twelve days, however much room there is."""
    story = interested(two(MailClass(caps=(Cap(most=1, within="12 days"),))))
    story.wait(30 * DAY)
    one, other = (send.seen for send in story.of(SendContent) if send.program == "news")
    assert 12 * DAY <= other - one < 15 * DAY
    assert ("summer", Reason.FREQUENCY_CAP) in skipped(story, Reason.FREQUENCY_CAP)


def test_the_program_with_the_higher_priority_wins_then_the_step():
    """Whichever was entered first."""
    for own, priority in ((9, 0), (5, 1)):
        story = interested(
            policy(
                p=program(step("one"), priority=5),
                news=program(step("issue", priority=priority), priority=own, **NEWS),
            )
        )
        assert (sent(story), skipped(story, Reason.OUTRANKED)) == (["issue"], [("one", Reason.OUTRANKED)])


def test_a_goal_ends_its_own_program_only():
    """The newsletter goes on; what follows the goal is entered beside it."""
    story = interested(
        policy(
            p=program(step("one"), step("two", wait="9 days"), goals=(replace(GOAL, then="q"),)),
            other=program(step("three", wait="9 days"), priority=-1),
            q=program(step("four", wait="9 days"), priority=-2),
            news=program(step("issue", wait="9 days"), **NEWS),
        ),
        role="clerk",
    )
    story.tell(*TRIAL[:1], after=HOUR, **TRIAL[1])
    assert left(story) == [("p", "goal", "tries")]
    assert [enrolment.program for enrolment in story.lead.enrolments] == ["news", "q"]


def test_everything_ends_when_sales_takes_over():
    """Each program says so."""
    story = interested(two())
    story.tell(f.DemoRequested, after=HOUR)
    assert left(story) == [("p", "sales", ""), ("news", "sales", "")]
    assert story.lead.enrolments == ()


@pytest.mark.parametrize("outcome", ["skipped", "rejected"])
def test_what_never_left_frees_the_room_of_its_own_class(outcome):
    """The sender's word comes back: neither caps count it."""
    story = interested(two(MailClass(caps=(Cap(most=1, within="60 days"),))))
    story.wait(9 * DAY)
    last = story.of(SendContent)[-1]
    assert last.program == "news"
    before = dict(story.lead.sent)
    told = {"send_key": last.send_key, "email": last.email, "program": "news", "step": last.step}
    story.tell(f.SendSettled, outcome=outcome, **told)
    assert story.lead.sent == before | {"news": ()}


# ── content as a queue with priorities ───────────────────────────────────────────────────────────────────────


def test_a_step_with_a_priority_comes_first():
    """Then the others, as they are written."""
    story = interested(policy(p=program(step("one"), step("two", wait="2 days"), step("urgent", priority=1))))
    story.wait(20 * DAY)
    assert sent(story) == ["urgent", "one", "two"]


def test_an_urgent_email_that_is_added_later_is_the_next_one():
    """For whoever is inside, wherever it is written."""
    steps = [step("one"), step("two", wait="4 days"), step("three", wait="4 days")]
    story = interested(policy(p=program(*steps)))
    story.wait(DAY)
    story.policy = policy(p=program(*steps, step("urgent", priority=9, send_within="9 days")))
    story.wait(20 * DAY)
    assert sent(story) == ["one", "urgent", "two", "three"]


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────────────────

CLASSES = ("nurture", "news", "care")
caps_ = st.builds(Cap, most=st.integers(1, 3), within=st.sampled_from(["2 days", "5 days", "20 days"]))
classes_ = st.builds(
    MailClass, caps=st.lists(caps_, max_size=1).map(tuple), when_full=st.sampled_from(["later", "drop"])
)


def several(name, class_):
    """Programs of a class, whose e-mails are theirs alone."""
    steps = st.lists(
        st.builds(
            lambda n, wait, priority: Step(id=f"s{n}", email=f"{name}-{n}", wait=wait, priority=priority),
            st.integers(0, 3),
            st.sampled_from(["0 days", "1 day", "2 days", "until 10:00"]),
            st.integers(0, 2),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda one: one.id,
    )
    return st.builds(
        lambda found, priority, goals, again: program(
            *found, priority=priority, goals=goals, again_after=again, class_=class_
        ),
        steps,
        st.integers(0, 3),
        st.sampled_from([(), (GOAL,)]),
        st.sampled_from([None, None, "10 days"]),
    )


workplaces = st.fixed_dictionaries(
    {
        "sending": st.fixed_dictionaries(
            {
                "caps": st.lists(caps_, min_size=1, max_size=2).map(tuple),
                "classes": st.fixed_dictionaries(dict.fromkeys(CLASSES, classes_)),
                "sunset": st.sampled_from([None, None, Sunset(after="10 days", program="news-0")]),
            }
        )
    }
    | {f"{name}-{n}": several(f"{name}{n}", name) for name in CLASSES for n in range(2)}
)
histories = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 6 * DAY)), max_size=12)


def lived(workplace, history):
    compiled = policy(**workplace)
    story = interested(compiled)
    for (kind, parts), after in history:
        story.tell(kind, after=after, **parts)
    story.wait(120 * DAY)
    return story


def within(cap, sends):
    span = millis(cap.within)
    return all(sum(one.seen - span < other.seen <= one.seen for other in sends) <= cap.most for one in sends)


@given(workplaces, histories)
def test_caps_of_each_class_and_of_all_hold(workplace, history):
    """At any moment, whatever authors write and leads do; and a lead is in one program of each class at most."""
    story = lived(workplace, history)
    programs, sending = story.policy.policy.programs, story.policy.policy.sending
    sends = [send for send in story.of(SendContent) if send.kind == "nurture"]
    assert all(within(cap, sends) for cap in sending.caps)
    for name, class_ in sending.classes.items():
        own = [send for send in sends if programs[send.program].class_ == name]
        assert all(within(cap, own) for cap in class_.caps)
    inside = []
    for command in story.said:
        if isinstance(command, EnterProgram):
            inside.append(programs[command.program].class_)
        elif isinstance(command, LeaveProgram):
            inside.remove(programs[command.program].class_)
        assert len(set(inside)) == len(inside)
    assert story.lead.enrolments or story.lead.silence is not None
    assert len({send.email for send in sends}) == len(sends)


@given(workplaces, histories)
def test_the_most_valuable_wins_and_every_loser_is_told_so(workplace, history):
    """Who is outranked lost to something that is worth at least as much, at that moment; and says so."""
    story = lived(workplace, history)
    routes = story.policy.routes
    worth = {
        (route.id, step.email): (route.program.priority, step.priority)
        for route in routes.values()
        for step in route.steps
    }
    for skip in story.of(Skip):
        at_once = [send for send in story.of(SendContent) if send.because == skip.because and send.program in routes]
        if skip.reason is Reason.OUTRANKED:
            assert any(worth[send.program, send.email] >= worth[skip.program, skip.email] for send in at_once)
            assert (skip.until > 0) != routes[skip.program].gives_way


@given(workplaces, histories)
def test_a_loser_is_tried_later_or_never_as_was_declared(workplace, history):
    """Later: sent, too late, or ended with its program. Dropped: not in this time in the program."""
    story = lived(workplace, history)
    entered = {}
    waiting, dropped = {}, set()
    for command in story.said:
        match command:
            case EnterProgram(program=name, ordinal=ordinal):
                entered[name] = ordinal
            case Skip(program=name, email=email, reason=reason, until=until) if name and name in entered:
                waiting.pop((name, email), None)
                if reason in NO_ROOM and until:
                    waiting[name, email] = until
                elif reason in NO_ROOM:
                    dropped.add((name, email, entered[name]))
            case SendContent(program=name, email=email) if name in entered:
                assert (name, email, entered[name]) not in dropped
                assert command.seen >= waiting.pop((name, email), 0)
            case LeaveProgram(program=name):
                waiting = {key: until for key, until in waiting.items() if key[0] != name}
            case _:
                pass
    assert all(until > story.now for until in waiting.values())
