"""A program's flow as places one below the other: who comes, leaves, stays. It draws nothing."""

from collections.abc import Iterator

from msgspec import Struct

from agents.simulation.tally import IN, OUT, Flow, StepCount


class Place(Struct, frozen=True, kw_only=True):
    """The entry (``step`` None) or a step: how many ``came`` from where, ``left`` and why, and are ``here`` in the end.

    ``before`` is the place above. Whoever comes to a step again from itself has not moved.
    """

    id: str
    step: StepCount | None
    before: str
    came: tuple[tuple[str, int], ...]
    left: tuple[tuple[str, int], ...]
    here: int


def course(flow: Flow) -> Iterator[Place]:
    """The places in the order of the program's queue; whoever came to one leaves it, goes on, or is there still."""
    moves = [(before, to, count) for before, to, count in flow.moves if before != to]
    above = ""
    for id_, step in [(IN, None), *((step.id, step) for step in flow.steps)]:
        came = sorted((before, count) for before, to, count in moves if to == id_)
        gone = [(to, count) for before, to, count in moves if before == id_]
        left = [(to.removeprefix(f"{OUT}:"), count) for to, count in gone if to.startswith(OUT)]
        arrived = sum(count for _, count in came) if step else flow.entered
        yield Place(
            id=id_,
            step=step,
            before=above,
            came=tuple(sorted(came, key=lambda way: way[0] != above)),
            left=tuple(sorted(left, key=lambda way: -way[1])),
            here=arrived - sum(count for _, count in gone),
        )
        above = id_
