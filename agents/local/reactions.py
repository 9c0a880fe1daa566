"""How the demo's people answer: leads to mails that they really got, reps to handoffs in their queue. All by seed."""

from collections.abc import Iterator
from random import Random
from typing import Final

from agents.local.people import Person
from agents.local.world import Event, track
from schemas import topics
from schemas.ledger import LedgerEntry
from schemas.queue import QueueItem
from schemas.units import DAY, HOUR, MINUTE

_OPENS: Final = {"none": 0.2, "mild": 0.4, "warm": 0.55, "hot": 0.7}
_CLICKS: Final = {"none": 0.03, "mild": 0.12, "warm": 0.35, "hot": 0.5}  # of those who opened
_REPLIES: Final = {"none": 0.0, "mild": 0.01, "warm": 0.04, "hot": 0.1}  # of those who clicked
_LEAVES: Final = {"none": 0.04, "mild": 0.015, "warm": 0.004, "hot": 0.002}
_BOUNCES: Final = 0.015
_COMPLAINS: Final = 0.002
_MACHINE: Final = 0.15
_REJECTS: Final = ("no-project", "cannot-reach", "wrong-fit", "duplicate")


def to_mail(entry: LedgerEntry, person: Person, seed: int) -> Iterator[Event]:
    """What the provider reports of one accepted mail, and what its reader does."""
    dice = Random(f"{seed}:{entry.send_key}")
    at = entry.settled_at + dice.randint(1, 4) * MINUTE
    yield _mail(entry, "Email Processed", at)
    at += dice.randint(1, 5) * MINUTE
    if dice.random() < _BOUNCES:
        yield _mail(entry, "Email Bounced", at, kind="hard", reason="550 no such mailbox")
        return
    yield _mail(entry, "Email Delivered", at)
    if dice.random() < _MACHINE:
        yield _mail(entry, "Email Opened", at + MINUTE // 2, machine=True)
    yield from _reading(entry, person, at + int(dice.expovariate(1 / (8 * HOUR))), dice)


def _reading(entry: LedgerEntry, person: Person, at: int, dice: Random) -> Iterator[Event]:
    if dice.random() >= _OPENS[person.appetite]:
        return
    yield _mail(entry, "Email Opened", at)
    if dice.random() < _LEAVES[person.appetite]:
        yield _mail(entry, "Unsubscribed", at + MINUTE)
    elif dice.random() < _COMPLAINS:
        yield _mail(entry, "Email Marked as Spam", at + MINUTE)
    elif dice.random() < _CLICKS[person.appetite]:
        yield _mail(entry, "Email Link Clicked", at + 2 * MINUTE, url="https://www.wattlark.example/customers/dairy")
        if dice.random() < _REPLIES[person.appetite]:
            yield _mail(entry, "Email Replied", at + HOUR, asks_for_contact=dice.random() < 0.5)


def to_handoff(item: QueueItem, person: Person, seed: int) -> Iterator[Event]:
    """A rep's answer, a day or so later: most accept, some refuse with a reason, some say nothing at all."""
    dice = Random(f"{seed}:{item.handoff_id}")
    at = item.handed_at + dice.randint(2, 30) * HOUR
    mood = dice.random()
    if mood < 0.15:
        return
    if mood < 0.4:
        yield _answer(item, "Sales Rejected", at, reason=dice.choice(_REJECTS))
        return
    yield _answer(item, "Sales Accepted", at)
    yield _answer(item, "Sales Contacted", at + 4 * HOUR)
    if person.appetite == "hot" or dice.random() < 0.3:
        amount = dice.randint(40, 900) * 10_000
        yield _answer(
            item, "Opportunity Opened", at + 2 * DAY, opportunity=f"{item.handoff_id}:o", amount=amount, currency="EUR"
        )
        verdict = "Deal Won" if dice.random() < 0.5 else "Deal Lost"
        yield _answer(item, verdict, at + 7 * DAY, opportunity=f"{item.handoff_id}:o", currency="EUR")


def _mail(entry: LedgerEntry, event: str, at: int, **more: object) -> Event:
    name = f"{entry.send_key}-{event.replace(' ', '-').lower()}-{at}"
    value = track(entry.lead_id, event, at, name, send_key=entry.send_key, email_id=entry.email, **more)
    return Event(at, 0, topics.ENGAGEMENT, entry.lead_id, value)


def _answer(item: QueueItem, event: str, at: int, **more: object) -> Event:
    name = f"{item.handoff_id}-{event.replace(' ', '-').lower()}"
    value = track(item.lead_id, event, at, name, handoff_id=item.handoff_id, by=item.owner, **more)
    return Event(at, 0, topics.SALES_FEEDBACK, item.lead_id, value)
