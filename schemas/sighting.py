"""A click as the watch over client addresses sees it, and what it remembers. It names no person and no address."""

from msgspec import Struct

from schemas.facts import FactId, LeadId
from schemas.units import Millis

MOST_SIGHTINGS = 32  # of one client: more within the time would say nothing new


class Sighting(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="sighting.v1", tag_field="type"):
    """A click from a client: for which lead, of which company (a hash), and what would make it a crowd.

    So many ``companies`` from one client ``within`` so many ms.
    """

    id: FactId
    lead_id: LeadId
    at: Millis
    seen: Millis
    client: str
    company: str
    companies: int
    within: Millis


class Crowd(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The newest clicks from one client, and which of them are taken back already."""

    sightings: tuple[Sighting, ...] = ()
    void: tuple[str, ...] = ()
