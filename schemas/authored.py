"""What every file in ``templates/`` is made of: names, points, dates, owners, conditions. It knows no single file."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from schemas.facts import Scalar
from schemas.units import Length

Name = Annotated[
    str,
    Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64, description="Lower-case words joined with hyphens."),
]
Points = Annotated[int, Meta(ge=-1000, le=1000, description="Whole points; negative ones count against.")]
Date = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$", description="A day, as 2027-03-31.")]
Holdout = Annotated[int, Meta(ge=0, le=50, description="Percent of the leads that are told nothing.")]


class Authored(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A shape that people write: an unknown key is a mistake."""


class Owned(Authored, frozen=True, kw_only=True):
    """A file that somebody answers for."""

    owner: str
    review_by: Date


class Agreed(Owned, frozen=True, kw_only=True):
    """A file that marketing and sales agreed on: who did, and since when. Handoffs name it."""

    agreed_by: tuple[str, ...]
    agreed_on: Date


class When(Authored, frozen=True, kw_only=True):
    """A condition: one test of one field or of the past, or several joined by ``all``, ``any``, ``not``.

    ``did`` names an engagement rule that was fed ``times`` times ``within`` so many UTC days, today among them (without
    it, within the horizon). Empty is always true.
    """

    all: tuple["When", ...] = ()
    any: tuple["When", ...] = ()
    not_: "When | None" = field(name="not", default=None)
    field: str = ""
    is_: Scalar = msgspec.field(name="is", default=None)
    in_: tuple[Scalar, ...] = msgspec.field(name="in", default=())
    at_least: int | float | None = None
    at_most: int | float | None = None
    contains: str = ""
    known: bool | None = None
    did: str = ""
    times: Annotated[int, Meta(ge=1, le=1000)] = 1
    within: Length | None = None


class Cap(Authored, frozen=True, kw_only=True):
    """At most this many within a rolling window: e-mails to one lead, or counts of a rule (there in whole UTC days)."""

    most: Annotated[int, Meta(ge=1, le=100)]
    within: Length
