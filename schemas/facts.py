"""What happened, in the past tense: the closed union of everything that ``nurture.facts`` may hold.

It knows the shape of a fact, never what follows from it. Two times: ``at`` is when it happened (and scores), ``seen``
is when we took it (and is the only now for gate, caps and due times).
"""

from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

from schemas.units import Millis

Scalar = str | int | float | bool | None
Traits = dict[str, Scalar]
LeadId = Annotated[str, Meta(min_length=1, max_length=128, description="The lead, and the Kafka key.")]
FactId = Annotated[str, Meta(min_length=1, max_length=200, description="The source's own id: a repeat is dropped.")]
Money = Annotated[int, Meta(description="An amount in minor units (cents) of `currency`.")]


class Happened(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """What every fact says."""

    id: FactId
    lead_id: LeadId
    at: Millis
    seen: Millis
    source: str = ""


# Time and policy: the two things that happen to every lead.


class Tick(Happened, frozen=True, kw_only=True, tag="clock.tick.v1"):
    """A lead's due time has come. The only way the core learns that time has passed in silence."""

    due: Millis


class PolicyApplied(Happened, frozen=True, kw_only=True, tag="policy.applied.v1"):
    """From this offset of this partition on, the policy with this hash decides. ``lead_id`` is ``-``."""

    policy: str


# Who the lead is, and what we may do.


class LeadCreated(Happened, frozen=True, kw_only=True, tag="lead.created.v1"):
    """A lead entered the funnel."""

    traits: Traits = {}


class LeadUpdated(Happened, frozen=True, kw_only=True, tag="lead.updated.v1"):
    """Traits of a lead became known or changed (Segment: Identify). A null trait is forgotten."""

    traits: Traits = {}


class BasisGiven(Happened, frozen=True, kw_only=True, tag="basis.given.v1"):
    """We may mail this lead, on this ground. The sender bears the burden of proof, so the wording is named."""

    basis: Literal["consent", "legitimate_interest", "contract"]
    form: str
    wording: str
    expires: Millis | None = None


class BasisWithdrawn(Happened, frozen=True, kw_only=True, tag="basis.withdrawn.v1"):
    """The lead took a lawful basis back; without ``basis``, every one."""

    basis: Literal["consent", "legitimate_interest", "contract", ""] = ""
    form: str = ""


# What the lead does.


class PageViewed(Happened, frozen=True, kw_only=True, tag="page.viewed.v1"):
    """A page of ours was read."""

    path: str
    title: str = ""


class PricingViewed(Happened, frozen=True, kw_only=True, tag="pricing.viewed.v1"):
    """The price list was read."""

    path: str = ""


class FormSubmitted(Happened, frozen=True, kw_only=True, tag="form.submitted.v1"):
    """A form was sent. ``requested`` names the e-mail that the visitor asked us to send."""

    form: str
    requested: str = ""


class ContentDownloaded(Happened, frozen=True, kw_only=True, tag="content.downloaded.v1"):
    """A document was taken."""

    content: str


class WebinarAttended(Happened, frozen=True, kw_only=True, tag="webinar.attended.v1"):
    """The lead sat through a webinar for this many minutes."""

    webinar: str
    minutes: int = 0


class DemoRequested(Happened, frozen=True, kw_only=True, tag="demo.requested.v1"):
    """A raised hand."""

    message: str = ""


class Tracked(Happened, frozen=True, kw_only=True, tag="tracked.v1"):
    """Anything else a site sends. Weighs something only when ``templates/catalogue.yaml`` declares its name."""

    name: str
    properties: dict[str, Scalar] = {}


class EngagementRetracted(Happened, frozen=True, kw_only=True, tag="engagement.retracted.v1"):
    """These facts of the lead (by id) never meant what they said: their points go, as if they had never happened.

    So do traits and consents that they brought; a consent that was withdrawn does not come back. What was sent or
    handed over meanwhile stays. A correction is a retraction and the right fact under a new id.
    """

    engagement: Annotated[tuple[FactId, ...], Meta(min_length=1, max_length=100)]
    why: Literal["bot", "crowd", "corrected", "unmerged", "erased"]


# What became of an e-mail. `send_key` is empty when the source does not know it.


class EmailFact(Happened, frozen=True, kw_only=True):
    """What every e-mail event says; not a fact by itself."""

    send_key: str = ""
    email: str = ""


class EmailProcessed(EmailFact, frozen=True, kw_only=True, tag="email.processed.v1"):
    """The provider took it in hand."""


class EmailDelivered(EmailFact, frozen=True, kw_only=True, tag="email.delivered.v1"):
    """The mailbox accepted it."""


class EmailDeferred(EmailFact, frozen=True, kw_only=True, tag="email.deferred.v1"):
    """The mailbox said not now."""

    reason: str = ""


class EmailDropped(EmailFact, frozen=True, kw_only=True, tag="email.dropped.v1"):
    """The provider refused after accepting."""

    reason: str = ""


class EmailOpened(EmailFact, frozen=True, kw_only=True, tag="email.opened.v1"):
    """A pixel was fetched. ``machine`` when the provider knows that no person did."""

    machine: bool = False


class EmailClicked(EmailFact, frozen=True, kw_only=True, tag="email.clicked.v1"):
    """A link was followed. ``client`` is a keyed hash of where from, never the network address itself."""

    url: str = ""
    client: str = ""


class EmailReplied(EmailFact, frozen=True, kw_only=True, tag="email.replied.v1"):
    """A person answered; ``asks_for_contact`` when the answer asks to be called."""

    asks_for_contact: bool = False


class EmailBounced(EmailFact, frozen=True, kw_only=True, tag="email.bounced.v1"):
    """The mailbox refused it: ``hard`` for good, ``soft`` for now."""

    kind: Literal["hard", "soft"] = "hard"
    reason: str = ""


class EmailComplained(EmailFact, frozen=True, kw_only=True, tag="email.complained.v1"):
    """The reader pressed "this is spam"."""


class EmailUnsubscribed(EmailFact, frozen=True, kw_only=True, tag="email.unsubscribed.v1"):
    """The reader wants no more mail."""


class SendSettled(EmailFact, frozen=True, kw_only=True, tag="send.settled.v1"):
    """What our own sender did with a send: the ledger's word, back on the lead's record."""

    outcome: Literal["accepted", "rejected", "skipped", "held"]
    program: str = ""
    step: str = ""
    variant: str = ""
    reason: str = ""


# What sales answers, and what became of the deal.


class HandoffFact(Happened, frozen=True, kw_only=True):
    """What every answer to a handoff says; not a fact by itself. ``by`` is the rep."""

    handoff_id: str = ""
    by: str = ""


class SalesAccepted(HandoffFact, frozen=True, kw_only=True, tag="sales.accepted.v1"):
    """Sales took the lead (SAL)."""


class SalesRejected(HandoffFact, frozen=True, kw_only=True, tag="sales.rejected.v1"):
    """Sales refused the lead; ``reason`` is one that ``templates/sales.yaml`` declares."""

    reason: str


class SalesRecycled(HandoffFact, frozen=True, kw_only=True, tag="sales.recycled.v1"):
    """Sales sent the lead back to be nurtured."""

    reason: str = ""


class SalesContacted(HandoffFact, frozen=True, kw_only=True, tag="sales.contacted.v1"):
    """A rep wrote or called."""


class MeetingHeld(HandoffFact, frozen=True, kw_only=True, tag="meeting.held.v1"):
    """A rep and the lead met."""


class DealFact(Happened, frozen=True, kw_only=True):
    """What every deal event says; not a fact by itself."""

    opportunity: str = ""
    currency: str = ""
    by: str = ""


class OpportunityOpened(DealFact, frozen=True, kw_only=True, tag="opportunity.opened.v1"):
    """Sales opened an opportunity (SQL)."""

    amount: Money | None = None
    expected_close: Millis | None = None


class OpportunityMoved(DealFact, frozen=True, kw_only=True, tag="opportunity.moved.v1"):
    """An opportunity changed its stage, amount or expected close."""

    stage: str
    amount: Money | None = None
    expected_close: Millis | None = None


class DealWon(DealFact, frozen=True, kw_only=True, tag="deal.won.v1"):
    """The lead bought."""

    amount: Money | None = None
    margin: Money | None = None


class DealLost(DealFact, frozen=True, kw_only=True, tag="deal.lost.v1"):
    """The lead did not buy."""

    reason: str = ""


class Invoiced(DealFact, frozen=True, kw_only=True, tag="deal.invoiced.v1"):
    """We billed a customer."""

    amount: Money


class Renewed(DealFact, frozen=True, kw_only=True, tag="deal.renewed.v1"):
    """A customer stayed."""

    amount: Money | None = None


class Churned(DealFact, frozen=True, kw_only=True, tag="deal.churned.v1"):
    """A customer left."""

    reason: str = ""


Fact = (
    Tick
    | PolicyApplied
    | LeadCreated
    | LeadUpdated
    | BasisGiven
    | BasisWithdrawn
    | PageViewed
    | PricingViewed
    | FormSubmitted
    | ContentDownloaded
    | WebinarAttended
    | DemoRequested
    | Tracked
    | EngagementRetracted
    | EmailProcessed
    | EmailDelivered
    | EmailDeferred
    | EmailDropped
    | EmailOpened
    | EmailClicked
    | EmailReplied
    | EmailBounced
    | EmailComplained
    | EmailUnsubscribed
    | SendSettled
    | SalesAccepted
    | SalesRejected
    | SalesRecycled
    | SalesContacted
    | MeetingHeld
    | OpportunityOpened
    | OpportunityMoved
    | DealWon
    | DealLost
    | Invoiced
    | Renewed
    | Churned
)


def tag_of(shape: type[Struct]) -> str:
    """The literal that stands for a shape on the wire, such as ``page.viewed.v1``."""
    return str(shape.__struct_config__.tag)


FACTS: dict[str, type[Happened]] = {tag_of(shape): shape for shape in get_args(Fact)}
