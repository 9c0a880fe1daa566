"""Experiments and holdouts in numbers: the parts side by side, and when they can be believed. It counts no mail.

Nothing is called better before as many leads were in its smallest part as was planned: whoever looks every day, and
stops at the first day that looks good, finds differences that are none.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

from msgspec import Struct

from agents.report.lines import Line, line_of
from agents.report.mails import Mail
from agents.report.odds import SUSPECT, Difference, difference, leads_needed, split_chance
from agents.report.trials import Trial, Trials
from schemas.policy import Policy, programs_of
from schemas.program import Step, Variant
from streams.journey.experiment import EVERY_PROGRAM

LIFT: Final = 1.25
"""What an experiment is planned to find: a share that is a quarter larger."""
ASSUMED: Final = 0.05
"""A share to plan with before there is one to see."""
_ENOUGH: Final = 10  # of those who did it, before their share says anything

Verdict = Literal["unfair", "early", "better", "worse", "even"]


class Horizon(Struct, frozen=True, kw_only=True):
    """How many leads the smallest part needs, so that a share of ``rate`` is told from one that is a quarter larger.

    ``had`` are there, ``a_week`` come; ``weeks`` from nobody to a verdict, None when nobody is known to come.
    """

    rate: float
    assumed: bool
    needed: int
    had: int
    a_week: float
    weeks: float | None


class Arm(Struct, frozen=True, kw_only=True):
    """One variant: what became of its mails, and its shares less those of the step as it stands."""

    variant: str
    email: str
    subject: str
    weight: int
    line: Line
    clicked: Difference | None = None
    handed_off: Difference | None = None


class Experiment(Struct, frozen=True, kw_only=True):
    """A step's variants, the step as it stands first. It is judged by clicks."""

    program: str
    step: str
    arms: tuple[Arm, ...]
    split_chance: float
    horizon: Horizon
    verdict: Verdict


class Side(Struct, frozen=True, kw_only=True):
    """Leads that were let in, or held out, and what became of them since."""

    leads: int
    moved: int
    handed_off: int
    won: int


class Holdout(Struct, frozen=True, kw_only=True):
    """A program beside those that it was kept from; "" is all programs. It is judged by handoffs."""

    program: str
    percent: int
    let_in: Side
    held_out: Side
    moved: Difference | None
    handed_off: Difference | None
    won: Difference | None
    split_chance: float
    horizon: Horizon
    verdict: Verdict


def experiments(policy: Policy, mails: Sequence[Mail], weeks: float) -> Iterator[Experiment]:
    """Every step with variants, whether it has had a mail or not; ``weeks`` is what the mails took (0: not known)."""
    for name, program in programs_of(policy).items():
        for step in program.steps:
            if step.variants:
                own = [mail for mail in mails if (mail.program, mail.step) == (name, step.id)]
                yield _experiment(name, step, own, weeks)


def _experiment(program: str, step: Step, mails: Sequence[Mail], weeks: float) -> Experiment:
    variants = sorted(step.variants, key=lambda variant: not _stands(variant, step))
    lines = [line_of(mail for mail in mails if mail.variant == variant.id) for variant in variants]
    arms = tuple(_arm(variant, step, line, lines[0]) for variant, line in zip(variants, lines, strict=True))
    weights, whole = [variant.weight for variant in variants], line_of(mails)
    part = min(weights) / sum(weights)
    horizon = _horizon(
        hits=whole.clicked,
        of=whole.delivered,
        had=min(line.delivered for line in lines),
        a_week=whole.ordered * part / weeks if weeks else 0,
    )
    chance = split_chance([line.ordered for line in lines], weights)
    found = _verdict(chance, horizon, [arm.clicked for arm in arms[1:]])
    return Experiment(program=program, step=step.id, arms=arms, split_chance=chance, horizon=horizon, verdict=found)


def _stands(variant: Variant, step: Step) -> bool:
    return variant.email in ("", step.email) and not variant.subject


def _arm(variant: Variant, step: Step, line: Line, first: Line) -> Arm:
    apart = line is not first
    return Arm(
        variant=variant.id,
        email=variant.email or step.email,
        subject=variant.subject,
        weight=variant.weight,
        line=line,
        clicked=difference(line.clicked, line.delivered, first.clicked, first.delivered) if apart else None,
        handed_off=difference(line.handed_off, line.delivered, first.handed_off, first.delivered) if apart else None,
    )


def holdouts(policy: Policy, trials: Trials, weeks: float) -> Iterator[Holdout]:
    """All programs together, then each that holds leads out."""
    percents = {EVERY_PROGRAM: policy.sending.holdout}
    percents |= {name: program.holdout for name, program in programs_of(policy).items()}
    for name, percent in percents.items():
        if percent:
            yield _holdout(name, percent, trials.of(name), weeks)


def _holdout(program: str, percent: int, trials: Sequence[Trial], weeks: float) -> Holdout:
    here, there = (_side(trial for trial in trials if trial.fair and trial.held is held) for held in (False, True))
    horizon = _horizon(
        hits=here.handed_off,
        of=here.leads,
        had=there.leads,
        a_week=len(trials) * percent / 100 / weeks if weeks else 0,
        times=(100 - percent) / percent,
    )
    chance = split_chance([here.leads, there.leads], [100 - percent, percent])
    found = difference(here.handed_off, here.leads, there.handed_off, there.leads)
    return Holdout(
        program=program,
        percent=percent,
        let_in=here,
        held_out=there,
        moved=difference(here.moved, here.leads, there.moved, there.leads),
        handed_off=found,
        won=difference(here.won, here.leads, there.won, there.leads),
        split_chance=chance,
        horizon=horizon,
        verdict=_verdict(chance, horizon, [found]),
    )


def _side(trials: Iterable[Trial]) -> Side:
    found = list(trials)
    return Side(
        leads=len(found),
        moved=sum(trial.moved for trial in found),
        handed_off=sum(trial.handed_off for trial in found),
        won=sum(trial.won for trial in found),
    )


def _horizon(*, hits: int, of: int, had: int, a_week: float, times: float = 1) -> Horizon:
    assumed = hits < _ENOUGH or hits == of
    rate = ASSUMED if assumed else hits / of
    needed = leads_needed(rate, min(rate * LIFT, (1 + rate) / 2), times)
    return Horizon(
        rate=rate, assumed=assumed, needed=needed, had=had, a_week=a_week, weeks=needed / a_week if a_week else None
    )


def _verdict(chance: float, horizon: Horizon, found: Sequence[Difference | None]) -> Verdict:
    """An unfair split comes first, patience second; then the largest difference of those that are certain."""
    if chance < SUSPECT:
        return "unfair"
    if horizon.had < horizon.needed:
        return "early"
    certain = [apart for apart in found if apart is not None and apart.certain]
    if not certain:
        return "even"
    return "better" if max(certain, key=lambda apart: abs(apart.by)).by > 0 else "worse"
