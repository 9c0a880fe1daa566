"""May we write to this lead now? Refuses by default and names its reason. It never sends and never renders."""

from collections.abc import Sequence

from schemas.lead import Lead
from schemas.reason import Reason
from streams.journey.calendar import next_open, zone_of
from streams.journey.compiled import Compiled
from streams.journey.model import Judge
from streams.journey.route import Route

Pause = tuple[Reason, int]


def forbidden(lead: Lead, seen: int) -> Reason | None:
    """Why nothing at all may be sent to this lead, or None: address, suppression, lawful basis."""
    if not lead.traits.get("email"):
        return Reason.NO_ADDRESS
    if lead.suppressed is not None:
        return lead.suppressed
    if not lead.bases:
        return Reason.NO_BASIS
    for basis in lead.bases.values():
        if basis.expires is None or basis.expires > seen:
            return None
    return Reason.BASIS_EXPIRED


def unsuitable(lead: Lead, policy: Compiled) -> Reason | None:
    """Why nurture is not for this lead as it stands, or None."""
    if lead.handoff is not None:
        return Reason.WITH_SALES
    if lead.customer:
        return Reason.CUSTOMER
    if is_qualified(lead, policy):
        return None
    vetoed = all(standing.veto for standing in lead.standings.values())
    return Reason.DISQUALIFIED if vetoed else Reason.NOT_QUALIFIED


def qualified_in(lead: Lead, policy: Compiled) -> list[str]:
    """The models in which the lead is worth nurturing."""
    return [name for name, model in policy.models.items() if qualifies(lead, model)]


def is_qualified(lead: Lead, policy: Compiled) -> bool:
    """Whether there is such a model."""
    return any(qualifies(lead, model) for model in policy.models.values())


def ready_in(lead: Lead, policy: Compiled) -> list[str]:
    """The models in which it is worth a call: a stage that ``lifecycle.yaml`` calls ready, and nothing vetoes it."""
    found = []
    for name, model in policy.models.items():
        standing = lead.standings[name]
        if standing.stage in model.ready and not standing.veto:
            found.append(name)
    return found


def qualifies(lead: Lead, model: Judge) -> bool:
    """Worth nurturing in this model: a stage that ``lifecycle.yaml`` calls qualified, and nothing vetoes it."""
    standing = lead.standings[model.name]
    return standing.stage in model.qualified and not standing.veto


def paused(lead: Lead, seen: int) -> Pause | None:
    """What sales does for a declared time takes precedence over nurture."""
    if lead.opportunity_until > seen:
        return Reason.OPPORTUNITY_OPEN, lead.opportunity_until
    if lead.contacted_until > seen:
        return Reason.SALES_CONTACTED, lead.contacted_until
    return None


def alive_at(lead: Lead) -> int:
    """When the lead last showed interest, or else got our first e-mail (ms); 0 when it was never written to."""
    return max(lead.interest_at, min(lead.received.values())) if lead.received else 0


def sets_at(lead: Lead, policy: Compiled) -> int:
    """When a lead that stays silent is left alone (ms), 0 for never."""
    if not policy.sunset:
        return 0
    alive = alive_at(lead)
    return alive + policy.sunset if alive else 0


def not_now(lead: Lead, seen: int, policy: Compiled, route: Route) -> Pause | None:
    """Quiet hours where the lead is, or enough mail for now: the reason, and when to look again (ms)."""
    zone, holidays = zone_of(lead, policy.policy.brand).name, policy.holidays_in(lead.traits.get("country"))
    opens = next_open(seen, zone, policy.quiet, holidays=holidays)
    within = opens
    if route.window is not None:
        within = next_open(opens, zone, policy.quiet, route.window, holidays=holidays)
    if within > seen:
        return (Reason.QUIET_HOURS if opens > seen else Reason.OUT_OF_WINDOW), within
    free = _free(lead, seen, policy, route)
    return (Reason.FREQUENCY_CAP, free) if free > seen else None


def _free(lead: Lead, seen: int, policy: Compiled, route: Route) -> int:
    """When the caps of all programs and those of the program's class leave room (ms)."""
    own = lead.sent.get(route.program.class_, ())
    every = sorted(at for times in lead.sent.values() for at in times)
    limits = [*((every, *cap) for cap in policy.caps), *((own, *cap) for cap in route.caps)]
    return max((_free_at(sent, most, within, seen) for sent, most, within in limits), default=seen)


def _free_at(sent: Sequence[int], most: int, within: int, seen: int) -> int:
    recent = [at for at in sent if at > seen - within]
    return seen if len(recent) < most else recent[-most] + within
