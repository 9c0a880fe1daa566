"""The row of a lead: all that ``decide`` remembers of its facts, bounded whatever the traffic. It derives nothing.

A row with a key that is not here was written by another release: it is refused, not read without it.
"""

from typing import Literal

from msgspec import Struct

from schemas.facts import FactId, LeadId, Traits
from schemas.handoff import Moment
from schemas.reason import Reason
from schemas.units import Millis

RECENT_FACTS = 128  # a repeat within this many facts is a duplicate
MOMENTS = 12  # what a brief may mention
MOST_URL = 100
MOST_CLICKS = 5  # that wait for a verdict, or bear on the next one
MOST_DELIVERIES = 4  # whose clicks may still come
MOST_TRAITS = 64  # names that a row keeps: the first ones that were said


class Basis(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A lawful basis as it was given: the burden of proof is ours."""

    kind: str
    at: Millis
    form: str
    wording: str
    expires: Millis | None = None


class Standing(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where a lead stands in one model: the two axes, a veto, the stage and since when.

    ``overstayed`` is when it had been in a stage for too long; until it moves on, only newer interest moves it forward.
    ``lapses`` is when time alone may change it, 0 for never.
    """

    fit: int = 0
    engagement: int = 0
    veto: str = ""
    stage: str = ""
    stage_since: Millis = 0
    overstayed: Millis = 0
    lapses: Millis = 0


class Enrolment(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A lead's time in one program: steps done, and when the next is due (counted from ``anchor``).

    ``heard`` is the step whose event has come.
    """

    program: str
    ordinal: int
    anchor: Millis
    due: Millis
    done: tuple[str, ...] = ()
    heard: str = ""


class Pending(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """An e-mail that a program ordered and of which nothing was heard yet; too late after ``until``."""

    program: str
    step: str
    email: str
    until: Millis


class Wish(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """An e-mail that the lead asked for and that may not be sent yet: the fact that asked, and when."""

    fact: str
    at: Millis


class OpenHandoff(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A handoff that waits for sales or is being worked by them."""

    id: str
    since: Millis
    answer_by: Millis
    accepted: bool = False
    met: bool = False


class Click(Struct, frozen=True, kw_only=True, array_like=True):
    """A link followed: waits until ``due`` for its verdict, then ``counts`` (``rules`` it feeds) or is ``void``."""

    id: FactId
    at: Millis
    due: Millis
    state: Literal["waits", "counts", "void"]
    mail: str
    url: str
    label: str
    rules: tuple[str, ...]


class Lead(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Who the lead is, what they did (counts by rule and day), where they stand, and when to look again."""

    id: LeadId
    traits: Traits = {}
    facts: int = 0
    seen: Millis = 0
    due: Millis = 0
    # may we write?
    bases: dict[str, Basis] = {}
    suppressed: Reason | None = None
    # the standing in each model, of which counts are what was done: rule, UTC day, times (of other models "model/rule")
    counts: dict[str, dict[int, int]] = {}
    standings: dict[str, Standing] = {}
    groups: dict[str, int] = {}  # what each group of rules is worth on the day that it was judged on
    judged_by: str = ""
    judged_on: int = 0
    interest_at: Millis = 0
    moments: tuple[Moment, ...] = ()
    lifecycle: str = ""
    lifecycle_since: Millis = 0
    # clicks and deliveries of late, and the newest day that a rule fed by clicks has forgotten
    clicks: tuple[Click, ...] = ()
    delivered: dict[str, Millis] = {}
    forgotten: dict[str, int] = {}
    # nurture
    enrolments: tuple[Enrolment, ...] = ()  # at most one in each class of programs
    ordinals: dict[str, int] = {}
    finished: dict[str, Millis] = {}
    told: dict[str, tuple[str, ...]] = {}  # of programs that had nothing left: the steps that were done
    received: dict[str, Millis] = {}
    sent: dict[str, tuple[Millis, ...]] = {}  # of late, by class
    pending: dict[str, Pending] = {}  # by send key
    silence: Reason | None = None
    wishes: dict[str, Wish] = {}
    # sales
    handoff: OpenHandoff | None = None
    ended: int = 0
    ended_at: Millis = 0
    cool_until: Millis = 0
    contacted_until: Millis = 0
    opportunity_until: Millis = 0
    customer: bool = False
    # the last facts, as 8-byte digests of their ids
    recent: bytes = b""
