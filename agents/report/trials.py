"""Leads that came to a program: let in or held out, and what became of them since. It knows no mail."""

from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from schemas.commands import Command, EnterProgram, HandOff, MoveStage, Skip
from schemas.facts import DealWon, Fact
from schemas.policy import Policy
from schemas.reason import Reason
from streams.journey.experiment import EVERY_PROGRAM, held_out


class Trial(Struct):
    """One lead and one program. ``fair``: it was left to chance, as it was not before there was a holdout."""

    held: bool
    fair: bool
    moved: bool = False
    handed_off: bool = False
    won: bool = False


class Trials:
    """By lead and program; ``EVERY_PROGRAM`` stands for the first program that a lead came to, whichever it was.

    Whoever is held out of one program has come to programs like those who were let in: chance alone parts the groups.
    """

    def __init__(self) -> None:
        self._of: dict[str, dict[str, Trial]] = defaultdict(dict)

    def of(self, program: str) -> list[Trial]:
        """Everyone who came to a program."""
        found = (trials.get(program) for trials in self._of.values())
        return [trial for trial in found if trial is not None]

    def add(self, fact: Fact, commands: Sequence[Command], policy: Policy) -> None:
        """One fact, what was decided after it, and the policy in force."""
        if isinstance(fact, DealWon):
            for trial in self._of[fact.lead_id].values():
                trial.won = True
        for command in commands:
            self._decided(command, self._of[command.lead_id], policy)

    def _decided(self, command: Command, trials: dict[str, Trial], policy: Policy) -> None:
        match command:
            case EnterProgram(program=program):
                trials.setdefault(program, Trial(held=False, fair=policy.programs[program].holdout > 0))
                trials.setdefault(EVERY_PROGRAM, Trial(held=False, fair=policy.sending.holdout > 0))
            case Skip(reason=Reason.HOLDOUT, program=program) if program:
                trials.setdefault(program, Trial(held=True, fair=True))
                trials.setdefault(EVERY_PROGRAM, Trial(held=False, fair=policy.sending.holdout > 0))
            case Skip(reason=Reason.HOLDOUT):
                if held_out(EVERY_PROGRAM, policy.sending.holdout, command.lead_id):
                    trials.setdefault(EVERY_PROGRAM, Trial(held=True, fair=True))
            case MoveStage(why="earned"):
                for trial in trials.values():
                    trial.moved = True
            case HandOff():
                for trial in trials.values():
                    trial.handed_off = True
            case _:
                return
