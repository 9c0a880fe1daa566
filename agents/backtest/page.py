"""A backtest's answer as one page that needs no network: in ``agents/frame.html``, with the pictures of ``charts``."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agents.backtest import charts
from agents.backtest.report import Quality
from agents.backtest.run import Answer
from agents.backtest.trial import VETOED
from agents.frame import framed
from schemas.words import counted

_UNKNOWN: Final = "-"
_MOST_LEADS: Final = 200
_TEMPLATE: Final = Path(__file__).with_name("page.html")


def page(answer: Answer, name: str, other: str) -> str:
    """The page as HTML; ``name`` and ``other`` are what the two policies are called."""
    return framed(
        _TEMPLATE,
        name=name,
        other=other,
        j=answer.judged,
        q=answer.policy,
        a=answer.against,
        d=answer.differences,
        win="a deal won" if answer.judged.positive == "won" else "a deal won or a lead that sales accepted",
        tiles=list(_tiles(answer)),
        drawn=charts.drawn(answer, name, other),
        most=_MOST_LEADS,
        points=lambda score: "vetoed" if score <= VETOED else score,
        by=lambda one: ", ".join([*([other] if one.handed_before else []), *([name] if one.handed else [])]),
    )


def _tiles(answer: Answer) -> Iterator[dict[str, str]]:
    now = list(_figures(answer.policy))
    was = list(_figures(answer.against)) if answer.against else [("", "")] * len(now)
    for (value, says), (before, _) in zip(now, was, strict=True):
        if {value, before} - {_UNKNOWN, ""}:
            yield {"value": value, "says": says, "was": before}


def _figures(quality: Quality) -> Iterator[tuple[str, str]]:
    handed, wait = quality.handed, quality.wait
    yield f"{quality.auc:.3f}", f"ROC AUC ({quality.auc_low:.3f} to {quality.auc_high:.3f})"
    yield f"{quality.deciles[0].lift:.2f}", "times the base rate among the best tenth (lift)"
    yield _percent(handed.precision), f"of {handed.won + handed.lost:,} handed over won (precision)"
    yield _percent(handed.recall), f"of {handed.won + handed.missed:,} winners were handed over (recall)"
    yield (counted(round(wait.median), "day") if wait else _UNKNOWN), "from handoff to win, the median"
    yield f"{quality.untouched:,}", f"never mailed, never handed over; {quality.untouched_won:,} won"


def _percent(share: float | None) -> str:
    return _UNKNOWN if share is None else f"{share:.0%}"
