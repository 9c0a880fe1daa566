"""The figures as a page: tests/bench/RESULTS.md and its plot. It measures nothing, and writes no number of its own."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tests.bench.plot import plot
from tests.bench.targets import judged

Figures = Mapping[str, Any]
PLOT: Final = "results.svg"
_SIDES: Final = {
    "lane": "**our lane**",
    "bare": "bare aiokafka loop, same transactions",
    "quix": "Quix Streams, exactly once, `commit_interval=0.1`",
    "quix_default": "Quix Streams at its defaults (at least once, 5 s)",
    "bytewax": "Bytewax (at least once, rows on local disk every 10 s)",
    "stock_faust": "stock Faust, agent and table",
}
HOPS: Final = {
    "fact_to_decision": "fact → decision",
    "fact_to_accepted": "fact → accepted by the provider",
    "event_to_decision": "event → intake → decision",
    "event_to_accepted": "event → intake → decision → accepted",
}


_BEGIN, _END = "<!-- make bench writes this -->\n", "<!-- until here -->\n"


def write(figures: Figures, folder: Path, readme: Path) -> None:
    """RESULTS.md, the plot beside it, and the short table in the README."""
    plot(figures, folder / PLOT)
    (folder / "RESULTS.md").write_text("\n".join(page(figures)) + "\n", encoding="utf-8")
    text = readme.read_text(encoding="utf-8")
    readme.write_text(between(text, "\n".join(_targets(figures)) + "\n"), encoding="utf-8")


def between(text: str, told: str) -> str:
    """The text with this between its marks; without marks it stays as it is."""
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    return before + begin + told + end + after if begin and end else text


def _targets(figures: Figures) -> Iterator[str]:
    return table(("target", "measured", ""), ((each.says, each.measured, each.verdict) for each in judged(figures)))


def page(figures: Figures) -> Iterator[str]:
    """RESULTS.md, line by line."""
    yield "# Speed"
    yield ""
    yield "Written by `make bench`; every number is from a run. `make bench ONLY=latency` measures one section anew."
    yield ""
    yield from _targets(figures)
    yield ""
    if notes := [f"- **{target.says}.** {target.cause}" for target in judged(figures) if target.cause]:
        yield from ("## What was missed, and why", "", *notes, "")
    yield f"![Facts a second of each side, and the delay of a decision at three rates]({PLOT})"
    for name, section in _SECTIONS.items():
        if name in figures:
            yield from ("", *section(figures[name]))
    yield from ("", "## Machine", "", *table(("", ""), figures["machine"].items()))
    yield from ("", f"Seed {figures['seed']}. Measured: " + "; ".join(_when(figures["measured"])) + ".")
    if failed := figures.get("failed"):
        yield from ("", "## What failed", "", "If there are figures of these, they are an earlier run's.", "")
        yield from (f"- {each}" for each in _when(failed))


def _when(measured: Mapping[str, str]) -> Iterator[str]:
    return (f"{name} {when}" for name, when in measured.items())


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A table in Markdown."""
    names = [*head]
    yield _row(names)
    yield _row("---" for _ in names)
    yield from map(_row, rows)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _throughput(found: Mapping[str, Any]) -> Iterator[str]:
    yield "## Beside its peers"
    yield ""
    yield "One process pinned to one core each, Apache Kafka and the driver on the other; the same facts, `decide` (compiled,"
    yield "as in the image) and shipped policy; rows durable, commands out, and a checksum that all sides decided the"
    yield "same. Sides take turns; ratios are of seconds a fact, round by round: median (least to most). Above 1 the lane is"
    yield "faster. MiB is the largest resident size. Our lane and the bare loop tell Python's garbage collector what stays"
    yield "([`heap.py`](../../streams/engine/heap.py)); the others run as they come."
    for load, one in found.items():
        yield from ("", f"### {load}", "")
        head = ("side", "facts/s", "of the rounds", "CPU µs/fact", "MiB", "wall ÷ lane", "CPU ÷ lane")
        yield from table(head, (_side(name, speed, one) for name, speed in one["speeds"].items()))


def _side(name: str, speed: Mapping[str, float], one: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        _SIDES[name],
        f"{speed['facts_per_second']:,.0f}",
        f"{speed['least']:,.0f} to {speed['most']:,.0f}",
        f"{speed['cpu_microseconds']:.1f}",
        f"{speed['rss_mib']:.0f}",
        _ratio(one["wall"].get(name)),
        _ratio(one["cpu"].get(name)),
    )


def _ratio(ratio: Mapping[str, float] | None) -> str:
    return f"{ratio['median']:.2f} ({ratio['least']:.2f} to {ratio['most']:.2f})" if ratio else ""


def _latency(found: Mapping[str, Any]) -> Iterator[str]:
    yield "## Delay at a steady rate"
    yield ""
    yield "`nurture run intake`, `journey` and `sender`, broker, generator, reader and fake SendGrid share all cores. The"
    yield "generator keeps its plan whatever happens, and delays count from the plan. One event in ten is a form, which"
    yield "is always decided; one in fifty is mailed. At a rate that the machine cannot keep up with, it is the backlog's."
    yield ""
    rows = (
        (f"{int(rate):,}/s", says, f"{at[hop]['count']:,}", *(_ms(at[hop][p]) for p in ("p50", "p99", "p999", "most")))
        for rate, at in found.items()
        for hop, says in HOPS.items()
    )
    yield from table(("rate", "way", "of", "p50", "p99", "p99.9", "longest"), rows)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"


def _scaling(found: Mapping[str, Any]) -> Iterator[str]:
    yield "## Workers"
    yield ""
    yield "A backlog, drained by one pinned worker or by two; broker and driver take their share of the same cores."
    yield ""
    rows = ((n, f"{f['facts_per_second']:,.0f}", f"{f['cpu_microseconds_a_fact']:.1f}") for n, f in found.items())
    yield from table(("workers", "facts/s", "CPU µs/fact"), rows)


def _leads(found: Mapping[str, Any]) -> Iterator[str]:
    yield "## Leads who only exist"
    yield ""
    yield "A worker without a folder recovers all rows from the changelog, waits while nothing is due, gives out the few"
    yield "that come due, then folds a day's 100,000 facts, spread evenly over all leads: few leads, many facts for a row."
    yield "Nothing is due in the six seconds after the recovery, but a million rows keep RocksDB sorting for nine: the same"
    yield "rows in stores without a lane cost 45, 36 and 24 % CPU in three seconds each, and then 0.0 %."
    yield ""
    names = {
        "recovery_seconds": ("recovery, s", "{:.1f}"),
        "recovered_mib": ("MiB then", "{:.0f}"),
        "peak_mib": ("MiB at most", "{:.0f}"),
        "cpu_percent_nothing_due": ("CPU %, nothing due", "{:.1f}"),
        "cpu_percent_few_due": ("CPU %, 100 due/s", "{:.1f}"),
        "cpu_microseconds_a_fact": ("CPU µs/fact", "{:.1f}"),
        "facts_per_second": ("facts/s", "{:,.0f}"),
    }
    head = ("leads", *(title for title, _ in names.values()), "tick late, p99")
    rows = (
        (
            f"{int(count):,}",
            *(form.format(at[n]) for n, (_, form) in names.items()),
            _ms(at["tick_late_seconds"]["p99"]),
        )
        for count, at in found.items()
    )
    yield from table(head, rows)


def _bulk(found: Mapping[str, Any]) -> Iterator[str]:
    yield "## A bulk import beside live traffic"
    yield ""
    yield f"`nurture ingest` of {found['leads']:,} leads took {found['seconds']:.0f} s; 100 live events a second meanwhile."
    yield ""
    rows = (
        (says, *(_ms(found[name][p]) for p in ("p50", "p99", "most")))
        for name, says in {"before": "before", "beside": "beside the import"}.items()
    )
    yield from table(("event → decision", "p50", "p99", "longest"), rows)


def _alone(found: Mapping[str, Any]) -> Iterator[str]:
    yield "## Without a broker, on one core"
    yield ""
    yield f"Replay: {found['replay_facts_per_second']:,.0f} facts/s. Letters written (HTML and text):"
    yield f"{found['mails_per_second']:,.0f} a second."


_SECTIONS: Final = {
    "throughput": _throughput,
    "latency": _latency,
    "scaling": _scaling,
    "leads": _leads,
    "bulk": _bulk,
    "alone": _alone,
}
