"""Rules about programs: what they wait for and where they lead exists, and the days that they name come."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final

from agents.check.conditions import events
from agents.check.draft import Draft
from schemas.convert import Place
from schemas.problem import Problem
from schemas.program import Ending, Program
from schemas.read import Placed
from schemas.reason import Reason
from schemas.trial import KINDS, Expected
from schemas.words import listed, one_of

_LEAP_YEAR: Final = "2028-"


def unknown_awaited(draft: Draft) -> Iterator[Problem]:
    """A step waits for an event, and a goal or an exit is on one, that a rule could be on too."""
    known = events(draft)
    for program, at, on in _awaited(draft):
        if draft.catalogue is not None and on not in known:
            yield program.problem(at, "unknown-event", f'found the event "{on}", expected {one_of(on, known)}')


def unknown_program(draft: Draft) -> Iterator[Problem]:
    """What comes ``then`` is another program, and the last chance of the silent is one.

    The lead would be left alone where it should go on. Programs are named as their files in programs/.
    """
    if draft.sending is not None and draft.sending.value.sunset is not None:
        last, known = draft.sending.value.sunset.program, draft.names["programs"]
        if last and last not in known:
            message = f'found the program "{last}", expected {one_of(last, known)}'
            yield draft.sending.problem(("sunset", "program"), "unknown-program", message)
    for name, program in draft.programs.items():
        others = [other for other in draft.names["programs"] if other != name]
        for at, then in _followers(program.value):
            if then and then not in others:
                message = f'found the program "{then}", expected {one_of(then, others)}'
                yield program.problem(at, "unknown-program", message)


def opens_as_life(draft: Draft) -> Iterator[Problem]:
    """Whoever only opens mail is silent: machines open it too. With a sunset, opens do not count as interest.

    Mail programs open mail by themselves. Where the silent are left alone (`sunset`), such opens would keep everybody
    alive. Write `counts_as_interest: false`.
    """
    sunset = draft.sending.value.sunset if draft.sending is not None else None
    for index, rule in enumerate(draft.scoring.value.engagement if draft.scoring is not None else ()):
        if draft.scoring is not None and sunset is not None and rule.on == "email.opened" and rule.counts_as_interest:
            message = "found opens that count as interest, expected counts_as_interest: false beside a sunset"
            yield draft.scoring.problem(("engagement", index, "on"), "opens-as-life", message)


def no_such_day(draft: Draft) -> Iterator[Problem]:
    """Holidays, and the days until which something is sent, are days of the calendar.

    A day that does not exist never comes. Days are written as 2027-03-26, holidays of every year as 12-25.
    """
    for placed, at, day in _days(draft):
        try:
            date.fromisoformat(day if len(day) > len("12-25") else _LEAP_YEAR + day)
        except ValueError:
            yield placed.problem(at, "no-such-day", f'found "{day}", expected a day of the calendar')


def unclear_expectation(draft: Draft) -> Iterator[Problem]:
    """What a test expects is exactly one decision, and names an e-mail, a program or a stage that exists.

    A test that expects two things, or something that does not exist, could fail for the wrong reason. Expect one
    decision in each line.
    """
    for program in draft.programs.values():
        for number, test in enumerate(program.value.tests):
            for index, expected in enumerate(test.expect):
                if unclear := _unclear(expected, draft):
                    key, message = unclear
                    yield program.problem(("tests", number, "expect", index, key), "unclear-expectation", message)


def _unclear(expected: Expected, draft: Draft) -> tuple[str, str] | None:
    """The key that is unclear, and why."""
    named = {kind: getattr(expected, kind) for kind in KINDS if getattr(expected, kind)}
    if len(named) != 1:
        return "", f"found {listed(named)}, expected one of {listed(KINDS, 'or')}"
    [(kind, name)] = named.items()
    if expected.because and expected.because not in tuple(Reason):
        return "because", f'found the reason "{expected.because}", expected {one_of(expected.because, Reason)}'
    known = {"sends": draft.names["emails"], "skips": draft.names["emails"], "enters": draft.names["programs"]}
    if draft.stages is not None and all(model.stages is not None for model in draft.models.values()):
        known["moves_to"] = draft.stage_ids()
    if name in known.get(kind, [name]):
        return None
    return kind, f'found {kind} "{name}", expected {one_of(name, known[kind])}'


def spent_step(draft: Draft, today: date) -> Iterator[Problem]:
    """A step whose day has passed is sent to nobody. A warning.

    Its day has passed, so it is passed over for everybody. Set a later day, or take the step out.
    """
    for program in draft.programs.values():
        for index, step in enumerate(program.value.steps):
            if step.send_by is not None and step.send_by < today.isoformat():
                message = f"found a step that is not sent after {step.send_by}, expected a later day, or no such step"
                yield program.problem(("steps", index, "send_by"), "spent-step", message, warning=True)


def endings(program: Program) -> Iterator[tuple[Place, Ending]]:
    """Goals and exits with their places."""
    for key, several in (("goals", program.goals), ("exits", program.exits)):
        yield from (((key, index), ending) for index, ending in enumerate(several))


def _awaited(draft: Draft) -> Iterator[tuple[Placed[Program], Place, str]]:
    for program in draft.programs.values():
        for index, step in enumerate(program.value.steps):
            if step.wait_for:
                yield program, ("steps", index, "wait_for"), step.wait_for
        yield from ((program, (*at, "on"), ending.on) for at, ending in endings(program.value) if ending.on)


def _followers(program: Program) -> Iterable[tuple[Place, str]]:
    return [(("then",), program.then), *(((*at, "then"), ending.then) for at, ending in endings(program))]


def _days(draft: Draft) -> Iterator[tuple[Placed[Any], Place, str]]:
    if draft.sending is not None:
        for country, days in draft.sending.value.holidays.items():
            yield from ((draft.sending, ("holidays", country, index), day) for index, day in enumerate(days))
    for program in draft.programs.values():
        for index, step in enumerate(program.value.steps):
            if step.send_by is not None:
                yield program, ("steps", index, "send_by"), step.send_by
