"""A trial and its labels in numbers, for machines and for people. It draws nothing and prints nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from agents.backtest import metrics as m
from agents.backtest.history import History
from agents.backtest.labels import Label, Positive
from agents.backtest.trial import Standing, Trial
from schemas.units import DAY, iso

_FIRST_PART: Final = 0.7
_WAITS: Final = (0.1, 0.5, 0.9)


class Handed(Struct, frozen=True, kw_only=True):
    """Handed over before the outcome, or not, against what the outcome was."""

    won: int
    lost: int
    missed: int
    spared: int
    precision: float | None
    recall: float | None


class Calibration(Struct, frozen=True, kw_only=True):
    """Points as chances, by a logistic curve through the earlier leads, judged on the later ones."""

    intercept: float
    per_point: float
    leads: int
    brier: float
    brier_of_base_rate: float
    error: float
    bins: list[m.Bin]


class Wait(Struct, frozen=True, kw_only=True):
    """Days from the first handoff to the win, for those that were handed over before they won."""

    leads: int
    p10: float
    median: float
    p90: float
    days: list[float]


class Week(Struct, frozen=True):
    """Handoffs of one week, which begins on this Monday, by rep."""

    monday: str
    handoffs: dict[str, int]


class Quality(Struct, frozen=True, kw_only=True):
    """How well one policy's points foretell the labels, and the work that it makes."""

    policy: str
    auc: float
    auc_low: float
    auc_high: float
    handed: Handed
    deciles: list[m.Part]
    calibration: Calibration | None
    wait: Wait | None
    handoffs: int
    handoffs_per_week_per_rep: dict[str, float]
    weeks: list[Week]
    lifecycle: dict[str, int]
    untouched: int
    untouched_won: int
    roc: list[tuple[float, float]]
    scores: dict[int, tuple[int, int]]


class Judged(Struct, frozen=True, kw_only=True):
    """What was judged: facts, leads, labels, and who is left out for which reason."""

    files: list[str]
    first: str
    last: str
    facts: int
    leads: int
    judged: int
    wins: int
    base_rate: float
    positive: Positive
    labels: dict[str, int]
    left_out: dict[str, int]


def judged_of(history: History, labels: Mapping[str, Label], left_out: Mapping[str, int], positive: Positive) -> Judged:
    """What the numbers stand on. There is at least one label."""
    wins = sum(label.win for label in labels.values())
    return Judged(
        files=[file.name for file in history.files],
        first=iso(min(past.first for past in history.pasts.values())),
        last=iso(history.end),
        facts=len(history),
        leads=len(history.pasts),
        judged=len(labels),
        wins=wins,
        base_rate=wins / len(labels),
        positive=positive,
        labels=dict(Counter(label.kind for label in labels.values()).most_common()),
        left_out=dict(left_out),
    )


def quality_of(trial: Trial, labels: Mapping[str, Label], order: Mapping[str, int]) -> Quality:
    """The numbers of one policy. Both kinds of labels must occur; ``order`` says who came first."""
    ids = sorted(labels, key=order.__getitem__)
    standings = [trial.standings[lead_id] for lead_id in ids]
    scores, wins = [standing.score for standing in standings], [labels[lead_id].win for lead_id in ids]
    curve = m.roc(scores, wins)
    auc, won = m.area(curve), sum(wins)
    margin = m.Z95 * m.auc_error(auc, won, len(wins) - won)
    untouched = [
        won for standing, won in zip(standings, wins, strict=True) if not (standing.handed_at or standing.mailed)
    ]
    return Quality(
        policy=trial.policy,
        auc=auc,
        auc_low=max(0.0, auc - margin),
        auc_high=min(1.0, auc + margin),
        handed=_handed(standings, wins),
        deciles=m.deciles(scores, wins),
        calibration=_calibration(scores, wins),
        wait=_wait([(labels[lead_id], trial.standings[lead_id]) for lead_id in ids]),
        handoffs=trial.handoffs.total(),
        handoffs_per_week_per_rep=_per_week(trial),
        weeks=_weeks(trial),
        lifecycle=dict((+trial.lifecycle).most_common()),
        untouched=len(untouched),
        untouched_won=sum(untouched),
        roc=curve,
        scores={int(score): (n, w) for score, n, w in m.tallied(scores, wins)},
    )


def _handed(standings: Sequence[Standing], wins: Sequence[bool]) -> Handed:
    count = Counter((standing.handed, won) for standing, won in zip(standings, wins, strict=True))
    won, lost, missed, spared = count[True, True], count[True, False], count[False, True], count[False, False]
    return Handed(
        won=won,
        lost=lost,
        missed=missed,
        spared=spared,
        precision=m.share(won, won + lost),
        recall=m.share(won, won + missed),
    )


def _calibration(scores: Sequence[int], wins: Sequence[bool]) -> Calibration | None:
    """None when the earlier or the later leads have one kind of outcome only."""
    cut = round(len(wins) * _FIRST_PART)
    if len(set(wins[:cut])) < 2 or len(set(wins[cut:])) < 2:
        return None
    a, b = m.logistic(scores[:cut], wins[:cut])
    forecasts, later = [m.chance(a + b * score) for score in scores[cut:]], wins[cut:]
    found, base = m.bins(forecasts, later), sum(wins[:cut]) / cut
    return Calibration(
        intercept=a,
        per_point=b,
        leads=len(later),
        brier=m.brier(forecasts, later),
        brier_of_base_rate=m.brier([base] * len(later), later),
        error=m.calibration_error(found),
        bins=found,
    )


def _wait(leads: Sequence[tuple[Label, Standing]]) -> Wait | None:
    days = sorted((label.at - s.handed_at) / DAY for label, s in leads if label.kind == "won" and s.handed)
    if not days or not days[-1]:
        return None  # tables with one date for all know no waiting
    p10, median, p90 = (m.quantile(days, q) for q in _WAITS)
    return Wait(leads=len(days), p10=p10, median=median, p90=p90, days=[round(day, 3) for day in days])


def _per_week(trial: Trial) -> dict[str, float]:
    """Mean handoffs a week over all weeks from the first handoff to the last, busiest rep first."""
    weeks = len(_weeks(trial))
    reps: Counter[str] = Counter()
    for (_, rep), count in trial.handoffs.items():
        reps[rep] += count
    return {rep: count / weeks for rep, count in reps.most_common()}


def _weeks(trial: Trial) -> list[Week]:
    if not trial.handoffs:
        return []
    mondays = sorted({week for week, _ in trial.handoffs})
    by_week: dict[int, dict[str, int]] = {week: {} for week in range(mondays[0], mondays[-1] + 1, 7 * DAY)}
    for (week, rep), count in sorted(trial.handoffs.items()):
        by_week[week][rep] = count
    return [Week(iso(week)[:10], reps) for week, reps in by_week.items()]
