"""A client address that clicks for people of unrelated companies is a machine. It knows clients, and no lead's row."""

from schemas.facts import EmailClicked, EngagementRetracted
from schemas.lead import Lead
from schemas.sighting import MOST_SIGHTINGS, Crowd, Sighting
from streams.journey.compiled import Compiled
from streams.journey.memory import digest_of

SOURCE = "nurture/crowd"


def sighted(lead: Lead, fact: EmailClicked, policy: Compiled) -> Sighting | None:
    """What the watch must know of a click; None when nobody knows where it came from or whose company it was for."""
    company = lead.traits.get("company") or str(lead.traits.get("email") or "").rpartition("@")[2]
    if not fact.client or not company:
        return None
    return Sighting(
        id=fact.id,
        lead_id=fact.lead_id,
        at=fact.at,
        seen=fact.seen,
        client=fact.client,
        company=digest_of(str(company).casefold()).hex(),
        companies=policy.bots.companies,
        within=policy.bots.crowd,
    )


def watch(crowd: Crowd, click: Sighting) -> tuple[Crowd, tuple[EngagementRetracted, ...]]:
    """The client's clicks with one more, and what is to be taken back of them. A repeat changes nothing."""
    if any(other.id == click.id and other.lead_id == click.lead_id for other in crowd.sightings):
        return crowd, ()
    kept = (*crowd.sightings, click)[-MOST_SIGHTINGS:]
    near = [other for other in kept if abs(other.at - click.at) <= click.within]
    unrelated = len({other.company for other in near}) >= click.companies
    caught = [other for other in near if unrelated and _name(other) not in crowd.void]
    known = {_name(other) for other in kept}
    void = (*(name for name in crowd.void if name in known), *map(_name, caught))
    return Crowd(sightings=kept, void=void), tuple(_retraction(other, click) for other in caught)


def _name(click: Sighting) -> str:
    """One name for a click of a lead; sources count their ids for themselves."""
    return digest_of(f"{click.lead_id}\0{click.id}").hex()


def _retraction(click: Sighting, last: Sighting) -> EngagementRetracted:
    seen = max(click.seen, last.seen)
    return EngagementRetracted(
        id=f"crowd:{_name(click)}",
        lead_id=click.lead_id,
        at=seen,
        seen=seen,
        source=SOURCE,
        engagement=(click.id,),
        why="crowd",
    )
