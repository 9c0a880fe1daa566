"""Programs: whatever authors write and leads do, these laws hold."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.authored import When
from schemas.commands import CancelContent, EnterProgram, LeaveProgram, SendContent
from schemas.program import Step
from schemas.sending import Sunset
from schemas.units import DAY, HOUR, millis
from tests.journey.agreed import Story
from tests.journey.programs import GOAL, MOVED, TRIAL, interested, policy, program, step
from tests.journey.test_laws import ACTS

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
