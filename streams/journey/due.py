"""When to look at a lead again, so that none is silent by accident. It looks at nothing itself."""

from schemas.lead import Lead
from streams.journey import gate
from streams.journey.compiled import Compiled
from streams.journey.entry import reopenings


def next_due(lead: Lead, seen: int, policy: Compiled) -> int:
    """When time alone may change something (ms), 0 when only a fact can."""
    due = 0
    for at in _awaited(lead, policy):
        if at > seen and (at < due or not due):
            due = at
    for standing in lead.standings.values():
        if standing.lapses > seen and (standing.lapses < due or not due):
            due = standing.lapses
    return due


def is_called(lead: Lead, seen: int, policy: Compiled) -> bool:
    """Whether time has come for more than a look at the lead's stages."""
    return any(lead.seen < at <= seen for at in _awaited(lead, policy))


def _awaited(lead: Lead, policy: Compiled) -> list[int]:
    """When something other than stages may change (ms); what has passed may be among it."""
    awaited = [lead.contacted_until, lead.opportunity_until, lead.cool_until]
    if lead.handoff is not None:
        awaited.append(lead.handoff.answer_by)
    else:
        awaited += [enrolment.due for enrolment in lead.enrolments]
        if lead.finished and len(lead.enrolments) < len(policy.classes):
            awaited += reopenings(lead, policy)
        if policy.sunset:
            awaited.append(gate.sets_at(lead, policy))
    if lead.clicks:
        awaited += [click.due for click in lead.clicks if click.state == "waits"]
    return awaited
