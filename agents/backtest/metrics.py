"""How well numbers foretell outcomes. Plain arithmetic on two lists of equal length; it knows no leads and no facts.

``scores`` are points (higher is better, ties are common), ``wins`` their outcomes. No result depends on their order.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from statistics import NormalDist
from typing import Final

from msgspec import Struct

_STEPS: Final = 50  # Newton's method on two numbers needs about eight
_RIDGE: Final = 1e-9  # keeps it finite when points and outcomes part cleanly
Z95: Final = NormalDist().inv_cdf(0.975)


class Part(Struct, frozen=True):
    """A tenth of the leads, best points first: its range of points, how many, how many won, and how much that lifts."""

    best: float
    least: float
    leads: float
    wins: float
    rate: float
    lift: float
    captured: float


class Bin(Struct, frozen=True):
    """Leads of about the same forecast: how many, the forecast, and the share that won."""

    leads: int
    forecast: float
    rate: float


def tallied(scores: Sequence[float], wins: Sequence[bool]) -> list[tuple[float, int, int]]:
    """(points, leads, wins) for every number of points that occurs, best first: all that the metrics need."""
    tally: dict[float, list[int]] = defaultdict(lambda: [0, 0])
    for score, won in zip(scores, wins, strict=True):
        tally[score][0] += 1
        tally[score][1] += won
    return [(score, n, won) for score, (n, won) in sorted(tally.items(), reverse=True)]


def roc(scores: Sequence[float], wins: Sequence[bool]) -> list[tuple[float, float]]:
    """(share of others, share of winners) above each threshold, from (0, 0) to (1, 1). Both kinds must occur."""
    tally = tallied(scores, wins)
    won = sum(w for _, _, w in tally)
    lost = sum(n for _, n, _ in tally) - won
    above = zip(accumulate(n - w for _, n, w in tally), accumulate(w for _, _, w in tally), strict=True)
    return [(0.0, 0.0), *((x / lost, y / won) for x, y in above)]


def area(points: Sequence[tuple[float, float]]) -> float:
    """Under a curve of straight lines. Of a ROC curve: how often a winner has more points than another, ties half."""
    return sum((x1 - x0) * (y0 + y1) / 2 for (x0, y0), (x1, y1) in pairwise(points))


def auc_error(auc: float, won: int, lost: int) -> float:
    """The standard error of an area under the ROC curve (Hanley and McNeil, 1982)."""
    q1, q2 = auc / (2 - auc), 2 * auc * auc / (1 + auc)
    spread = auc * (1 - auc) + (won - 1) * (q1 - auc * auc) + (lost - 1) * (q2 - auc * auc)
    return math.sqrt(max(spread, 0.0) / (won * lost))


def share(part: float, whole: float) -> float | None:
    """A ratio, None of nothing."""
    return part / whole if whole else None


def deciles(scores: Sequence[float], wins: Sequence[bool], parts: int = 10) -> list[Part]:
    """The leads in tenths of equal size. Leads that tie are divided evenly over the tenths that they reach into."""
    total, won = len(wins), sum(wins)
    size, found, captured = total / parts, list[Part](), 0.0
    left = [(score, float(n), float(w)) for score, n, w in tallied(scores, wins)][::-1]
    for _ in range(parts):
        taken = list(_take(left, size))
        part = sum(w for _, _, w in taken)
        captured += part
        rate = part / size
        lift = rate / (won / total)
        found.append(Part(taken[0][0], taken[-1][0], size, part, rate, lift, captured / won))
    return found


def _take(left: list[tuple[float, float, float]], size: float) -> Iterator[tuple[float, float, float]]:
    """The best ``size`` leads, as (points, leads, wins); they are gone from ``left``."""
    while size > 1e-9 and left:
        score, n, w = left.pop()
        part = min(n, size)
        yield score, part, w * part / n
        size -= part
        if n - part > 1e-9:
            left.append((score, n - part, w * (1 - part / n)))


def logistic(scores: Sequence[float], wins: Sequence[bool]) -> tuple[float, float]:
    """(a, b) of the curve 1 / (1 + exp(-(a + b · points))) that fits best: points as chances."""
    tally = tallied(scores, wins)
    total = sum(n for _, n, _ in tally)
    middle = sum(s * n for s, n, _ in tally) / total
    scale = math.sqrt(sum(n * (s - middle) ** 2 for s, n, _ in tally) / total) or 1.0
    rate = sum(w for _, _, w in tally) / total
    a, b = math.log(rate / (1 - rate)), 0.0
    for _ in range(_STEPS):
        step_a, step_b = _newton([((s - middle) / scale, n, w) for s, n, w in tally], a, b)
        a, b = a + step_a, b + step_b
        if abs(step_a) + abs(step_b) < 1e-12:
            break
    return a - b * middle / scale, b / scale


def _newton(tally: Sequence[tuple[float, int, int]], a: float, b: float) -> tuple[float, float]:
    ga, gb, haa, hab, hbb = -_RIDGE * a, -_RIDGE * b, _RIDGE, 0.0, _RIDGE
    for x, n, w in tally:
        p = chance(a + b * x)
        miss, weight = w - n * p, n * p * (1 - p)
        ga, gb = ga + miss, gb + miss * x
        haa, hab, hbb = haa + weight, hab + weight * x, hbb + weight * x * x
    whole = haa * hbb - hab * hab
    return (ga * hbb - gb * hab) / whole, (gb * haa - ga * hab) / whole


def chance(logit: float) -> float:
    """A log odds as a chance between 0 and 1."""
    return 1 / (1 + math.exp(-max(-500.0, min(500.0, logit))))


def brier(forecasts: Sequence[float], wins: Sequence[bool]) -> float:
    """Mean squared error of forecasts: 0 is perfect; saying the base rate r of everybody gives r · (1 - r)."""
    return sum((p - won) ** 2 for p, won in zip(forecasts, wins, strict=True)) / len(wins)


def bins(forecasts: Sequence[float], wins: Sequence[bool], most: int = 10) -> list[Bin]:
    """Leads by forecast in up to ``most`` bins of about equal size; leads that tie stay together."""
    found, size, n, mass, won, left = list[Bin](), len(wins) / most, 0, 0.0, 0, len(wins)
    for forecast, here, w in reversed(tallied(forecasts, wins)):
        n, mass, won, left = n + here, mass + forecast * here, won + w, left - here
        if n >= size or not left:
            found.append(Bin(n, mass / n, won / n))
            n, mass, won = 0, 0.0, 0
    return found


def calibration_error(found: Sequence[Bin]) -> float:
    """By how much forecasts miss on average, bins weighed by their leads (ECE)."""
    return sum(b.leads * abs(b.forecast - b.rate) for b in found) / sum(b.leads for b in found)


def quantile(values: Sequence[float], q: float) -> float:
    """The value below which a share ``q`` lies, between neighbours in proportion."""
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
