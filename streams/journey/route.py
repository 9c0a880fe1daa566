"""A program made ready: durations in milliseconds, conditions and events as functions. It moves no lead."""

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from msgspec.structs import replace

from schemas.authored import Cap
from schemas.facts import FACTS, EmailOpened, Happened, Tracked
from schemas.program import Ending, Program, Step, Variant, Window, queue
from schemas.sending import MailClass, QuietHours
from schemas.units import WEEKDAYS, Waiting, millis, waiting
from streams.journey.calendar import end_of
from streams.journey.predicate import Test, Words, compile_when

Hears = Callable[[Happened], bool]
Kind = Literal["goal", "exit"]
Limit = tuple[int, int]
"""At most so many e-mails within so many milliseconds."""


class TimedStep(NamedTuple):
    """A step with its durations in milliseconds; ``until`` is set when its wait needs a calendar.

    Of the ``variants`` of its e-mail, a lead's own is in ``email``, ``variant`` and ``subject`` once it is due.
    """

    id: str
    email: str
    wait: int
    within: int
    until: Waiting | None = None
    test: Test | None = None
    hears: Hears | None = None
    at_most: int = 0
    otherwise: str = ""
    send_by: int = 0
    priority: int = 0
    variants: tuple[Variant, ...] = ()
    variant: str = ""
    subject: str = ""


class Close(NamedTuple):
    """A goal or an exit, and when it is taken."""

    kind: Kind
    ending: Ending
    hears: Hears | None
    test: Test | None


class Route(NamedTuple):
    """A program, its condition, its steps and its endings; it ``listens`` when a step of it waits for an event.

    ``caps`` are those of its class; it ``gives_way`` when a step that finds no room is passed over.
    """

    id: str
    program: Program
    test: Test | None
    steps: tuple[TimedStep, ...]
    again_after: int | None
    closes: tuple[Close, ...] = ()
    window: QuietHours | None = None
    listens: bool = False
    caps: tuple[Limit, ...] = ()
    gives_way: bool = False


def routed(id_: str, program: Program, words: Words, zone: str, mail: MailClass) -> Route:
    """A program made ready; ``words`` are what its conditions may say, ``zone`` is where its days end."""
    again = millis(program.again_after) if program.again_after else None
    steps = tuple(_timed(step, words, zone) for _, step in queue(program.steps))
    goals = tuple(_close("goal", goal, words) for goal in program.goals)
    exits = tuple(_close("exit", way_out, words) for way_out in program.exits)
    return Route(
        id_,
        program,
        compile_when(program.when, words),
        steps,
        again,
        (*goals, *exits),
        outside(program.window),
        listens=any(step.hears is not None for step in steps),
        caps=limits(mail.caps),
        gives_way=mail.when_full == "drop",
    )


def _timed(step: Step, words: Words, zone: str) -> TimedStep:
    wait = waiting(step.wait)
    return TimedStep(
        step.id,
        step.email,
        wait.length,
        millis(step.send_within),
        until=None if wait == Waiting(wait.length) else wait,
        test=compile_when(step.if_, words),
        hears=hears(step.wait_for) if step.wait_for else None,
        at_most=millis(step.at_most),
        otherwise=step.else_,
        send_by=end_of(step.send_by, zone) if step.send_by else 0,
        priority=step.priority,
        variants=tuple(replace(variant, email=variant.email or step.email) for variant in step.variants),
    )


def limits(caps: Iterable[Cap]) -> tuple[Limit, ...]:
    """Caps in milliseconds."""
    return tuple((cap.most, millis(cap.within)) for cap in caps)


def _close(kind: Kind, ending: Ending, words: Words) -> Close:
    return Close(kind, ending, hears(ending.on) if ending.on else None, compile_when(ending.when, words))


def hears(on: str) -> Hears:
    """Whether a fact is the event that an author named, as in ``on:`` of a rule. A machine's open is none."""
    if on.startswith("tracked:"):
        name = on.removeprefix("tracked:")
        return lambda fact: isinstance(fact, Tracked) and fact.name == name
    shape = FACTS[f"{on}.v1"]
    if shape is EmailOpened:
        return lambda fact: isinstance(fact, EmailOpened) and not fact.machine
    return lambda fact: isinstance(fact, shape)


def outside(window: Window | None) -> QuietHours | None:
    """A window as the hours and days that it leaves out, None when there is no window."""
    if window is None:
        return None
    days = tuple(day for day in WEEKDAYS if day not in window.days)
    return QuietHours(start=window.end, end=window.start, days=days)
