"""A test of a program as its author writes it: a lead and what it does, and what must be decided then. It runs none."""

from typing import Annotated, Final, Literal

from msgspec import Meta, field

from schemas.authored import Authored
from schemas.facts import Traits
from schemas.sample import Happening
from schemas.units import Duration, TimeOfDay

Start = Annotated[
    str,
    Meta(pattern=r"^\d{4}-\d{2}-\d{2} ([01]\d|2[0-3]):[0-5]\d$", description="A day and a time, as 2026-03-02 10:00."),
]
KINDS: Final = ("sends", "skips", "enters", "leaves", "moves_to", "hands_over")


class Expected(Authored, frozen=True, kw_only=True):
    """One decision: exactly one of its kinds, and when. ``day`` is of the lead's own calendar, and 1 the first.

    ``leaves`` is why (exhausted, stage, sales, ...) or the id of a goal or an exit; ``because`` is why ``skips``.
    """

    day: Annotated[int, Meta(ge=1, le=1000)] | None = None
    at: TimeOfDay | None = None
    sends: str = ""
    skips: str = ""
    because: str = ""
    enters: str = ""
    leaves: str = ""
    moves_to: str = ""
    hands_over: bool = False


class ProgramTest(Authored, frozen=True, kw_only=True):
    """A lead that begins at ``starts`` (its own time), its history, and what must follow within ``run``.

    Everything that this program sends must be expected, in order; of all else, what is expected must come in order.
    """

    says: str
    traits: Traits = field(default_factory=dict)
    basis: Literal["consent", "legitimate_interest", "none"] = "consent"
    starts: Start = "2026-03-02 10:00"
    history: tuple[Happening, ...] = ()
    run: Duration = "60 days"
    expect: Annotated[tuple[Expected, ...], Meta(min_length=1)]
