"""A backtest's answer as charts, each an SVG that sits in a page. The only module that knows matplotlib."""

import io
from collections.abc import Callable, Iterator
from typing import Any, Final

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from msgspec import Struct

from agents.backtest.report import Quality, Wait
from agents.backtest.run import Answer
from agents.backtest.trial import VETOED
from schemas.words import counted

_INK, _MUTED, _LINE, _ACCENT, _OTHER = "#1c2b27", "#5b6b66", "#dcd8cd", "#0b6e4f", "#b5651d"
_PALE: Final = "#a9cdbf"
_REPS: Final = ("#0b6e4f", "#b5651d", "#3b6ea5", "#8a6db1", "#c2a83e", "#7f8c8d", "#d1707a", "#4a9c8c")
_BINS: Final = 30
_DATES: Final = 5  # as many as fit below a chart
_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",  # the page's own letters
    "svg.hashsalt": "nurture",  # the same answer draws the same bytes
    "font.size": 10,
    "axes.edgecolor": _LINE,
    "axes.labelcolor": _MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#eeebe3",
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
    "text.color": _INK,
    "legend.frameon": False,
    "lines.linewidth": 2.2,
    "lines.solid_capstyle": "round",
}


class Chart(Struct, frozen=True, kw_only=True):
    """A drawing, its title, and one sentence about how to read it."""

    title: str
    says: str
    svg: Markup
    wide: bool = False


Draw = Callable[[Any], None]


def drawn(answer: Answer, name: str, other: str) -> list[Chart]:
    """Every chart for which there is something to draw."""
    with mpl.rc_context(_STYLE):
        return list(_charts(answer, name, other))


def _charts(answer: Answer, name: str, other: str) -> Iterator[Chart]:
    sides = [(answer.policy, name, _ACCENT), *([(answer.against, other, _OTHER)] if answer.against else [])]
    yield _chart(
        "Winners found",
        "How many winners are among the leads with the most points. The further from the diagonal, the better.",
        lambda axes: _roc(axes, sides),
    )
    yield _chart(
        "Lift by tenth",
        "How often each tenth of the leads wins, best points first, as a multiple of the base rate.",
        lambda axes: _lift(axes, sides),
    )
    yield _chart(
        "Points and outcomes",
        "How many leads had how many points, and how many of them won.",
        lambda axes: _spread(axes, answer.policy),
    )
    if any(quality.calibration for quality, _, _ in sides):
        yield _chart(
            "Forecasts and what came",
            "Points as chances, learned from the earlier leads, against the share that won among the later ones.",
            lambda axes: _calibration(axes, sides),
        )
    if wait := answer.policy.wait:
        yield _chart(
            "From handoff to win",
            f"Days between the first handoff and the deal, for {wait.leads:,} winners that were handed over.",
            lambda axes: _wait(axes, wait),
        )
    if len(answer.policy.weeks) > 1:
        yield _chart(
            "Handoffs a week",
            f"What sales would have had to answer{f' under {name}' if other else ''}, by rep.",
            lambda axes: _weeks(axes, answer.policy),
            wide=not wait,
        )


def _chart(title: str, says: str, draw: Draw, *, wide: bool = False) -> Chart:
    figure = Figure(figsize=(10.8 if wide else 5.2, 3.4), layout="constrained")
    axes = figure.add_subplot()
    axes.tick_params(length=0)
    draw(axes)
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    drawing = text.getvalue()
    return Chart(title=title, says=says, svg=Markup(drawing[drawing.index("<svg") :]), wide=wide)  # noqa: S704 - ours


def _roc(axes: Any, sides: list[tuple[Quality, str, str]]) -> None:
    axes.plot([0, 1], [0, 1], color=_MUTED, linewidth=1, linestyle=(0, (4, 4)), label="by chance, 0.500")
    for quality, name, colour in sides:
        axes.plot(*zip(*quality.roc, strict=True), color=colour, label=f"{name}, {quality.auc:.3f}")
    quality, _, colour = sides[0]
    axes.fill_between(*zip(*quality.roc, strict=True), color=colour, alpha=0.08, linewidth=0)
    axes.set(xlabel="of the others", ylabel="of the winners", xlim=(0, 1), ylim=(0, 1.02))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.yaxis.set_major_locator(_above_the_corner())
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(loc="lower right")


def _above_the_corner() -> MaxNLocator:
    """The 0 of the axis below is enough for both."""
    return MaxNLocator(5, steps=[1, 2, 5, 10], prune="lower")


def _lift(axes: Any, sides: list[tuple[Quality, str, str]]) -> None:
    width = 0.8 / len(sides)
    for number, (quality, name, colour) in enumerate(sides):
        places = [tenth + 0.5 + (number - (len(sides) - 1) / 2) * width for tenth in range(10)]
        axes.bar(places, [part.lift for part in quality.deciles], width * 0.92, color=colour, label=name)
    axes.axhline(1, color=_INK, linewidth=1, linestyle=(0, (4, 4)))
    axes.text(10, 1.02, "base rate", ha="right", va="bottom", color=_MUTED, fontsize=9)
    axes.grid(visible=False, axis="x")
    axes.set_xticks([tenth + 0.5 for tenth in range(10)], [str(tenth + 1) for tenth in range(10)])
    axes.set(xlabel="tenth of the leads, best points first", ylabel="lift", xlim=(0, 10))
    if len(sides) > 1:
        axes.legend()


def _spread(axes: Any, quality: Quality) -> None:
    points = {score: n for score, n in quality.scores.items() if score > VETOED}
    if not points:
        return
    least, most = min(points), max(points)
    edges = [least - 0.5 + step * (most - least + 1) / _BINS for step in range(_BINS + 1)]
    leads = [n for n, _ in points.values()]
    wins = [won for _, won in points.values()]
    axes.hist(list(points), bins=edges, weights=leads, color=_PALE, label="all", rwidth=0.92)
    axes.hist(list(points), bins=edges, weights=wins, color=_ACCENT, label="won", rwidth=0.92)
    axes.grid(visible=False, axis="x")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="points before the outcome", ylabel="leads")
    axes.legend()


def _calibration(axes: Any, sides: list[tuple[Quality, str, str]]) -> None:
    top = 0.0
    for quality, name, colour in sides:
        if quality.calibration:
            bins = quality.calibration.bins
            forecasts, rates = [each.forecast for each in bins], [each.rate for each in bins]
            label = f"{name}, off by {quality.calibration.error:.1%}"
            axes.plot(forecasts, rates, color=colour, marker="o", markersize=5, label=label)
            top = max(top, *forecasts, *rates)
    axes.plot([0, top], [0, top], color=_MUTED, linewidth=1, linestyle=(0, (4, 4)), label="perfect")
    axes.set(xlabel="forecast", ylabel="won", xlim=(0, top * 1.05), ylim=(0, top * 1.08))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.yaxis.set_major_locator(_above_the_corner())
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(loc="upper left")


def _wait(axes: Any, wait: Wait) -> None:
    axes.hist(wait.days, bins=min(30, max(5, wait.leads // 4)), range=(0, wait.days[-1]), color=_ACCENT, rwidth=0.92)
    axes.axvline(wait.median, color=_OTHER, linewidth=1.5)
    axes.annotate(
        f"half within {counted(round(wait.median), 'day')}",
        (wait.median, 1),
        (6, -4),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        va="top",
        color=_OTHER,
    )
    axes.grid(visible=False, axis="x")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(y=0.2)  # the words stand above the bars
    axes.set(xlabel="days", ylabel="winners")


def _weeks(axes: Any, quality: Quality) -> None:
    reps = list(quality.handoffs_per_week_per_rep)
    named = reps if len(reps) <= len(_REPS) else reps[: len(_REPS) - 1]
    places, below = range(len(quality.weeks)), [0] * len(quality.weeks)
    for rep, colour in zip([*named, *([""] if len(named) < len(reps) else [])], _REPS, strict=False):
        members = [rep] if rep else reps[len(named) :]
        counts = [sum(week.handoffs.get(each, 0) for each in members) for week in quality.weeks]
        axes.bar(places, counts, 0.86, bottom=below, color=colour, label=rep.split("@")[0] or "others")
        below = [low + count for low, count in zip(below, counts, strict=True)]
    step = -(-len(quality.weeks) // _DATES)
    axes.set_xticks(list(places)[::step], [week.monday for week in quality.weeks[::step]])
    axes.grid(visible=False, axis="x")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="week of", ylabel="handoffs", ylim=(0, max(below) * 1.3))
    axes.legend(loc="upper left", ncols=3, fontsize=9, handlelength=1, columnspacing=1)
