"""What a person sees of the demo: progress while it runs, a summary at the end. It counts nothing itself."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from agents.local.accounts import Accounts
from agents.local.demo import Progress
from schemas.queue import QueueItem
from schemas.reason import SENTENCES, Reason
from schemas.units import iso
from schemas.words import counted
from streams.ledger import HANDOFF_NOTICE

_LATEST: Final = 6
_BAR: Final = 10
_REASONS: Final = 10
_QUIET_EVERY: Final = 28  # steps between lines when nobody watches: a week
_STANDS: Final = {
    "open": "waits for an answer",
    "unanswered": "not answered in time",
    "rejected": "rejected",
    "recycled": "sent back to be nurtured",
    "accepted": "accepted, not yet decided",
    "won": "accepted and won",
    "lost": "accepted and lost",
}


class Screen:
    """A live picture on a terminal; elsewhere, a line for every simulated week."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._live = Live(console=console, refresh_per_second=8, transient=True) if console.is_terminal else None
        self._steps = 0
        self._handoffs: list[QueueItem] = []
        self._sent: Counter[str] = Counter()
        self._revived = 0

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
        self.hear(progress.accounts.revived)
        if self._live:
            self._live.update(self._picture(progress))
        elif self._steps % _QUIET_EVERY == 0:
            accounts = progress.accounts
            line = f"{iso(progress.clock)[:10]}  {_in_words(accounts)}  ({accounts.seconds:.0f} s)"
            self._console.print(line, soft_wrap=True, highlight=False)

    def hear(self, revived: Sequence[str]) -> None:
        """Who was started again, from the first one on: each is told once, and stays on the screen."""
        for sentence in revived[self._revived :]:
            self._console.print(sentence, style="yellow", soft_wrap=True, highlight=False)
        self._revived = len(revived)

    def _picture(self, progress: Progress) -> Group:
        bar = Table.grid(padding=(0, 1))
        day = iso(progress.clock)[:10]
        bar.add_row(
            Text(day, style="bold"), ProgressBar(1.0, progress.done, width=48), f"{progress.accounts.seconds:.0f} s"
        )
        return Group(
            Text(self._title, style="bold"),
            bar,
            Text(_in_words(progress.accounts)),
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
    silences = sum(accounts.sends_skipped.values())
    return Group(
        *(Text(f"{name:<18} {count:>8,}") for name, count in _flow(accounts)),
        Text(f"kept: {accounts.volume}"),
        *_survivors(accounts),
        Text(f"\nWhy nothing was sent ({counted(silences, 'decision')} to be silent)", style="bold"),
        *_silences(accounts.sends_skipped),
        Text("\nWhat became of the handoffs", style="bold"),
        *bars({_STANDS[state]: count for state, count in accounts.handoffs_now.items()}),
    )


def _flow(accounts: Accounts) -> tuple[tuple[str, int], ...]:
    return (
        ("facts in", accounts.facts_in),
        ("  applied", accounts.facts_applied),
        ("  duplicates", accounts.duplicates),
        ("  dead letters", accounts.dead_letters),
        ("leads", accounts.leads),
        ("decisions", accounts.decisions),
        ("e-mails sent", accounts.sends_accepted),
        ("handoffs to sales", accounts.handoffs),
    )


def _survivors(accounts: Accounts) -> Iterator[Text]:
    if deaths := len(accounts.revived):
        yield Text(f"{counted(deaths, 'agent')} died and came back", style="yellow")


def _silences(skipped: Mapping[str, int]) -> Iterator[Text]:
    """The most frequent reasons as bars; of the others, how many they are."""
    reasons = sorted(skipped.items(), key=lambda reason: -reason[1])
    yield from bars({SENTENCES[Reason(reason)]: count for reason, count in reasons[:_REASONS]})
    if others := reasons[_REASONS:]:
        yield Text(f"  and {counted(len(others), 'other reason')}: {sum(count for _, count in others):,}")


def _in_words(accounts: Accounts) -> str:
    return (
        f"{accounts.facts_in:,} in · {accounts.facts_applied:,} applied · {counted(accounts.decisions, 'decision')}"
        f" · {counted(accounts.sends_accepted, 'mail')} · {counted(accounts.handoffs, 'handoff')}"
    )


def _line(item: QueueItem) -> Text:
    brief = item.brief
    who = ", ".join(filter(None, (brief.name, brief.role)))
    return Text.assemble(f"  {iso(item.handed_at)[:10]}  ", (brief.grade, "bold green"), f"  {who}: {brief.headline}")
