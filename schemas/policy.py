"""What marketing and sales agreed on, as they write it in ``templates/``: the shapes of those files and of their sum.

One set of shapes serves authors, editors (JSON Schema) and the pipeline, so a policy is exactly what was written.
It does not read files (``schemas.read``) and does not judge leads (``streams.journey``).
"""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, field

from schemas.authored import Agreed, Authored, Cap, Date, Name, Owned, When
from schemas.lead import MOST_CLICKS
from schemas.model import MAIN, Model, Scoring, Stages
from schemas.trial import ProgramTest
from schemas.units import Duration, TimeOfDay, Wait

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


# ── catalogue.yaml ───────────────────────────────────────────────────────────────────────────────────────────


class FieldDefinition(Authored, frozen=True, kw_only=True):
    """A trait that rules and e-mails may name."""

    type: Literal["text", "number", "yes_no"]
    says: str = ""
    values: tuple[str, ...] = ()


class EventDefinition(Authored, frozen=True, kw_only=True):
    """A tracked event that rules may name, with the types of its properties."""

    says: str = ""
    properties: dict[str, Literal["text", "number", "yes_no"]] = field(default_factory=dict)


class Catalogue(Owned, frozen=True, kw_only=True):
    """What can be known of a lead, and what a site may send beyond the events that we know by name."""

    fields: dict[str, FieldDefinition]
    events: dict[str, EventDefinition] = field(default_factory=dict)


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
    """One e-mail of a program, ``wait`` after the step before it; too late after ``send_within`` of being due.

    ``if`` says whom it is for when it is due. ``wait_for`` is an event that must come first, ``at_most`` that long
    after the step before; ``wait`` then counts from the event. All others get the e-mail in ``else``, or the step is
    passed over. Nothing is sent after the day ``send_by``.
    """

    id: Name
    email: Name
    wait: Wait = "0 days"
    send_within: Duration = "2 days"
    wait_for: str = ""
    at_most: Duration = "7 days"
    if_: When = field(name="if", default=When())
    else_: str = field(name="else", default="")
    send_by: Date | None = None


class Ending(Authored, frozen=True, kw_only=True):
    """What ends a lead's time in a program: an event ``on`` which ``when`` holds, or ``when`` alone.

    ``then`` names the program that comes next, when it is open to the lead.
    """

    id: Name
    says: str
    on: str = ""
    when: When = When()
    then: str = ""


class Window(Authored, frozen=True, kw_only=True):
    """When a program writes, in the lead's time zone."""

    start: TimeOfDay = field(name="from")
    end: TimeOfDay = field(name="to")
    days: Annotated[tuple[Weekday, ...], Meta(min_length=1)] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Program(Owned, frozen=True, kw_only=True):
    """A nurture program: who it is for, and its content as a queue. ``stages`` are those of ``model``.

    ``goals`` are why it exists and ``exits`` why a lead should not stay: both end it. Whoever has had everything goes
    on to the program ``then``, and comes back for steps that are added later. All may begin anew ``again_after``.
    """

    name: str
    model: Name = MAIN
    stages: Annotated[tuple[Name, ...], Meta(min_length=1)]
    when: When = When()
    priority: int = 0
    window: Window | None = None
    goals: tuple[Ending, ...] = ()
    exits: tuple[Ending, ...] = ()
    steps: Annotated[tuple[Step, ...], Meta(min_length=1)]
    then: str = ""
    again_after: Duration | None = None
    tests: tuple[ProgramTest, ...] = ()


Side = Literal["marketing", "sales"]


class EmailMeta(Owned, frozen=True, kw_only=True):
    """The front matter of an e-mail.

    ``from: owner`` signs with the rep who knows the lead, with the brand when nobody does; answers go to the brand's
    ``reply_to`` either way, which somebody reads. ``claims`` are named in claims.yaml, ``question`` is the buyer's.
    ``approvals`` names who must have approved this very text (``Approval``) before it may be sent.
    """

    subject: Annotated[str, Meta(min_length=1, max_length=150)]
    preheader: str = ""
    kind: Literal["nurture", "requested", "internal"] = "nurture"
    from_: Literal["brand", "owner"] = field(name="from", default="brand")
    stage: str = ""
    persona: str = ""
    layout: Name = "letter"
    question: str = ""
    claims: tuple[Name, ...] = ()
    approvals: tuple[Side, ...] = ()


class Email(Authored, frozen=True, kw_only=True):
    """What the pipeline needs to know of an e-mail; its text stays in ``templates/`` and is known by its hash."""

    subject: str
    kind: Literal["nurture", "requested", "internal"]
    source_hash: str


# ── approvers.yaml, approvals/*.yaml ─────────────────────────────────────────────────────────────────────────


class Approvers(Owned, frozen=True, kw_only=True):
    """Who may approve e-mails, by their address in git, and for which side."""

    approvers: dict[str, Side]


class Approval(Authored, frozen=True, kw_only=True):
    """Who approved an e-mail, by side: the text with this hash, and no other. ``nurture approve`` writes it."""

    hash: str
    by: dict[Side, str]


# ── claims.yaml ──────────────────────────────────────────────────────────────────────────────────────────────


class Claim(Authored, frozen=True, kw_only=True):
    """Something that we say is true. Once ``withdrawn`` (why), or after ``valid_until``, no e-mail may say it."""

    says: str
    evidence: str
    owner: str
    valid_until: Date
    withdrawn: str = ""


class Claims(Owned, frozen=True, kw_only=True):
    """Every claim that an e-mail may make."""

    claims: dict[Name, Claim]


# ── sending.yaml, sales.yaml, brand.yaml ─────────────────────────────────────────────────────────────────────


class QuietHours(Authored, frozen=True, kw_only=True):
    """When we do not write, in the lead's time zone."""

    start: TimeOfDay = field(name="from")
    end: TimeOfDay = field(name="to")
    days: tuple[Weekday, ...] = ()


Holiday = Annotated[
    str,
    Meta(
        pattern=r"^(\d{4}-)?\d{2}-\d{2}$",
        description='A day, as "2027-03-26", or one of every year, as "12-25".',
    ),
]
EVERYWHERE: Final = "all"


class Bots(Authored, frozen=True, kw_only=True):
    """Which clicks are a machine's. Every click waits for ``wait`` before it counts, so that others may betray it.

    Void are: ``links`` different links of one e-mail ``within`` so much time, a click within it of the delivery, and
    what was clicked in an e-mail a ``wait`` around its ``honeypot``: a link that no person sees. So are the clicks from
    one network address for leads of so many different ``companies`` within the time of a ``crowd``.
    """

    wait: Duration = "1 minute"
    within: Duration = "5 seconds"
    links: Annotated[int, Meta(ge=2, le=MOST_CLICKS)] = 3
    honeypot: str = ""
    companies: Annotated[int, Meta(ge=2, le=16)] = 4
    crowd: Duration = "10 minutes"


class Sunset(Authored, frozen=True, kw_only=True):
    """When to leave the silent alone: ``after`` so long without interest (opens are none), nothing more is sent.

    ``program`` is their last chance, if there is one, and for nobody else. Interest brings them back.
    """

    after: Duration
    program: str = ""


class Sending(Owned, frozen=True, kw_only=True):
    """The gate's settings: caps and quiet hours for every lead, and how long a pause lasts.

    ``holidays`` are by country (two letters), or for ``all``; nothing is sent then, and they are no business days.
    """

    caps: Annotated[tuple[Cap, ...], Meta(min_length=1)]
    quiet_hours: QuietHours
    holidays: dict[str, tuple[Holiday, ...]] = field(default_factory=dict)
    sunset: Sunset | None = None
    pause_after_contact: Duration = "14 days"
    pause_while_opportunity: Duration = "90 days"
    requested_within: Duration = "1 day"
    bots: Bots = Bots()


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
    """Who writes: names, addresses and the law's requirements. ``zones`` gives a country's usual time zone.

    We write from the website's domain and those below it, or from ``domains`` instead when there are any.
    """

    name: str
    website: str
    from_name: str
    from_email: str
    reply_to: str
    domains: tuple[str, ...] = ()
    postal_address: Annotated[str, Meta(min_length=10)]
    time_zone: str
    zones: dict[str, str] = field(default_factory=dict)
    colours: dict[str, str] = field(default_factory=dict)


class Policy(Authored, frozen=True, kw_only=True):
    """Everything that was agreed, in one value. Known by its hash; decisions name it.

    ``scoring`` and ``stages`` are the model ``main``; ``models`` are the others, each beside it and apart from it.
    """

    brand: Brand
    catalogue: Catalogue
    scoring: Scoring
    stages: Stages
    lifecycle: Lifecycle
    programs: dict[str, Program]
    emails: dict[str, Email]
    sending: Sending
    sales: Sales
    models: dict[Name, Model] = field(default_factory=dict)


def models_of(policy: Policy) -> dict[str, Model]:
    """Every model by its name, ``main`` first."""
    return {MAIN: Model(scoring=policy.scoring, stages=policy.stages)} | dict(sorted(policy.models.items()))


def policy_hash(policy: Policy) -> str:
    """16 hexadecimal digits of SHA-256 over the policy's canonical JSON: the same text gives the same name."""
    canonical = msgspec.json.encode(policy, order="deterministic")
    return hashlib.sha256(canonical).hexdigest()[:16]
