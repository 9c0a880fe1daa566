"""A report as one page that needs no network: its frame is ``agents/frame.html``, its charts are plain boxes."""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Final

from agents.frame import framed
from agents.report.lines import COUNTS, Line
from agents.report.odds import Difference
from agents.report.run import Report
from agents.report.words import planned, points, share, stands_on, verdict_on_experiment, verdict_on_holdout
from schemas.units import iso

_TEMPLATE: Final = Path(__file__).with_name("page.html")
_HEADS: Final = dict(
    zip(COUNTS, ("Sent", "Arrived", "Clicked", "Replied", "Left", "Spam", "Stage", "Sales"), strict=True)
)


def page(report: Report) -> str:
    """The page as HTML."""
    programs = groupby(report.lines, key=lambda line: line.program)
    return framed(
        _TEMPLATE,
        r=report,
        about=report.about,
        first=iso(report.first)[:10],
        stands_on=stands_on(report),
        tiles=_tiles(report.total),
        programs=[(program, list(lines)) for program, lines in programs],
        experiments=[(one, verdict_on_experiment(one)) for one in report.experiments],
        holdouts=[(one, verdict_on_holdout(one)) for one in report.holdouts],
        heads=_HEADS,
        planned=planned,
        points=points,
        share=share,
        widest=_widest,
        at=_at,
    )


def _tiles(total: Line) -> list[tuple[str, str]]:
    return [
        (f"{total.sent:,}", "e-mails sent"),
        (f"{total.delivered:,}", "arrived"),
        (share(total.clicked, total.delivered), "of those were clicked by people"),
        (f"{total.replied:,}", "were answered"),
        (share(total.unsubscribed + total.complained, total.delivered), "made somebody leave or complain"),
        (f"{total.moved:,}", "came before a stage gained"),
        (f"{total.handed_off:,}", "came before a handoff"),
    ]


def _widest(rows: Iterable[object], *names: str) -> float:
    """The largest distance from zero that is to be drawn."""
    found = [getattr(row, name) for row in rows for name in names]
    bounds = [abs(bound) for one in found if isinstance(one, Difference) for bound in (one.low, one.high)]
    return max(bounds, default=0.0) or 1.0


def _at(value: float, scale: float) -> float:
    """Where a value lies on a line from -scale to scale, in percent."""
    return round(50 + 48 * value / scale, 2)
