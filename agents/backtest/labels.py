"""What became of each lead, as a label with its time, and what teaches nothing. It scores nobody."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, Literal

from msgspec import Struct

from schemas import facts as f
from schemas.facts import tag_of
from schemas.sales import RejectReason

Positive = Literal["won", "accepted"]
Kind = Literal["won", "accepted", "lost", "rejected", "silent"]
_WON, _LOST = tag_of(f.DealWon), tag_of(f.DealLost)
_ACCEPTED, _REJECTED = tag_of(f.SalesAccepted), tag_of(f.SalesRejected)
OUTCOMES: Final = frozenset({_WON, _LOST, _ACCEPTED, _REJECTED})
_NEVER: Final = 1 << 62
OPEN: Final = "accepted, and no deal won or lost yet"
UNTAUGHT: Final = "rejected for a reason that teaches nothing"
YOUNG: Final = "too young to say"
EARLY: Final = "first seen before the time that is judged"
UNINTRODUCED: Final = "nothing known before the outcome"


class Past(Struct, gc=False):
    """One lead's outcomes: when each was first seen (ms); ``order`` counts leads by their first fact."""

    first: int
    order: int
    won: int = _NEVER
    accepted: int = _NEVER
    lost: int = _NEVER
    rejected: int = _NEVER
    untaught: int = _NEVER

    def note(self, tag: str, seen: int, reason: str, reasons: Mapping[str, RejectReason]) -> None:
        """One more outcome. A reason that nobody declared teaches nothing."""
        if tag == _WON:
            self.won = min(self.won, seen)
        elif tag == _ACCEPTED:
            self.accepted = min(self.accepted, seen)
        elif tag == _LOST:
            self.lost = min(self.lost, seen)
        elif reason in reasons and reasons[reason].teaches:
            self.rejected = min(self.rejected, seen)
        else:
            self.untaught = min(self.untaught, seen)


class Label(Struct, frozen=True, gc=False):
    """What a lead teaches: only facts seen before ``at`` (ms) may be used to foretell it."""

    kind: Kind
    at: int
    win: bool


class Terms(Struct, frozen=True, kw_only=True):
    """What counts: which outcome is a win, who is judged, and until when outcomes are known (ms)."""

    positive: Positive = "won"
    since: int = 0
    ripe: int = 0
    end: int


def labels(pasts: Mapping[str, Past], terms: Terms) -> tuple[dict[str, Label], Counter[str]]:
    """A label for every lead that teaches something, and how many are left out for which reason."""
    found: dict[str, Label] = {}
    left_out: Counter[str] = Counter()
    for lead_id, past in pasts.items():
        label = EARLY if past.first < terms.since else label_of(past, terms)
        if isinstance(label, str):
            left_out[label] += 1
        else:
            found[lead_id] = label
    return found, left_out


def label_of(past: Past, terms: Terms) -> Label | str:
    """The best that happened by the end: a win, else the first refusal, else silence. Or why it teaches nothing."""
    wins = [(past.won, "won")] + ([(past.accepted, "accepted")] if terms.positive == "accepted" else [])
    ways: Iterable[tuple[bool, list[tuple[int, str]]]] = (
        (True, wins),
        (False, [(past.lost, "lost"), (past.rejected, "rejected")]),
    )
    for win, outcomes in ways:
        at, kind = min(outcomes)
        if at <= terms.end:
            return Label(kind, at, win)  # type: ignore[arg-type]
    if past.accepted <= terms.end:
        return OPEN
    if past.untaught <= terms.end:
        return UNTAUGHT
    if past.first > terms.end - terms.ripe:
        return YOUNG
    return Label("silent", terms.end + 1, win=False)
