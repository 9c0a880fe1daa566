"""``programs/*.yaml``: what a lead is told, and what ends it. It tells nobody (``streams.journey.program``)."""

from collections.abc import Iterable
from typing import Annotated, Final, Literal

from msgspec import Meta, field

from schemas.authored import Authored, Date, Holdout, Name, Owned, When
from schemas.model import MAIN
from schemas.trial import ProgramTest
from schemas.units import WEEKDAYS, Duration, TimeOfDay, Wait, Weekday

NURTURE: Final = "nurture"
"""The class of programs that name none."""


class Variant(Authored, frozen=True, kw_only=True):
    """A part of a step's experiment: as the step stands, or with another ``email``, or another of its ``subjects``.

    As many leads get it as its ``weight`` says beside the others'.
    """

    id: Name
    weight: Annotated[int, Meta(ge=1, le=100)] = 1
    email: str = ""
    subject: str = ""


class Step(Authored, frozen=True, kw_only=True):
    """One e-mail of a program, ``wait`` after the step before it; too late after ``send_within`` of being due.

    Steps come in the order of their ``priority``, the highest first, else as written. ``if`` says whom it is for when
    it is due. ``wait_for`` is an event that must come first, ``at_most`` that long after the step before; ``wait`` then
    counts from the event. All others get the e-mail in ``else``, or the step is passed over. Nothing is sent after the
    day ``send_by``. ``variants`` are an experiment: each lead has one, for good, and whoever had the e-mail of one gets
    none.
    """

    id: Name
    email: Name
    priority: int = 0
    wait: Wait = "0 days"
    send_within: Duration = "2 days"
    wait_for: str = ""
    at_most: Duration = "7 days"
    if_: When = field(name="if", default=When())
    else_: str = field(name="else", default="")
    send_by: Date | None = None
    variants: tuple[Variant, ...] = ()


class Ending(Authored, frozen=True, kw_only=True):
    """What ends a lead's time in a program: an event ``on`` which ``when`` holds, or ``when`` alone.

    ``then`` names the program that comes next, when it is open to the lead.
    """

    id: Name
    says: str
    on: str = ""
    when: When = When()
    then: str = ""


class Window(Authored, frozen=True, kw_only=True):
    """When a program writes, in the lead's time zone."""

    start: TimeOfDay = field(name="from")
    end: TimeOfDay = field(name="to")
    days: Annotated[tuple[Weekday, ...], Meta(min_length=1)] = WEEKDAYS


class Program(Owned, frozen=True, kw_only=True):
    """A nurture program: who it is for, and its content as a queue. ``stages`` are those of ``model``.

    Of the leads there it is for those of ``personas`` (journey.yaml; none named: all) of whom ``when`` holds.

    ``goals`` are why it exists and ``exits`` why a lead should not stay: both end it. Whoever has had everything goes
    on to the program ``then``, and comes back for steps that are added later. All may begin anew ``again_after``.
    ``withheld`` says what becomes of a step while its e-mail may not be sent: not approved, or past its review date.
    So many percent of its leads are held out (``holdout``): they are told nothing of it, and show what it changes.
    A lead is in one program of each ``class`` at a time, the one with the highest ``priority`` first.
    """

    name: str
    class_: Name = field(name="class", default=NURTURE)
    model: Name = MAIN
    stages: Annotated[tuple[Name, ...], Meta(min_length=1)]
    personas: tuple[Name, ...] = ()
    when: When = When()
    priority: int = 0
    window: Window | None = None
    goals: tuple[Ending, ...] = ()
    exits: tuple[Ending, ...] = ()
    steps: Annotated[tuple[Step, ...], Meta(min_length=1)]
    then: str = ""
    again_after: Duration | None = None
    withheld: Literal["wait", "skip"] = "wait"
    holdout: Holdout = 0
    tests: tuple[ProgramTest, ...] = ()


def queue(steps: Iterable[Step]) -> list[tuple[int, Step]]:
    """The steps in the order in which they are told, each with the place at which it is written."""
    return sorted(enumerate(steps), key=lambda placed: -placed[1].priority)
