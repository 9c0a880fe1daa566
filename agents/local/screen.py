"""What a person sees of the demo: progress while it runs, a summary at the end. It counts nothing itself."""

from collections import Counter
from collections.abc import Mapping
from typing import Final, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from agents.local.accounts import Accounts
from agents.local.demo import Progress
from agents.local.fleet import totals
from schemas.queue import QueueItem
from schemas.reason import SENTENCES, Reason
from schemas.units import iso
from schemas.words import counted
from streams.ledger import HANDOFF_NOTICE

_LATEST: Final = 6
_BAR: Final = 10
_QUIET_EVERY: Final = 28  # steps between lines when nobody watches: a week


class Screen:
    """A live picture on a terminal; elsewhere, a line for every simulated week."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._live = Live(console=console, refresh_per_second=8, transient=True) if console.is_terminal else None
        self._steps = 0
        self._handoffs: list[QueueItem] = []
        self._sent: Counter[str] = Counter()

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """The picture goes, what was printed stays."""
        if self._live:
            self._live.stop()

    def tell(self, progress: Progress) -> None:
        """One more step of the clock."""
        self._steps += 1
        self._handoffs += [item for item in progress.items if item.state == "open"]
        self._sent.update(
            entry.email for entry in progress.entries if entry.state == "accepted" and entry.email != HANDOFF_NOTICE
        )
        if self._live:
            self._live.update(self._picture(progress))
        elif self._steps % _QUIET_EVERY == 0:
            counts = _counts(progress)
            line = f"{iso(progress.clock)[:10]}  {_in_words(counts)}  ({progress.seconds:.0f} s)"
            self._console.print(line, soft_wrap=True, highlight=False)

    def _picture(self, progress: Progress) -> Group:
        bar = Table.grid(padding=(0, 1))
        day = iso(progress.clock)[:10]
        bar.add_row(Text(day, style="bold"), ProgressBar(1.0, progress.done, width=48), f"{progress.seconds:.0f} s")
        return Group(
            Text(self._title, style="bold"),
            bar,
            Text(_in_words(_counts(progress))),
            Text("\nReady for sales", style="bold"),
            *[_line(item) for item in self._handoffs[-_LATEST:]],
            Text("\nSent most", style="bold"),
            *bars(dict(self._sent.most_common(_LATEST))),
        )


def bars(counts: Mapping[str, int]) -> list[Text]:
    """A small bar chart: name, bar, number."""
    most, width = max(counts.values(), default=1), max(map(len, counts), default=0)
    return [
        Text.assemble(f"  {name:<{width}}  {count:>6,} ", ("━" * max(1, count * _BAR // most), "cyan"))
        for name, count in counts.items()
    ]


def summary(accounts: Accounts) -> Group:
    """The accounts for people: where every fact went, what was sent and why not, who is ready."""
    flow = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for name, count in (
        ("facts in", accounts.facts_in),
        ("  applied", accounts.facts_applied),
        ("  duplicates", accounts.duplicates),
        ("  dead letters", accounts.dead_letters),
        ("leads", accounts.leads),
        ("decisions", accounts.decisions),
        ("e-mails sent", accounts.sends_accepted),
        ("handoffs to sales", accounts.handoffs),
    ):
        flow.add_row(name, Text(f"{count:,}", justify="right"))
    skips = dict(sorted(accounts.sends_skipped.items(), key=lambda item: -item[1])[:10])
    return Group(
        flow,
        Text("\nWhy nothing was sent (decisions to be silent)", style="bold"),
        *bars({SENTENCES[Reason(reason)]: count for reason, count in skips.items()}),
        Text("\nWhat sales answered", style="bold"),
        *bars(accounts.handoffs_settled),
    )


def _counts(progress: Progress) -> dict[str, int]:
    return totals(lane for agent in progress.lanes.values() for lane in agent)


def _in_words(counts: Mapping[str, int]) -> str:
    decided, sent, handed = (counts.get(name, 0) for name in ("decisions", "sends_accepted", "handed_off"))
    return (
        f"{counts.get('in', 0):,} in · {counts.get('applied', 0):,} applied · {counted(decided, 'decision')}"
        f" · {counted(sent, 'mail')} · {counted(handed, 'handoff')}"
    )


def _line(item: QueueItem) -> Text:
    brief = item.brief
    who = ", ".join(filter(None, (brief.name, brief.role)))
    return Text.assemble(f"  {iso(item.handed_at)[:10]}  ", (brief.grade, "bold green"), f"  {who}: {brief.headline}")
