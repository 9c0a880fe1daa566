"""What a simulation adds up: the way of leads through programs, and why there was silence. It runs none."""

from collections import Counter, defaultdict

from msgspec import Struct

from schemas.commands import Command, EnterProgram, HandOff, LeaveProgram, SendContent, Skip
from schemas.policy import Policy
from schemas.program import Program, queue
from schemas.units import WEEK

IN = "in"
OUT = "out"


class StepCount(Struct, frozen=True, kw_only=True):
    """One step: e-mails ordered, and why leads were passed over or put off (the reason, times)."""

    id: str
    email: str
    sent: int
    passed: dict[str, int]
    put_off: dict[str, int]


class Flow(Struct, frozen=True, kw_only=True):
    """One program: entries, steps, why leads left, and how many went from where to where (in, a step, out:why)."""

    program: str
    entered: int
    still_in: int
    steps: tuple[StepCount, ...]
    left: dict[str, int]
    moves: tuple[tuple[str, str, int], ...]


class Tally:
    """Counts decisions as they come. Each lead's must come in its own order."""

    def __init__(self, policy: Policy, start: int) -> None:
        self._policy, self._start = policy, start
        self._steps = {name: _by_email(program) for name, program in policy.programs.items()}
        self._at: dict[tuple[str, str], str] = {}
        self._sent: Counter[tuple[str, str]] = Counter()
        self._skips: dict[tuple[str, str, bool], Counter[str]] = defaultdict(Counter)
        self._moves: Counter[tuple[str, str, str]] = Counter()
        self.reasons: Counter[str] = Counter()
        self.weeks: dict[int, Counter[str]] = defaultdict(Counter)
        self.handoffs = 0

    def add(self, command: Command) -> None:
        """Count one decision."""
        match command:
            case EnterProgram():
                self._at[command.lead_id, command.program] = IN
                self._moves[command.program, "", IN] += 1
            case SendContent() if command.program in self._steps:
                self._sent[command.program, command.step] += 1
                self._go(command, command.program, command.step)
                self.weeks[(command.seen - self._start) // WEEK][command.program] += 1
            case Skip():
                self._skip(command)
            case LeaveProgram():
                why = f"{command.why}: {command.ending}" if command.ending else command.why
                self._go(command, command.program, f"{OUT}:{why}")
                self._at.pop((command.lead_id, command.program), None)
            case HandOff():
                self.handoffs += 1
            case _:
                return

    def flows(self) -> tuple[Flow, ...]:
        """Every program's, by name."""
        return tuple(self._flow(name, program) for name, program in sorted(self._policy.programs.items()))

    def _skip(self, command: Skip) -> None:
        self.reasons[command.reason] += 1
        step = self._steps.get(command.program, {}).get(command.email)
        if step is not None:
            self._skips[command.program, step, command.until > 0][command.reason] += 1
            if not command.until:
                self._go(command, command.program, step)

    def _go(self, command: Command, program: str, to: str) -> None:
        before = self._at.get((command.lead_id, program), IN)
        self._moves[program, before, to] += 1
        self._at[command.lead_id, program] = to

    def _flow(self, name: str, program: Program) -> Flow:
        moves = {(before, to): n for (own, before, to), n in self._moves.items() if own == name and before}
        left: Counter[str] = Counter()
        for (_, to), n in moves.items():
            if to.startswith(OUT):
                left[to.removeprefix(f"{OUT}:")] += n
        entered = self._moves[name, "", IN]
        return Flow(
            program=name,
            entered=entered,
            still_in=entered - left.total(),
            steps=tuple(self._count(name, step.id, step.email) for _, step in queue(program.steps)),
            left=dict(left.most_common()),
            moves=tuple((before, to, n) for (before, to), n in sorted(moves.items())),
        )

    def _count(self, program: str, step: str, email: str) -> StepCount:
        return StepCount(
            id=step,
            email=email,
            sent=self._sent[program, step],
            passed=dict(self._skips[program, step, False].most_common()),
            put_off=dict(self._skips[program, step, True].most_common()),
        )


def _by_email(program: Program) -> dict[str, str]:
    """The step that an e-mail belongs to; a step's own e-mails win over another's else."""
    others = {step.else_: step.id for step in program.steps if step.else_}
    tried = {variant.email: step.id for step in program.steps for variant in step.variants if variant.email}
    return others | tried | {step.email: step.id for step in program.steps}
