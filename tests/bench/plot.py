"""The figures as one picture, an SVG that is the same for the same figures. It chooses no number."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

_NAMES: Final = {
    "lane": "our lane",
    "bare": "bare loop",
    "quix": "Quix, exactly once",
    "quix_default": "Quix, defaults",
    "bytewax": "Bytewax, at least once",
    "stock_faust": "stock Faust",
}
_OURS, _THEIRS, _LIMIT = "#1f6f54", "#9aa5b1", "#d5dae0"
_TOOLS: Final = {"svg.hashsalt": "nurture", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10}


def plot(figures: Mapping[str, Any], file: Path) -> None:
    """Facts a second of each side under the first load, and delays by rate, as far as they were measured."""
    with mpl.rc_context(_TOOLS):
        drawing = Figure(figsize=(10, 3.6), layout="constrained")
        left, right = drawing.subplots(1, 2, width_ratios=(3, 2))
        if loads := figures.get("throughput"):
            _bars(left, *next(iter(loads.items())))
        if rates := figures.get("latency"):
            _delays(right, rates)
        drawing.savefig(file, metadata={"Date": None})


def _bars(axes: Any, load: str, found: Mapping[str, Any]) -> None:
    speeds = sorted(found["speeds"].items(), key=lambda pair: pair[1]["facts_per_second"])
    values = [speed["facts_per_second"] for _, speed in speeds]
    reach = [
        [speed["facts_per_second"] - speed["least"] for _, speed in speeds],
        [speed["most"] - speed["facts_per_second"] for _, speed in speeds],
    ]
    colours = [{"lane": _OURS, "bare": _LIMIT}.get(name, _THEIRS) for name, _ in speeds]
    drawn = axes.barh([_NAMES[name] for name, _ in speeds], values, xerr=reach, color=colours, ecolor="#555")
    axes.bar_label(drawn, [f" {value:,.0f}" for value in values], padding=4)
    axes.set_xlim(0, max(speed["most"] for _, speed in speeds) * 1.2)
    axes.set_title(f"facts a second on one core\n{load}", fontsize=10, loc="left")
    _bare(axes)


def _delays(axes: Any, rates: Mapping[str, Any]) -> None:
    names = [f"{int(rate):,}/s" for rate in rates]
    for hop, colour, says in (
        ("fact_to_decision", _OURS, "fact → decision"),
        ("event_to_accepted", "#c27c2c", "event → accepted"),
    ):
        for share, style in (("p99", "-"), ("p50", ":")):
            values = [rates[rate][hop][share] * 1000 for rate in rates]
            axes.plot(names, values, style, color=colour, marker="o", label=f"{says}, {share}")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f} ms")
    axes.set_title("delay, by events a second", fontsize=10, loc="left")
    axes.legend(fontsize=8, frameon=False)
    _bare(axes)


def _bare(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
