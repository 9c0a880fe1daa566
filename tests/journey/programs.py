"""Programs as tests write them, and what became of the lead that is in them."""

from msgspec.structs import replace

from schemas import facts as f
from schemas.authored import When
from schemas.commands import LeaveProgram, SendContent, Skip
from schemas.email import Email
from schemas.program import Ending, Program, Step
from streams.journey.compiled import Compiled
from tests.journey.agreed import OWNED, Story, agreed

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


GOAL = Ending(id="tries", says="began a trial", on="tracked:trial-started")
MOVED = Ending(id="gone", says="left the firm", when=When(field="role", is_="clerk"))
