"""One way to judge leads, as people write it: ``scoring.yaml`` and ``stages.yaml``. It judges nobody itself."""

from typing import Annotated, Final

from msgspec import Meta

from schemas.authored import Agreed, Authored, Cap, Name, Owned, Points, When
from schemas.units import Duration, Length

MAIN: Final = "main"  # the model of scoring.yaml and stages.yaml; others have folders in models/


# ── scoring.yaml ─────────────────────────────────────────────────────────────────────────────────────────────


class FitRule(Authored, frozen=True, kw_only=True):
    """Points for who the lead is."""

    id: Name
    says: str
    when: When
    points: Points


class EngagementRule(Authored, frozen=True, kw_only=True):
    """Points for what the lead does, each time, at most ``most_a_day`` times a UTC day and ``most`` in all.

    The newest count first, under these caps and under ``caps``, which are windows of several days.
    """

    id: Name
    says: str
    on: str
    when: When = When()
    points: Points
    most_a_day: Annotated[int, Meta(ge=1, le=1000)] = 5
    most: Annotated[int, Meta(ge=1, le=10000)] = 10
    caps: tuple[Cap, ...] = ()
    counts_as_interest: bool = True


class Pattern(Authored, frozen=True, kw_only=True):
    """Points for how often or how lately the lead did something, for as long as that holds. They do not fade."""

    id: Name
    says: str
    when: When
    points: Points


class Group(Authored, frozen=True, kw_only=True):
    """Engagement rules that say much the same: what they are worth together, the newest first.

    Each count weighs ``each_next`` per cent of the one before it, and all of them at most ``most`` points.
    """

    id: Name
    says: str
    rules: Annotated[tuple[Name, ...], Meta(min_length=1)]
    most: Annotated[int, Meta(ge=1, le=1000)]
    each_next: Annotated[int, Meta(ge=1, le=100, description="Per cent.")] = 100


class Veto(Authored, frozen=True, kw_only=True):
    """A disqualifier: it vetoes rather than subtracts."""

    id: Name
    says: str
    when: When


class Grades(Authored, frozen=True, kw_only=True):
    """The least points for A, B, C (below: D) and for 1, 2, 3 (below: 4)."""

    fit: tuple[int, int, int]
    engagement: tuple[int, int, int]


class Scoring(Owned, frozen=True, kw_only=True):
    """Two axes: fit is who they are, engagement is what they do, and it fades with a half-life."""

    half_life: Length
    horizon: Length = "180 days"
    grades: Grades
    fit: tuple[FitRule, ...]
    engagement: tuple[EngagementRule, ...]
    groups: tuple[Group, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    disqualify: tuple[Veto, ...] = ()


# ── stages.yaml ──────────────────────────────────────────────────────────────────────────────────────────────


class Stage(Authored, frozen=True, kw_only=True):
    """One stage of the buying journey: a lead enters the last one whose points it has and whose ``enter`` holds.

    It stays while it has ``keep`` points of engagement (70 of 100 of ``engagement`` unless said), so that nobody flaps,
    and while ``leave`` does not hold. A stay beyond ``at_most`` ends in the stage ``then``; without one, it is flagged.
    """

    id: Name
    says: str
    fit: int = 0
    engagement: int = 0
    keep: int | None = None
    enter: When = When()
    leave: When | None = None
    at_most: Duration | None = None
    then: str = ""


class Stages(Agreed, frozen=True, kw_only=True):
    """The buying journey. A lead that has moved stays for ``dwell`` at least before it moves back."""

    stages: Annotated[tuple[Stage, ...], Meta(min_length=2)]
    dwell: Duration = "2 days"


class Model(Authored, frozen=True, kw_only=True):
    """One way to judge leads, such as a product line's: its points and its journey."""

    scoring: Scoring
    stages: Stages
