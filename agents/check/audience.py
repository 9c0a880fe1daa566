"""Whom a program is for, as one condition: its personas and what it says itself. It asks no lead."""

from schemas.authored import When
from schemas.program import Program
from schemas.questions import Journey


def audience(program: Program, journey: Journey | None) -> When:
    """The condition that holds for those leads of the program's stages whom it is for. Unknown personas are nobody."""
    if not program.personas:
        return program.when
    who = _one_of(program.personas, journey)
    return who if program.when == When() else When(all=(program.when, who))


def _one_of(personas: tuple[str, ...], journey: Journey | None) -> When:
    """A lead is the first persona that it can be, so none of the others that stand before it holds."""
    ways: list[When] = []
    before: list[When] = []
    for persona in journey.personas if journey else ():
        if persona.id not in personas:
            before.append(When(not_=persona.when))
        else:
            ways.append(When(all=(persona.when, *before)) if before else persona.when)
    return ways[0] if len(ways) == 1 else When(any=tuple(ways))
