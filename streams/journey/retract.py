"""Facts taken back, as if they had never happened: engagement, traits, consents. What was sent or handed over stays."""

from collections.abc import Callable, Collection, Iterable

from msgspec.structs import replace

from schemas.commands import Discount
from schemas.facts import EngagementRetracted, Fact
from schemas.lead import RECENT_FACTS, Lead
from schemas.reason import Verdict
from streams.journey.clicks import expressible, sift, taken_back
from streams.journey.compiled import Compiled
from streams.journey.memory import DIGEST, digest_of, is_known, is_news, learn, noted
from streams.journey.turn import Turn

Told = tuple[Fact, Compiled]
Past = Callable[[str], Iterable[Told]]
"""A lead's facts from the first one on, each with the policy that was in force."""


def retract(lead: Lead, turn: Turn) -> Lead:
    """Takes back what the row can express: clicks of late, wishes, and what has not come yet.

    The rest is ``recalled`` beforehand, by whoever holds the lead's facts.
    """
    fact = turn.fact
    if not isinstance(fact, EngagementRetracted):
        return lead
    turn.say(Discount, engagement=fact.engagement, why=Verdict(fact.why))
    return replace(
        _weightless(lead, fact.engagement),
        wishes={email: wish for email, wish in lead.wishes.items() if wish.fact not in fact.engagement},
        recent=_never_news(lead, fact),
    )


def _weightless(lead: Lead, names: Collection[str]) -> Lead:
    """These clicks weigh nothing; what they betrayed of others stays betrayed."""
    for click in lead.clicks:
        if click.id in names and click.state == "counts":
            lead = taken_back(lead, click)
    return replace(lead, clicks=tuple(replace(c, state="void") if c.id in names else c for c in lead.clicks))


def _never_news(lead: Lead, fact: EngagementRetracted) -> bytes:
    """What is retracted before it came is dropped as a repeat when it comes."""
    new = b"".join(digest_of(name) for name in fact.engagement if not is_known(lead, name))
    return (lead.recent + new)[-RECENT_FACTS * DIGEST :]


def needs_past(lead: Lead, fact: EngagementRetracted, policy: Compiled) -> bool:
    """Whether the row alone cannot say how it would be without these facts."""
    if not is_news(lead, fact):
        return False
    turn, clicks = Turn(fact, lead, policy), {click.id: click for click in lead.clicks}
    for name in fact.engagement:
        click = clicks.get(name)
        if click is None:
            if is_known(lead, name) or len(lead.recent) >= RECENT_FACTS * DIGEST:
                return True
        elif click.state == "counts" and not expressible(lead, click, turn):
            return True
    return False


def recalled(lead: Lead, fact: EngagementRetracted, policy: Compiled, past: Past) -> Lead:
    """The row as its facts tell it without those that are taken back, when it cannot tell that itself."""
    if not needs_past(lead, fact, policy):
        return lead
    row = _refolded(lead.id, fact, past(lead.id))
    return replace(
        lead,
        traits=row.traits,
        bases={kind: basis for kind, basis in lead.bases.items() if row.bases.get(kind) == basis},  # none comes back
        counts=row.counts,
        interest_at=row.interest_at,
        moments=row.moments,
        clicks=row.clicks,
        delivered=row.delivered,
        forgotten=row.forgotten,
        judged_by="",
    )


def _refolded(lead_id: str, fact: EngagementRetracted, past: Iterable[Told]) -> Lead:
    """The memory of all that came before the retraction. Ticks add nothing: a click's verdict is the same without."""
    earlier = []
    for told in past:
        if told[0].id == fact.id:
            break
        earlier.append(told)
    retractions = [one for one, _ in earlier if isinstance(one, EngagementRetracted)]
    void = {name for one in (*retractions, fact) for name in one.engagement}
    row = Lead(id=lead_id)
    for one, policy in earlier:
        if is_news(row, one):
            row = _remembered(row, one, policy, void)
    return row


def _remembered(row: Lead, fact: Fact, policy: Compiled, void: Collection[str]) -> Lead:
    """What ``decide`` would remember of it. What is void says nothing; as a click it still bears on other clicks."""
    turn = Turn(fact, row, policy)
    if fact.id in void:
        return _weightless(sift(noted(row, fact), turn), (fact.id,))
    return sift(retract(learn(row, turn), turn), turn)
