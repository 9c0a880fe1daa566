"""A program's own tests: each is a lead that lives under the whole policy. It sends nothing and reads no file."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from agents.words import said
from schemas.commands import Command, EnterProgram, HandOff, LeaveProgram, MoveStage, SendContent, Skip
from schemas.convert import Place
from schemas.lead import Lead
from schemas.program import Program
from schemas.read import Placed
from schemas.sample import SampleLead, history_of
from schemas.trial import Expected, ProgramTest
from schemas.units import millis
from streams.journey.calendar import zone_of
from streams.journey.compiled import Compiled
from streams.journey.simulate import simulate

_LEAD = "test"


class Result(Struct, frozen=True, kw_only=True):
    """What became of one test: ``mistakes`` are empty when it passed; ``decided`` is all that was, in words."""

    program: str
    says: str
    path: str
    line: int
    mistakes: tuple[str, ...]
    decided: tuple[str, ...]


class _Decided(Struct, frozen=True):
    """A decision, and when it was made in the lead's own calendar."""

    command: Command
    day: int
    at: datetime

    def __str__(self) -> str:
        return f"day {self.day:>2}  {self.at:%a %H:%M}  {said(self.command)}"


def rehearse(name: str, program: Placed[Program], policy: Compiled) -> Iterator[Result]:
    """Every test of a program, lived through under the policy."""
    for index, test in enumerate(program.value.tests):
        decided = _lived(test, policy)
        place: Place = ("tests", index)
        yield Result(
            program=name,
            says=test.says,
            path=program.path,
            line=program.problem(place, "", "").line,
            mistakes=tuple(_mistakes(name, test, decided)),
            decided=tuple(map(str, decided)),
        )


def _lived(test: ProgramTest, policy: Compiled) -> list[_Decided]:
    lead = SampleLead(about=test.says, traits=test.traits, basis=test.basis, history=test.history)
    zone = ZoneInfo(zone_of(Lead(id=_LEAD, traits=test.traits), policy.policy.brand).name)
    began = datetime.fromisoformat(test.starts).replace(tzinfo=zone)
    start = round(began.timestamp() * 1000)
    facts = history_of(lead, _LEAD, start)
    lived = simulate(lambda: facts, policy, {}, start + millis(test.run))
    commands = [command for one in lived for command in one.commands]
    return [_dated(command, began) for command in commands]


def _dated(command: Command, began: datetime) -> _Decided:
    at = datetime.fromtimestamp(command.seen / 1000, began.tzinfo)
    return _Decided(command, (at.date() - began.date()).days + 1, at)


def _mistakes(name: str, test: ProgramTest, decided: list[_Decided]) -> Iterator[str]:
    """What was expected and did not come, in order; and what this program sent though nobody expected it."""
    left = list(decided)
    unexpected = [one for one in decided if isinstance(one.command, SendContent) and one.command.program == name]
    for expected in test.expect:
        found = next((index for index, one in enumerate(left) if _meets(expected, one)), None)
        if found is None:
            yield f"expected {_worded(expected)}; found {_instead(expected, left)}"
            continue
        if left[found] in unexpected:
            unexpected.remove(left[found])
        left = left[found + 1 :]
    yield from (f'expected nothing more to be sent; found "{one.command.email}" on {_when(one)}' for one in unexpected)  # type: ignore[union-attr]  # they are sends


def _meets(expected: Expected, one: _Decided) -> bool:
    in_time = expected.day in (None, one.day) and expected.at in (None, f"{one.at:%H:%M}")
    return in_time and _is(expected, one.command)


def _is(expected: Expected, command: Command) -> bool:
    match command:
        case SendContent(email=email):
            return email == expected.sends
        case Skip(email=email, reason=reason):
            return bool(expected.skips) and email == expected.skips and expected.because in ("", reason)
        case EnterProgram(program=program):
            return program == expected.enters
        case LeaveProgram(why=why, ending=ending):
            return bool(expected.leaves) and expected.leaves in (why, ending)
        case MoveStage(after=stage):
            return stage == expected.moves_to
        case _:
            return expected.hands_over and isinstance(command, HandOff)


def _worded(expected: Expected) -> str:
    day = f"on day {expected.day}" if expected.day else ""
    at = f"at {expected.at}" if expected.at else ""
    because = f"because {expected.because}" if expected.because else ""
    return " ".join(part for part in (_what(expected), because, day, at) if part)


def _what(expected: Expected) -> str:
    if expected.hands_over:
        return "a handoff"
    kind = next(kind for kind in ("sends", "skips", "enters", "leaves", "moves_to") if getattr(expected, kind))
    return f'{kind.replace("_", " ")} "{getattr(expected, kind)}"'


def _instead(expected: Expected, left: list[_Decided]) -> str:
    """The same thing at another time, if there is one: mostly it is only early or late."""
    moved = next((one for one in left if _is(expected, one.command)), None)
    return "it nowhere after what came before" if moved is None else f"it on {_when(moved)}"


def _when(one: _Decided) -> str:
    return f"day {one.day} at {one.at:%H:%M}"
