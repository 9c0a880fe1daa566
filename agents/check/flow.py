"""Rules about how programs flow: steps are reached, waits can end, caps leave room, none is in another's way."""

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from agents.check.audience import audience
from agents.check.draft import Draft
from agents.check.possible import holds, kinds
from agents.check.programs import endings
from schemas.authored import Cap, When
from schemas.model import Stage
from schemas.problem import Problem
from schemas.program import NURTURE, Program, Step, queue
from schemas.read import Placed
from schemas.units import DAY, millis, waiting
from schemas.words import counted, listed, one_of

_ENDS: Final = {
    "demo.requested": "hands the lead to sales",
    "deal.won": "makes the lead a customer",
    "email.unsubscribed": "ends all mail",
    "email.complained": "ends all mail",
}


def unreachable_step(draft: Draft) -> Iterator[Problem]:
    """A step is due before the lead has to leave the program's stages.

    A stage with `at_most` and `then` moves its leads on after that long, and a program ends with its stages. What is
    due later is written for nobody. Shorten the waits, or let the stage last longer.
    """
    stays = {stage.id: stage for stage in draft.stages.value.stages} if draft.stages else {}
    for program in draft.programs.values():
        own = [stays[stage] for stage in program.value.stages if stage in stays]
        stays_of = [_stay(stage, program.value) for stage in own]
        if not own or None in stays_of:
            continue
        longest = sum(map(millis, filter(None, stays_of)))
        for index, due in _earliest(program.value):
            if due > longest:
                message = (
                    f"found a step that is due after {counted(due / DAY, 'day')}, expected at most {longest / DAY:g}:"
                    f" then its leads have left {listed(program.value.stages)} (at_most in stages.yaml)"
                )
                yield program.problem(("steps", index), "unreachable-step", message)


def _stay(stage: Stage, program: Program) -> str | None:
    """How long a stage keeps a lead at most before it leaves the program's stages; None: there is no end."""
    return stage.at_most if stage.then and stage.then not in program.stages else None


def endless_wait(draft: Draft) -> Iterator[Problem]:
    """What a step waits for does not end the program before.

    A goal, an exit, a request for sales, a customer's deal or an unsubscription ends the program at once, and with it
    the wait: the step's e-mail would never be sent. Wait for something else, or let the goal say `then`.
    """
    for program in draft.programs.values():
        goals = {end.on: f'ends the program ("{end.id}")' for _, end in endings(program.value) if end.when == When()}
        for index, step in enumerate(program.value.steps):
            if why := (goals | _ENDS).get(step.wait_for):
                message = f'found a wait for "{step.wait_for}", which {why}; expected something that lets it go on'
                yield program.problem(("steps", index, "wait_for"), "endless-wait", message)


def starved_program(draft: Draft) -> Iterator[Problem]:
    """A program writes no faster than the caps let it. A warning.

    Whatever the steps say, `caps` in sending.yaml hold each e-mail back until enough time has passed, so the program
    runs slower than it reads. Lengthen the wait, so that the file says what happens.
    """
    caps, classes = (draft.sending.value.caps, draft.sending.value.classes) if draft.sending else ((), {})
    for program in draft.programs.values():
        own = classes[program.value.class_].caps if program.value.class_ in classes else ()
        for index, cap, span in _too_fast(program, (*caps, *own)):
            message = (
                f"found {cap.most + 1} e-mails within {counted(span / DAY, 'day')}, expected at most {cap.most} within "
                f"{cap.within} (caps in sending.yaml): this one will wait"
            )
            yield program.problem(("steps", index, "wait"), "starved-program", message, warning=True)


def _too_fast(program: Placed[Program], caps: tuple[Cap, ...]) -> Iterator[tuple[int, Cap, int]]:
    """Steps that the caps will hold back for everybody, each with the first cap that does."""
    due = list(_certain(program.value.steps))
    for nth, (index, at) in enumerate(due):
        for cap in caps:
            first = due[nth - cap.most][1] if nth >= cap.most else None
            if first is not None and at is not None and at - first < millis(cap.within):
                yield index, cap, at - first
                break


def _certain(steps: tuple[Step, ...]) -> Iterator[tuple[int, int]]:
    """Steps that are sent to everybody, and when; an event or a time of day may take any time, so it counts as ages."""
    at = 0
    for index, step in queue(steps):
        wait = waiting(step.wait)
        sure = not step.wait_for and wait.clock is None
        at += wait.length + wait.business_days * DAY if sure else 10_000 * DAY
        if step.if_ == When() or step.else_:
            yield index, at


def _earliest(program: Program) -> Iterator[tuple[int, int]]:
    """When each step can be due at the soonest (ms after entering); an event may come at once."""
    at = 0
    for index, step in queue(program.steps):
        wait = waiting(step.wait)
        at += wait.length + wait.business_days * DAY
        yield index, at


def conflicting_programs(draft: Draft) -> Iterator[Problem]:
    """Two programs for the same leads say which of them comes first. A warning.

    Of each class, a lead is in the open program with the highest `priority`. Where two have the same, their names
    decide, and a new name turns the order round unseen. Give one of them a higher priority, or conditions that exclude
    each other.
    """
    fields = draft.catalogue.value.fields if draft.catalogue else {}
    journey = draft.journey.value if draft.journey else None
    for (name, one), (_, other) in combinations(sorted(draft.programs.items()), 2):
        shared = [stage for stage in one.value.stages if stage in other.value.stages]
        if not shared or (one.value.class_, one.value.priority) != (other.value.class_, other.value.priority):
            continue
        whens = audience(one.value, journey), audience(other.value, journey)
        if any(all(holds(when, kind) for when in whens) for kind in kinds(whens, fields)):
            message = (
                f'found the priority {other.value.priority} of "{name}", which is for {listed(shared)} too; expected '
                f"another: for leads of both, the names would decide which comes first"
            )
            yield other.problem(("priority",), "conflicting-programs", message, warning=True)


def unknown_class(draft: Draft) -> Iterator[Problem]:
    """A program's class stands in sending.yaml, or is the usual one.

    A lead is in one program of each class at a time. A misspelt class is one of its own: its program runs beside the
    others instead of after them, and no caps of a class hold it back.
    """
    known = [NURTURE, *(draft.sending.value.classes if draft.sending else ())]
    for program in draft.programs.values():
        if draft.sending is not None and program.value.class_ not in known:
            message = f'found the class "{program.value.class_}", expected {one_of(program.value.class_, known)}'
            yield program.problem(("class",), "unknown-class", message)


def idle_program(draft: Draft) -> Iterator[Problem]:
    """A program is for stages in which leads are nurtured. A warning.

    Before `qualified_from` (lifecycle.yaml) nobody is written to, so a program for such a stage has no leads.
    """
    if draft.stages is None or draft.lifecycle is None:
        return
    names = [stage.id for stage in draft.stages.value.stages]
    first = next((names.index(stage) for stage in draft.lifecycle.value.qualified_from if stage in names), 0)
    for program in draft.programs.values():
        for index, stage in enumerate(program.value.stages):
            if stage in names[:first]:
                message = f'found "{stage}", in which nobody is nurtured; expected {listed(names[first:], "or")}'
                yield program.problem(("stages", index), "idle-program", message, warning=True)
