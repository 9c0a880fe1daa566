"""``lifecycle.yaml``: what the firm calls a lead. It names nobody (``streams.journey.lifecycle``)."""

from collections.abc import Mapping
from typing import Annotated, Final

from msgspec import Meta

from schemas.authored import Agreed, Authored, Name, When
from schemas.catalogue import FieldDefinition


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

_ROW: Final = """id model lifecycle lifecycle_since stage_since fit engagement grade veto suppressed program with_sales
silence"""
RESERVED: Final = frozenset([*STANDING, *_ROW.split()])
"""What conditions call where a lead stands; a field of the catalogue by such a name would be hidden by it."""


def reserved(field: str) -> str:
    """The complaint about a field that no catalogue may have; empty when it may."""
    own = field.removeprefix("fact.")
    if field not in RESERVED and own == field:
        return ""
    return f'found the field "{field}", which is a name of our own in conditions, expected another one, as "lead_{own}"'


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
