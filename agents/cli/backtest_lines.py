"""A backtest's answer as lines and tables for a terminal. It computes nothing."""

from collections.abc import Iterator
from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from agents.backtest.compare import Comparison
from agents.backtest.labels import YOUNG
from agents.backtest.report import Judged, Quality
from agents.backtest.run import Answer
from agents.backtest.trial import VETOED
from schemas.words import counted

_BAR: Final = 24
_SHOWN: Final = 10
_ALIKE: Final = (
    "every lead has the same points: no rule of {} parts these leads. Name their fields in the mapping as its "
    "catalogue.yaml does, or let nurture draft write a workplace for them"
)
_KINDS: Final = {
    "won": "won",
    "accepted": "accepted by sales",
    "lost": "lost",
    "rejected": "rejected for a reason that teaches",
    "silent": "without an outcome by the end",
}


def summary(answer: Answer, name: str, other: str) -> Iterator[RenderableType]:
    """What a person wants to know, the most important first; ``name`` and ``other`` are the policies' folders."""
    yield from _judged(answer.judged)
    yield Text()
    yield sides(answer, name, other)
    if len(answer.policy.scores) == 1:
        yield Text(_ALIKE.format(name), style="yellow")
    yield Text()
    yield _deciles(answer.policy)
    if answer.differences:
        yield from _differences(answer.differences, name, other)


def _judged(judged: Judged) -> Iterator[Text]:
    of = (
        f"{counted(judged.facts, 'fact')} of {counted(judged.leads, 'lead')}, {judged.first[:10]} to {judged.last[:10]}"
    )
    yield Text(f"{', '.join(judged.files)}: {of}")
    kinds = ", ".join(f"{count:,} {_KINDS[kind]}" for kind, count in judged.labels.items())
    win = "a deal won" if judged.positive == "won" else "a deal won or a lead accepted"
    yield Text(f"judged {counted(judged.judged, 'lead')}: {kinds}")
    yield Text(f"a win is {win}; base rate {judged.base_rate:.1%}; each scored by what was seen before its outcome")
    yield from _without_outcome(judged)
    for why, count in judged.left_out.items():
        yield Text(f"left out {count:,}: {why}", style="yellow")


def _without_outcome(judged: Judged) -> Iterator[Text]:
    """Where a no has facts of its own, silence may only be young."""
    silent = judged.labels.get("silent", 0)
    if silent and judged.labels.keys() & {"lost", "rejected"} and YOUNG not in judged.left_out:
        count = "counts" if silent == 1 else "count"
        yield Text(f"{silent:,} without an outcome {count} as a no: --ripe leaves the young ones out", style="yellow")


def sides(answer: Answer, name: str, other: str) -> Table:
    """The numbers, one policy beside the other."""
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="bold", pad_edge=False)
    table.add_column("", no_wrap=True)
    found = [answer.policy, *([answer.against] if answer.against else [])]
    for title in (name, other)[: len(found)]:
        table.add_column(title, justify="right", no_wrap=True)
    columns = [dict(_rows(quality)) for quality in found]
    for row in columns[0]:
        table.add_row(row, *(column.get(row, "-") for column in columns))
    return table


def _rows(quality: Quality) -> Iterator[tuple[str, str]]:
    handed, calibration, wait = quality.handed, quality.calibration, quality.wait
    yield "ROC AUC", f"{quality.auc:.3f}"
    yield "  surely (95 %)", f"{quality.auc_low:.3f} to {quality.auc_high:.3f}"
    yield "lift of the best tenth", f"{quality.deciles[0].lift:.2f}"
    yield "handed over before the outcome", f"{handed.won + handed.lost:,}"
    yield "  precision", _percent(handed.precision)
    yield "  recall", _percent(handed.recall)
    yield "days from handoff to win", f"{wait.median:.0f} ({wait.p10:.0f} to {wait.p90:.0f})" if wait else "-"
    yield "handoffs", f"{quality.handoffs:,}"
    for rep, count in quality.handoffs_per_week_per_rep.items():
        yield f"  a week for {rep.split('@')[0]}", f"{count:.1f}"
    yield "in the lifecycle at the end", f"{sum(quality.lifecycle.values()):,}"
    for state, count in quality.lifecycle.items():
        yield f"  {state}", f"{count:,}"
    yield "never mailed, never handed over", f"{quality.untouched:,} ({quality.untouched_won:,} won)"
    yield "calibration error (later leads)", f"{calibration.error:.1%}" if calibration else "-"
    yield "Brier score, base rate's", _brier(quality)


def _brier(quality: Quality) -> str:
    found = quality.calibration
    return f"{found.brier:.4f}, {found.brier_of_base_rate:.4f}" if found else "-"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _deciles(quality: Quality) -> Table:
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="bold", pad_edge=False)
    for column in ("tenth", "points", "wins", "share", "lift"):
        table.add_column(column, justify="right")
    table.add_column("")
    top = max(part.lift for part in quality.deciles)
    for number, part in enumerate(quality.deciles, 1):
        bar = Text("█" * round(_BAR * part.lift / top), style="green" if part.lift >= 1 else "bright_black")
        points = _points(part.best) if part.best == part.least else f"{_points(part.best)} to {_points(part.least)}"
        table.add_row(str(number), points, f"{part.wins:.0f}", f"{part.rate:.1%}", f"{part.lift:.2f}", bar)
    return table


def _points(score: float) -> str:
    return "vetoed" if score <= VETOED else f"{score:.0f}"


def _differences(found: Comparison, name: str, other: str) -> Iterator[RenderableType]:
    yield Text()
    yield Text(f"{counted(len(found.leads), 'lead')} differ: {found.rescored:,} in points, {found.restaged:,} in stage")
    for gain, title in ((found.only_here, name), (found.only_there, other)):
        yield Text(f"only {title} hands over {counted(gain.leads, 'lead')}, of which {gain.wins:,} won")
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="bold", pad_edge=False)
    table.add_column("lead", overflow="fold")  # whole, to be asked about with why
    for column in ("outcome", "points", "stage", "handed over"):
        table.add_column(column, no_wrap=True)
    for one in found.leads[:_SHOWN]:
        table.add_row(
            one.lead_id,
            one.outcome,
            f"{_points(one.score_before)} → {_points(one.score)}",
            one.stage if one.stage == one.stage_before else f"{one.stage_before or 'none'} → {one.stage or 'none'}",
            "both" if one.handed and one.handed_before else name if one.handed else other if one.handed_before else "",
        )
    yield table
    if len(found.leads) > _SHOWN:
        yield Text(f"… and {len(found.leads) - _SHOWN:,} more: --json has them all", style="bright_black")
