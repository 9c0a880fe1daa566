"""A simulation as one page that needs no network: its frame is ``agents/frame.html``, its bars are plain boxes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agents.frame import framed
from agents.simulation.course import course
from agents.simulation.graph import mermaid
from agents.simulation.run import Simulated
from agents.simulation.tally import IN, Flow
from agents.words import said
from schemas.reason import SENTENCES, Reason
from schemas.units import iso
from schemas.words import counted

_TEMPLATE: Final = Path(__file__).with_name("page.html")


def page(simulated: Simulated, flows: tuple[Flow, ...], name: str) -> str:
    """The page as HTML: ``flows`` are those that were asked for, under the name ``name``."""
    shown = {flow.program for flow in flows}
    weeks = [sum(n for program, n in week.items() if program in shown) for week in simulated.weeks]
    return framed(
        _TEMPLATE,
        name=name,
        s=simulated,
        flows=flows,
        weeks=weeks,
        most=max(weeks, default=0),
        silences=max(simulated.reasons.values(), default=0),
        tiles=_tiles(simulated, flows),
        share=lambda part, whole: round(100 * part / whole, 1) if whole else 0,
        day=lambda at: iso(at)[:10],
        moment=lambda at: iso(at)[:16].replace("T", " "),
        sentence=lambda why: SENTENCES[Reason(why)],
        listed=listed,
        counted=counted,
        course=course,
        left=left,
        mermaid=mermaid,
        named=lambda place: "the start" if place == IN else place,
        said=said,
    )


def _tiles(simulated: Simulated, flows: tuple[Flow, ...]) -> list[tuple[str, str]]:
    sent = sum(step.sent for flow in flows for step in flow.steps)
    figures = {
        "e-mails": sent,
        "entries": sum(flow.entered for flow in flows),
        "handoffs to sales": simulated.handoffs,
        "facts": simulated.volume.facts,
        "ticks": simulated.volume.ticks,
    }
    return [(f"{value:,}", says) for says, value in figures.items()]


_LEFT: Final = {
    "goal": "reached a goal",
    "exit": "took an exit",
    "exhausted": "had everything",
    "stage": "moved to another stage",
    "sales": "went to sales",
    "forbidden": "may not be written to",
    "changed": "left as the program changed",
    "sunset": "silent for too long",
}


def left(why: str) -> str:
    """Why leads left, in words; ``goal: asked`` has its own name."""
    kind, _, ending = why.partition(": ")
    return _LEFT[kind] + (f": {ending}" if ending else "")


def listed(counts: Mapping[str, int]) -> str:
    """Reasons with their numbers, as words."""
    return ", ".join(f"{why.replace('_', ' ')} {n:,}" for why, n in counts.items())
