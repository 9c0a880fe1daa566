"""``catalogue.yaml``: what can be known of a lead. It knows no lead."""

from typing import Literal

from msgspec import field

from schemas.authored import Authored, Owned


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
