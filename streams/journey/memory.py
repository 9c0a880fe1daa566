"""What a lead's row remembers of a fact. It concludes nothing: no stage, no send, no handoff."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import islice
from typing import Any, Final, assert_never

from msgspec.structs import replace

from schemas import facts as f
from schemas.handoff import Moment
from schemas.lead import MOMENTS, MOST_TRAITS, RECENT_FACTS, Basis, Lead
from schemas.reason import Reason
from schemas.units import DAY, day_of
from streams.journey.compiled import REQUESTED, Compiled
from streams.journey.model import Scored
from streams.journey.past import Days
from streams.journey.points import once_more
from streams.journey.route import Route
from streams.journey.turn import Turn

DIGEST: Final = 8  # bytes
_SUPPRESSING: Final = {  # the gravest first
    f.EmailComplained: Reason.COMPLAINED,
    f.EmailUnsubscribed: Reason.UNSUBSCRIBED,
    f.EmailBounced: Reason.HARD_BOUNCE,
}
_LABEL: Final = 80
_NEVER: Final[Days] = {}
_LABELS: Final = ("content", "webinar", "form", "path", "email")
Changes = dict[str, Any]


def is_news(lead: Lead, fact: f.Fact) -> bool:
    """False for a repeat within the lead's last 128 facts, and for a tick that is no longer due."""
    if isinstance(fact, f.Tick):
        return 0 < lead.due <= fact.due
    return not is_known(lead, fact.id)


def is_known(lead: Lead, name: str) -> bool:
    """Whether a fact of this id is among the lead's last 128."""
    digest, recent = digest_of(name), lead.recent
    found = recent.find(digest)
    while found >= 0 and found % DIGEST:  # a hit that is not aligned is none
        found = recent.find(digest, found + 1)
    return found >= 0


def learn(lead: Lead, turn: Turn) -> Lead:
    """The row after this fact: traits, bases, counts, moments, what sales did. ``seen`` never runs backwards."""
    fact = turn.fact
    if isinstance(fact, f.Tick):
        return replace(lead, seen=turn.seen)
    changes = _learned(lead, fact, turn.policy)
    changes["seen"], changes["facts"], changes["recent"] = turn.seen, lead.facts + 1, _recent(lead, fact)
    if not isinstance(fact, f.EmailClicked):  # a click waits for a verdict (``clicks``)
        hits = hit_by(lead, fact, turn.policy)
        if hits:
            changes |= _fed(lead, hits, fact.at, label_of(fact), turn)
    return replace(lead, **changes)


def noted(lead: Lead, fact: f.Fact) -> Lead:
    """The row after a fact of which nothing is kept but that it came."""
    return replace(lead, seen=max(lead.seen, fact.seen), facts=lead.facts + 1, recent=_recent(lead, fact))


def _recent(lead: Lead, fact: f.Fact) -> bytes:
    return (lead.recent + digest_of(fact.id))[-RECENT_FACTS * DIGEST :]


def _learned(lead: Lead, fact: f.Fact, policy: Compiled) -> Changes:  # noqa: C901, PLR0911, PLR0912 - one row a kind
    match fact:
        case f.PageViewed() | f.EmailProcessed() | f.EmailDelivered() | f.EmailDeferred() | f.EmailDropped():
            return {}
        case f.Tick() | f.PolicyApplied():
            return {}
        case f.EmailOpened() | f.EmailClicked() | f.EmailReplied() | f.PricingViewed() | f.Tracked():
            return {}
        case f.FormSubmitted() | f.ContentDownloaded() | f.WebinarAttended() | f.DemoRequested():
            return {}
        case f.LeadCreated() | f.LeadUpdated():
            return _introduced(lead, fact.traits)
        case f.BasisGiven():
            given = Basis(kind=fact.basis, at=fact.at, form=fact.form, wording=fact.wording, expires=fact.expires)
            return {"bases": lead.bases | {fact.basis: given}}
        case f.BasisWithdrawn():
            kept = {kind: basis for kind, basis in lead.bases.items() if fact.basis not in ("", kind)}
            return {"bases": kept}
        case f.EmailBounced():
            return {} if fact.kind == "soft" else _suppressed(lead, fact)
        case f.EmailComplained() | f.EmailUnsubscribed():
            return _suppressed(lead, fact)
        case f.SendSettled():
            return _settled(lead, fact, policy)
        case f.SalesContacted() | f.MeetingHeld():
            return {"contacted_until": max(lead.contacted_until, fact.at + policy.pauses.contact)}
        case f.OpportunityOpened() | f.OpportunityMoved():
            return {"opportunity_until": max(lead.opportunity_until, fact.at + policy.pauses.opportunity)}
        case f.DealWon() | f.Invoiced() | f.Renewed():
            return {"customer": True, "opportunity_until": 0}
        case f.DealLost():
            return {"opportunity_until": 0}
        case f.Churned():
            return {"customer": False}
        case f.SalesAccepted() | f.SalesRejected() | f.SalesRecycled() | f.EngagementRetracted():
            return {}
        case _:
            assert_never(fact)


def _introduced(lead: Lead, traits: Mapping[str, f.Scalar]) -> Changes:
    known = {name: value for name, value in (lead.traits | dict(traits)).items() if value is not None}
    merged = dict(islice(known.items(), MOST_TRAITS))
    changes: Changes = {"traits": merged}
    if lead.suppressed is Reason.HARD_BOUNCE and merged.get("email") != lead.traits.get("email"):
        changes["suppressed"] = None  # the address bounced, not the person
    return changes


def _suppressed(lead: Lead, fact: f.Happened) -> Changes:
    """What the person said outranks what the mailbox did: an address may change, a no stays."""
    reasons = {lead.suppressed, _SUPPRESSING[type(fact)]}  # type: ignore[index]
    return {"suppressed": next(reason for reason in _SUPPRESSING.values() if reason in reasons)}


def _settled(lead: Lead, fact: f.SendSettled, policy: Compiled) -> Changes:
    """A send that never left was never received, and counts towards no cap."""
    when = lead.received.get(fact.email)
    changes: Changes = {}
    if fact.send_key in lead.pending:
        changes["pending"] = {key: one for key, one in lead.pending.items() if key != fact.send_key}
    if fact.outcome in ("accepted", "held") or when is None or fact.program == REQUESTED:
        return changes
    received = {email: at for email, at in lead.received.items() if email != fact.email}
    return changes | {"received": received, "sent": _without(when, lead, policy.routes.get(fact.program))}


def _without(when: int, lead: Lead, route: Route | None) -> dict[str, tuple[int, ...]]:
    for name, times in lead.sent.items():
        if when in times and (route is None or name == route.program.class_):
            nth = times.index(when)
            return lead.sent | {name: times[:nth] + times[nth + 1 :]}
    return lead.sent


def hit_by(lead: Lead, fact: f.Happened, policy: Compiled) -> Sequence[Scored]:
    """The engagement rules that this fact feeds. A machine's open feeds none."""
    if isinstance(fact, f.EmailOpened) and fact.machine:
        return ()
    return policy.fed_by(fact, lead.traits)


def fed(lead: Lead, rules: Sequence[str], at: int, label: str, turn: Turn) -> Changes:
    """Counts, moment and interest after something that feeds these rules; one that is gone by now counts too."""
    known = turn.policy.rules
    changes = _fed(lead, [known[key] for key in rules if key in known], at, label, turn)
    for key in set(rules) - set(known):
        days = changes["counts"].get(key, {})
        changes["counts"][key] = days | {day_of(at): days.get(day_of(at), 0) + 1}
    return changes


def _fed(lead: Lead, hits: Sequence[Scored], at: int, label: str, turn: Turn) -> Changes:
    counts, day, today, telling = lead.counts.copy(), at // DAY, turn.seen // DAY, None
    for hit in hits:
        key = hit.key
        counts[key] = once_more(counts.get(key, _NEVER), day, hit, today)
        turn.fed[key] = None
        if hit.interests and (telling is None or hit.points > telling.points):
            telling = hit
    changes: Changes = {"counts": counts}
    if telling is not None:
        changes["interest_at"] = max(lead.interest_at, at)
        changes["moments"] = _remembered(lead, Moment(what=telling.key, at=at, label=label))
    return changes


def _remembered(lead: Lead, moment: Moment) -> tuple[Moment, ...]:
    told = (*lead.moments, moment)
    if lead.moments and moment.at <= lead.moments[-1].at:
        told = tuple(sorted(told, key=_order))
    return told[-MOMENTS:]


def _order(moment: Moment) -> tuple[int, str, str]:
    return moment.at, moment.what, moment.label


def label_of(fact: f.Fact) -> str:
    """What was read, taken, attended or followed, in a word or two."""
    for name in _telling(type(fact)):
        text = getattr(fact, name)
        if text:
            return str(text)[:_LABEL]
    return ""


@cache
def _telling(shape: type[f.Fact]) -> tuple[str, ...]:
    return tuple(name for name in _LABELS if name in shape.__struct_fields__)


@lru_cache(maxsize=2)  # each fact's is asked for twice
def digest_of(text: str) -> bytes:
    """A fact's id in 8 bytes."""
    return hashlib.blake2b(text.encode(), digest_size=DIGEST).digest()
