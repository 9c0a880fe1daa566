"""What the demo says adds up: while it runs, in the end, and when an agent died."""

import io

from msgspec.structs import replace
from rich.console import Console

from agents.local.accounts import settle
from agents.local.demo import Progress
from agents.local.screen import Screen, summary
from schemas.reason import Reason

WEEK = 28  # steps
JOURNEY = {"applied": 9, "duplicates": 2, "decisions": 40, "ticks": 4, "policies": 2, "retracted": 1}
LANES = {
    "intake": [{"counts": {"in": 9, "dead_letters": 3}}],
    "journey": [{"counts": JOURNEY | {f"skips:{reason}": n + 1 for n, reason in enumerate(list(Reason)[:13])}}],
    "sender": [{"counts": {"sends_accepted": 4}}],
    "sales": [{"counts": {"handed_off": 7}}],
}
STATES = ["open", "accepted", "won", "lost", "rejected", "won"]
DIED = "journey was killed by signal 9 and started again (pid 7)"


def accounts(**more):
    return settle(LANES, published=9, leads=3, seconds=1.0, **more)


def printed(*parts):
    """What a terminal of 120 columns that nobody watches shows."""
    console = Console(file=io.StringIO(), width=120)
    console.print(*parts)
    return console.file.getvalue()


def test_progress_and_summary_count_the_same_way():
    """Facts in are those of intake and those that agents wrote; never fewer than were applied."""
    console = Console(file=io.StringIO(), width=120)
    screen = Screen(console, "a week")
    step = Progress(clock=0, done=1.0, accounts=accounts(), entries=[], items=[])
    for _ in range(WEEK):
        screen.tell(step)
    assert accounts().mistakes() == []
    assert "14 in · 9 applied" in console.file.getvalue()
    assert "facts in                 14\n" in printed(summary(accounts()))


def test_reasons_that_are_not_shown_are_counted():
    """Ten are shown, the rest is a number."""
    shown = printed(summary(accounts()))
    assert f"({sum(range(14))} decisions to be silent)" in shown
    assert f"and 3 other reasons: {1 + 2 + 3}\n" in shown


def test_every_handoff_stands_somewhere():
    """Where it stands now, and not all that it went through; the queue's news may be late, and then it waits."""
    assert accounts(states=STATES).handoffs_now == {"won": 2, "accepted": 1, "lost": 1, "rejected": 1, "open": 2}
    assert sum(accounts().handoffs_now.values()) == 7
    assert "waits for an answer" in printed(summary(accounts(states=STATES)))


def test_who_died_and_came_back_is_told_once_and_in_the_end():
    """A line when it happened, a number at the end; nothing when all lived."""
    console = Console(file=io.StringIO(), width=120)
    step = Progress(clock=0, done=0.5, accounts=accounts(revived=[DIED]), entries=[], items=[])
    screen = Screen(console, "a week")
    for _ in range(3):
        screen.tell(step)
    assert console.file.getvalue() == f"{DIED}\n"
    assert "1 agent died and came back" in printed(summary(step.accounts))
    assert "came back" not in printed(summary(replace(step.accounts, revived=())))


def test_no_line_of_the_summary_ends_in_spaces():
    """It is copied into mails and issues."""
    assert not [line for line in printed(summary(accounts(states=STATES))).splitlines() if line != line.rstrip()]
