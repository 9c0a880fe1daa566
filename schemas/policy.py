"""What marketing and sales agreed on, as they write it in ``templates/``: the shapes of those files and of their sum.

One set of shapes serves authors, editors (JSON Schema) and the pipeline, so a policy is exactly what was written.
It does not read files (``schemas.read``) and does not judge leads (``streams.journey``).
"""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from schemas.facts import Scalar
from schemas.units import Duration, TimeOfDay

Name = Annotated[
    str,
    Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64, description="Lower-case words joined with hyphens."),
]
Points = Annotated[int, Meta(ge=-1000, le=1000, description="Whole points; negative ones count against.")]
Date = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$", description="A day, as 2027-03-31.")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


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


# ── predicates ───────────────────────────────────────────────────────────────────────────────────────────────


class When(Authored, frozen=True, kw_only=True):
    """A condition: one test of one field, or several joined by ``all``, ``any``, ``not``. Empty is always true."""

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


# ── catalogue.yaml ───────────────────────────────────────────────────────────────────────────────────────────


class FieldDefinition(Authored, frozen=True, kw_only=True):
    """A trait that rules and e-mails may name."""

    type: Literal["text", "number", "yes_no"]
    says: str = ""
    values: tuple[str, ...] = ()


class EventDefinition(Authored, frozen=True, kw_only=True):
    """A tracked event that rules may name, with the types of its properties."""

    says: str = ""
    properties: dict[str, Literal["text", "number", "yes_no"]] = {}


class Catalogue(Owned, frozen=True, kw_only=True):
    """What can be known of a lead, and what a site may send beyond the events that we know by name."""

    fields: dict[str, FieldDefinition]
    events: dict[str, EventDefinition] = {}


# ── scoring.yaml ─────────────────────────────────────────────────────────────────────────────────────────────


class FitRule(Authored, frozen=True, kw_only=True):
    """Points for who the lead is."""

    id: Name
    says: str
    when: When
    points: Points


class EngagementRule(Authored, frozen=True, kw_only=True):
    """Points for what the lead does, each time, at most ``most_a_day`` times a UTC day and ``most`` in all."""

    id: Name
    says: str
    on: str
    when: When = When()
    points: Points
    most_a_day: Annotated[int, Meta(ge=1, le=1000)] = 5
    most: Annotated[int, Meta(ge=1, le=10000)] = 10
    counts_as_interest: bool = True


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

    half_life: Duration
    horizon: Duration = "180 days"
    grades: Grades
    fit: tuple[FitRule, ...]
    engagement: tuple[EngagementRule, ...]
    disqualify: tuple[Veto, ...] = ()


# ── stages.yaml ──────────────────────────────────────────────────────────────────────────────────────────────


class Stage(Authored, frozen=True, kw_only=True):
    """One stage of the buying journey: a lead enters the last one whose points it has.

    It stays while it has ``keep`` points of engagement (70 of 100 of ``engagement`` unless said), so that nobody flaps.
    """

    id: Name
    says: str
    fit: int = 0
    engagement: int = 0
    keep: int | None = None


class Stages(Agreed, frozen=True, kw_only=True):
    """The buying journey. A lead that has moved stays for ``dwell`` at least before it moves back."""

    stages: Annotated[tuple[Stage, ...], Meta(min_length=2)]
    dwell: Duration = "2 days"


# ── lifecycle.yaml ───────────────────────────────────────────────────────────────────────────────────────────


class LifecycleState(Authored, frozen=True, kw_only=True):
    """What the firm calls a lead of which ``when`` holds: traits, and where the lead stands (``STANDING``)."""

    id: Name
    says: str
    when: When = When()


STANDING: Final[Mapping[str, FieldDefinition]] = {
    "stage": FieldDefinition(type="text", says="One of stages.yaml"),
    "qualified": FieldDefinition(type="yes_no", says="Its stage is qualified, and no rule disqualifies it"),
    "ready": FieldDefinition(type="yes_no", says="Its stage is ready, and no rule disqualifies it"),
    "sales": FieldDefinition(
        type="text", says="What sales has made of its handoff", values=("none", "waiting", "accepted", "met")
    ),
    "opportunity": FieldDefinition(type="yes_no", says="An opportunity is open, and was moved lately"),
    "customer": FieldDefinition(type="yes_no", says="A deal was won, and the customer has not left"),
}
"""What a lifecycle's conditions may name beside the fields of the catalogue."""

USUAL: Final = (
    LifecycleState(id="inquiry", says="We know of somebody"),
    LifecycleState(
        id="mql",
        says="Qualified by marketing, or has asked for sales",
        when=When(any=(When(field="qualified", is_=True), When(field="sales", is_="waiting"))),
    ),
    LifecycleState(id="sal", says="Accepted by sales", when=When(field="sales", is_="accepted")),
    LifecycleState(id="sql", says="Qualified by sales, who met the lead", when=When(field="sales", is_="met")),
    LifecycleState(id="opportunity", says="A deal is on the table", when=When(field="opportunity", is_=True)),
    LifecycleState(id="customer", says="Has bought", when=When(field="customer", is_=True)),
)


class Lifecycle(Agreed, frozen=True, kw_only=True):
    """What qualified and ready mean: from which stage on (of each model) a lead is nurtured, and handed to sales.

    And what the firm calls a lead: the last of the ``states`` that holds for it; the first needs nothing. A change of
    policy that moves more than ``most_moved`` percent of the leads to another state is refused.
    """

    qualified_from: Annotated[tuple[Name, ...], Meta(min_length=1)]
    ready_from: Annotated[tuple[Name, ...], Meta(min_length=1)]
    states: Annotated[tuple[LifecycleState, ...], Meta(min_length=2)] = USUAL
    most_moved: Annotated[int, Meta(ge=0, le=100)] = 25


# ── programs/*.yaml and emails/*.md ──────────────────────────────────────────────────────────────────────────


class Step(Authored, frozen=True, kw_only=True):
    """One e-mail of a program, ``wait`` after the step before it; too late after ``send_within`` of being due."""

    id: Name
    email: Name
    wait: Duration = "0 days"
    send_within: Duration = "2 days"


class Program(Owned, frozen=True, kw_only=True):
    """A nurture program: who it is for, and its content as a queue."""

    name: str
    stages: Annotated[tuple[Name, ...], Meta(min_length=1)]
    when: When = When()
    priority: int = 0
    steps: Annotated[tuple[Step, ...], Meta(min_length=1)]
    again_after: Duration | None = None


class EmailMeta(Owned, frozen=True, kw_only=True):
    """The front matter of an e-mail."""

    subject: Annotated[str, Meta(min_length=1, max_length=150)]
    preheader: str = ""
    kind: Literal["nurture", "requested", "internal"] = "nurture"
    stage: str = ""
    layout: Name = "letter"
    question: str = ""


class Email(Authored, frozen=True, kw_only=True):
    """What the pipeline needs to know of an e-mail; its text stays in ``templates/`` and is known by its hash."""

    subject: str
    kind: Literal["nurture", "requested", "internal"]
    source_hash: str


# ── sending.yaml, sales.yaml, brand.yaml ─────────────────────────────────────────────────────────────────────


class Cap(Authored, frozen=True, kw_only=True):
    """At most this many e-mails to one lead within a rolling window."""

    most: Annotated[int, Meta(ge=1, le=100)]
    within: Duration


class QuietHours(Authored, frozen=True, kw_only=True):
    """When we do not write, in the lead's time zone."""

    start: TimeOfDay = field(name="from")
    end: TimeOfDay = field(name="to")
    days: tuple[Weekday, ...] = ()


class Sending(Owned, frozen=True, kw_only=True):
    """The gate's settings: caps and quiet hours for every lead, and how long a pause lasts."""

    caps: Annotated[tuple[Cap, ...], Meta(min_length=1)]
    quiet_hours: QuietHours
    pause_after_contact: Duration = "14 days"
    pause_while_opportunity: Duration = "90 days"
    requested_within: Duration = "1 day"


class Rep(Authored, frozen=True, kw_only=True):
    """Somebody who answers handoffs; ``countries`` empty means everywhere."""

    email: str
    name: str
    countries: tuple[str, ...] = ()


class RejectReason(Authored, frozen=True, kw_only=True):
    """Why sales may refuse, how long the lead is then left alone, and whether it says anything about the score."""

    says: str
    cool_off: Duration
    teaches: bool = True


class Sales(Owned, frozen=True, kw_only=True):
    """The contract with sales: who gets handoffs, how soon they answer, and what an answer means."""

    answer_within_business_days: Annotated[int, Meta(ge=1, le=30)]
    reps: Annotated[tuple[Rep, ...], Meta(min_length=1)]
    reject_reasons: dict[Name, RejectReason]
    recycle_cool_off: Duration = "30 days"
    unanswered_cool_off: Duration = "7 days"
    lost_cool_off: Duration = "180 days"
    won_cool_off: Duration = "180 days"
    worked_within: Duration = "90 days"
    raised_hand_within: Duration = "7 days"


class Brand(Owned, frozen=True, kw_only=True):
    """Who writes: names, addresses and the law's requirements. ``zones`` gives a country's usual time zone."""

    name: str
    website: str
    from_name: str
    from_email: str
    reply_to: str
    postal_address: Annotated[str, Meta(min_length=10)]
    time_zone: str
    zones: dict[str, str] = {}
    colours: dict[str, str] = {}


class Policy(Authored, frozen=True, kw_only=True):
    """Everything that was agreed, in one value. Known by its hash; decisions name it."""

    brand: Brand
    catalogue: Catalogue
    scoring: Scoring
    stages: Stages
    lifecycle: Lifecycle
    programs: dict[str, Program]
    emails: dict[str, Email]
    sending: Sending
    sales: Sales


def policy_hash(policy: Policy) -> str:
    """16 hexadecimal digits of SHA-256 over the policy's canonical JSON: the same text gives the same name."""
    canonical = msgspec.json.encode(policy, order="deterministic")
    return hashlib.sha256(canonical).hexdigest()[:16]
