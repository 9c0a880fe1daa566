"""A policy made ready: rules by fact type, durations in milliseconds, decay by day. It decides nothing."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from schemas.facts import FACTS, Happened, Tracked
from schemas.policy import EngagementRule, FitRule, Policy, Program, QuietHours, Stage, Step, Veto, policy_hash
from schemas.units import DAY, millis
from streams.journey.predicate import Test, compile_when

REQUESTED = "requested"  # the program's name for what a lead asked for
_KEEP_OF_100 = 70
WHOLE = 1000  # decay is counted in thousandths, so that points stay integers


class Scored(NamedTuple):
    """An engagement rule and its condition."""

    rule: EngagementRule
    test: Test | None


class TimedStep(NamedTuple):
    """A step with its durations in milliseconds."""

    id: str
    email: str
    wait: int
    within: int


class Route(NamedTuple):
    """A program, its condition and its steps."""

    id: str
    program: Program
    test: Test | None
    steps: tuple[TimedStep, ...]
    again_after: int | None


class Pauses(NamedTuple):
    """How long what sales do keeps nurture or a new handoff away, in milliseconds."""

    contact: int
    opportunity: int
    recycled: int
    unanswered: int
    lost: int
    won: int
    worked: int
    raised: int
    requested: int
    rejected: dict[str, int]


class Compiled:
    """A policy, its hash, and the indexes that make a decision's cost depend on what matches only."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.hash = policy_hash(policy)
        self.fit: tuple[tuple[FitRule, Test | None], ...] = tuple((r, compile_when(r.when)) for r in policy.scoring.fit)
        self.vetoes: tuple[tuple[Veto, Test | None], ...] = tuple(
            (veto, compile_when(veto.when)) for veto in policy.scoring.disqualify
        )
        self.engagement = {rule.id: rule for rule in policy.scoring.engagement}
        self._by_type, self._by_name = _index(policy.scoring.engagement)
        self.horizon = millis(policy.scoring.horizon) // DAY
        self.decay = decay_table(policy.scoring.half_life, self.horizon)
        self.stages: tuple[Stage, ...] = policy.stages.stages
        self.keeps = tuple(_keep(stage) for stage in self.stages)
        self.dwell = millis(policy.stages.dwell)
        self.stage_index = {stage.id: index for index, stage in enumerate(self.stages)}
        self.qualified_from = _first(policy.lifecycle.qualified_from, self.stage_index)
        self.ready_from = _first(policy.lifecycle.ready_from, self.stage_index)
        self.lifecycle = tuple((state.id, compile_when(state.when)) for state in policy.lifecycle.states)
        self.routes = {id_: _route(id_, program) for id_, program in policy.programs.items()}
        self.routes_for = _by_stage(self.routes)
        self.caps = tuple((cap.most, millis(cap.within)) for cap in policy.sending.caps)
        self.quiet: QuietHours = policy.sending.quiet_hours
        self.pauses = _pauses(policy)

    def rules_on(self, fact: Happened) -> Sequence[Scored]:
        """The engagement rules that this fact may feed."""
        if isinstance(fact, Tracked):
            return self._by_name.get(fact.name, ())
        return self._by_type.get(type(fact), ())


def decay_table(half_life: str, days: int) -> tuple[int, ...]:
    """Thousandths that are left of a point after 0, 1, 2, … days: ``2 ** -(day / half_life)``, in exact decimals."""
    half = Decimal(millis(half_life)) / DAY
    return tuple(int((WHOLE * Decimal(2) ** (-day / half)).to_integral_value()) for day in range(days + 1))


def _index(
    rules: Sequence[EngagementRule],
) -> tuple[dict[type[Happened], list[Scored]], dict[str, list[Scored]]]:
    by_type: dict[type[Happened], list[Scored]] = defaultdict(list)
    by_name: dict[str, list[Scored]] = defaultdict(list)
    for rule in rules:
        scored = Scored(rule, compile_when(rule.when))
        if rule.on.startswith("tracked:"):
            by_name[rule.on.removeprefix("tracked:")].append(scored)
        else:
            by_type[FACTS[f"{rule.on}.v1"]].append(scored)
    return dict(by_type), dict(by_name)


def _route(id_: str, program: Program) -> Route:
    again = millis(program.again_after) if program.again_after else None
    return Route(id_, program, compile_when(program.when), tuple(map(_timed, program.steps)), again)


def _timed(step: Step) -> TimedStep:
    return TimedStep(step.id, step.email, millis(step.wait), millis(step.send_within))


def _by_stage(routes: dict[str, Route]) -> dict[str, tuple[Route, ...]]:
    ordered = sorted(routes.values(), key=lambda route: (-route.program.priority, route.id))
    stages = {stage for route in ordered for stage in route.program.stages}
    return {stage: tuple(route for route in ordered if stage in route.program.stages) for stage in stages}


def _first(names: Sequence[str], index: Mapping[str, int]) -> int:
    """Where the stage stands that one of the names means; a name may mean a stage of another model."""
    return next(index[name] for name in names if name in index)


def _keep(stage: Stage) -> int:
    return stage.engagement * _KEEP_OF_100 // 100 if stage.keep is None else stage.keep


def _pauses(policy: Policy) -> Pauses:
    sales, sending = policy.sales, policy.sending
    return Pauses(
        contact=millis(sending.pause_after_contact),
        opportunity=millis(sending.pause_while_opportunity),
        recycled=millis(sales.recycle_cool_off),
        unanswered=millis(sales.unanswered_cool_off),
        lost=millis(sales.lost_cool_off),
        won=millis(sales.won_cool_off),
        worked=millis(sales.worked_within),
        raised=millis(sales.raised_hand_within),
        requested=millis(sending.requested_within),
        rejected={name: millis(reason.cool_off) for name, reason in sales.reject_reasons.items()},
    )
