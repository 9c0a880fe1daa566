"""Points from examples, by logistic regression. The only module that knows scikit-learn; it knows no policy."""

import math
from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from agents.backtest.evidence import Example
from schemas.problem import UserError

_STRENGTHS: Final = (0.03, 0.1, 0.3, 1.0)  # the smaller, the closer to no points at all
_FIRST_PART: Final = 0.7
_MOST_POINTS: Final = 1000


class MissingError(UserError):
    """An extra is not installed."""


class Weight(Struct, frozen=True, kw_only=True):
    """What the examples say of one rule: its leads, their wins, and points (None: too little evidence)."""

    leads: int
    wins: int
    points: int | None


def weights(found: Sequence[Example], *, doubling: int, least: int) -> list[Weight]:
    """A weight for each rule, in order; the examples come in order of time, with wins and others among them.

    ``doubling`` points double the odds of a win. A rule that spoke for fewer than ``least`` leads, or for all but so
    few, keeps its points and is left out.
    """
    columns = list(zip(*(example.amounts for example in found), strict=True))
    wins = [example.win for example in found]
    spoken = [sum(amount != 0 for amount in column) for column in columns]
    fitted = [n for n, count in enumerate(spoken) if least <= count <= len(found) - least]
    slopes = dict(zip(fitted, _slopes([columns[n] for n in fitted], wins), strict=True)) if fitted else {}
    return [
        Weight(
            leads=spoken[n],
            wins=sum(won for amount, won in zip(column, wins, strict=True) if amount),
            points=_points(slopes[n], doubling) if n in slopes else None,
        )
        for n, column in enumerate(columns)
    ]


def _points(slope: float, doubling: int) -> int:
    return max(-_MOST_POINTS, min(_MOST_POINTS, round(slope * doubling / math.log(2))))


def _slopes(columns: Sequence[Sequence[float]], wins: Sequence[bool]) -> list[float]:
    """Log odds for each unit of each column. Counts are brought to one scale first, so that none is favoured."""
    scales = [1.0 if set(column) <= {0.0, 1.0} else _spread(column) for column in columns]
    rows = [[v / scale for v, scale in zip(row, scales, strict=True)] for row in zip(*columns, strict=True)]
    model = _fitted(rows, wins, _strength(rows, wins))
    return [float(slope) / scale for slope, scale in zip(model.coef_[0], scales, strict=True)]


def _spread(column: Sequence[float]) -> float:
    middle = sum(column) / len(column)
    return math.sqrt(sum((value - middle) ** 2 for value in column) / len(column)) or 1.0


def _strength(rows: list[list[float]], wins: Sequence[bool]) -> float:
    """What foretells the later of the examples best from the earlier ones."""
    metrics, cut = _sklearn("metrics"), round(len(rows) * _FIRST_PART)
    if len(set(wins[:cut])) < 2 or len(set(wins[cut:])) < 2:
        return _STRENGTHS[1]

    def judged(strength: float) -> float:
        model = _fitted(rows[:cut], wins[:cut], strength)
        return float(metrics.roc_auc_score(wins[cut:], model.decision_function(rows[cut:])))

    return max(_STRENGTHS, key=judged)


def _fitted(rows: list[list[float]], wins: Sequence[bool], strength: float) -> Any:
    return _sklearn("linear_model").LogisticRegression(C=strength, max_iter=1000).fit(rows, wins)


def _sklearn(part: str) -> Any:
    try:
        if part == "metrics":
            from sklearn import metrics  # noqa: PLC0415 - an extra

            return metrics
        from sklearn import linear_model  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingError(
            "found no scikit-learn, expected the extra calibrate: pip install 'nurture[calibrate]'"
        ) from error
    return linear_model
