"""Points from examples, by logistic regression. The only module that knows scikit-learn; it knows no policy."""

import math
from collections.abc import Sequence
from importlib import import_module
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


def weights(found: Sequence[Example], *, doubling: int, least: int, otherwise: int | None = None) -> list[Weight]:
    """A weight for each rule, in order; the examples come in order of time, with wins and others among them.

    ``doubling`` points double the odds of a win. A rule that spoke for fewer than ``least`` leads, or for all but so
    few, is left out and gets ``otherwise`` (None: it keeps its points).
    """
    wins, rules = [example.win for example in found], range(len(found[0].amounts))
    spoken = [sum(example.amounts[n] != 0 for example in found) for n in rules]
    won = [sum(example.win and example.amounts[n] != 0 for example in found) for n in rules]
    fitted = [n for n in rules if least <= spoken[n] <= len(found) - least]
    slopes = dict(zip(fitted, _slopes(found, fitted, wins), strict=True)) if fitted else {}
    return [
        Weight(leads=spoken[n], wins=won[n], points=_points(slopes[n], doubling) if n in slopes else otherwise)
        for n in rules
    ]


def _points(slope: float, doubling: int) -> int:
    return max(-_MOST_POINTS, min(_MOST_POINTS, round(slope * doubling / math.log(2))))


def _slopes(found: Sequence[Example], fitted: Sequence[int], wins: Sequence[bool]) -> list[float]:
    """Log odds for each unit of each fitted column. Counts are brought to one scale first, so that none is favoured."""
    numpy = _library("numpy")
    table = numpy.array([example.amounts for example in found])[:, fitted]
    yes_no = ((table == 0) | (table == 1)).all(axis=0)
    spread = table.std(axis=0)
    scales = numpy.where(yes_no | (spread == 0), 1.0, spread)
    rows = table / scales
    model = _fitted(rows, wins, _strength(rows, wins))
    return [float(slope) for slope in model.coef_[0] / scales]


def _strength(rows: Any, wins: Sequence[bool]) -> float:
    """What foretells the later of the examples best from the earlier ones."""
    metrics, cut = _library("sklearn.metrics"), round(len(rows) * _FIRST_PART)
    if len(set(wins[:cut])) < 2 or len(set(wins[cut:])) < 2:
        return _STRENGTHS[1]

    def judged(strength: float) -> float:
        model = _fitted(rows[:cut], wins[:cut], strength)
        return float(metrics.roc_auc_score(wins[cut:], model.decision_function(rows[cut:])))

    return max(_STRENGTHS, key=judged)


def _fitted(rows: Any, wins: Sequence[bool], strength: float) -> Any:
    return _library("sklearn.linear_model").LogisticRegression(C=strength, max_iter=1000).fit(rows, wins)


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingError(
            "found no scikit-learn, expected the extra calibrate: pip install 'nurture[calibrate]'"
        ) from error
