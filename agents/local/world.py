"""The bundled event stream: weeks in the life of a few hundred leads, from one seed. Only what they do unasked.

How they answer mail, and how sales answer handoffs, is in ``reactions``.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final, NamedTuple

from agents.local.people import Person, people
from schemas import topics
from schemas.codec import encode
from schemas.units import DAY, HOUR, MINUTE, iso

START: Final = 1_772_409_600_000  # Monday 2026-03-02, midnight UTC
_VISITS: Final = {"none": 3, "mild": 5, "warm": 6, "hot": 6}  # over the weeks
_PAGES: Final = (
    *("/", "/product", "/about", "/careers/engineer"),
    *("/guides/load-profiles", "/guides/peak-charges", "/customers/dairy", "/customers/cold-store"),
)
_WEBINARS: Final = ("reading-a-load-profile", "metering-a-plant-in-a-week")
_PAPERS: Final = ("audit-checklist", "metering-plan", "savings-worksheet")
# One visit: what may happen after the pages were read, and how likely it is for each appetite.
_DEEDS: Final = {
    "Pricing Viewed": {"none": 0.0, "mild": 0.03, "warm": 0.1, "hot": 0.35},
    "Content Downloaded": {"none": 0.01, "mild": 0.06, "warm": 0.14, "hot": 0.3},
    "Form Submitted": {"none": 0.0, "mild": 0.015, "warm": 0.04, "hot": 0.1},
    "Webinar Attended": {"none": 0.0, "mild": 0.02, "warm": 0.06, "hot": 0.15},
    "Savings Calculated": {"none": 0.0, "mild": 0.02, "warm": 0.06, "hot": 0.2},
    "Trial Started": {"none": 0.0, "mild": 0.002, "warm": 0.015, "hot": 0.12},
    "Meter Connected": {"none": 0.0, "mild": 0.0, "warm": 0.01, "hot": 0.08},
    "Cursor Rested": {"none": 0.02, "mild": 0.02, "warm": 0.02, "hot": 0.02},  # undeclared: kept, weighs nothing
    "Demo Requested": {"none": 0.0, "mild": 0.0, "warm": 0.004, "hot": 0.03},
}


class Event(NamedTuple):
    """One record for an input topic. Events sort by time."""

    at: int
    number: int
    topic: str
    key: str
    value: bytes


def stream(leads: int, weeks: int, seed: int) -> list[Event]:
    """Everything that happens unasked, in order. The same seed gives the same bytes."""
    dice = Random(seed)
    found = [event for person in people(leads, dice) for event in _life(person, weeks, Random(f"{seed}:{person.id}"))]
    found += _dirt(found, dice)
    return [event._replace(number=n) for n, event in enumerate(sorted(found, key=lambda e: (e.at, e.key, e.value)))]


def track(person_id: str, event: str, at: int, message_id: str, **properties: Any) -> bytes:
    """A Track call of Segment's spec, as JSON."""
    message = {"type": "track", "event": event, "userId": person_id, "messageId": message_id, "timestamp": iso(at)}
    return encode(message | {"properties": properties})


def _life(person: Person, weeks: int, dice: Random) -> Iterator[Event]:
    arrives = START + int(dice.betavariate(1, 1.6) * max(1, weeks - 1) * 7 * DAY)
    yield from _introduction(person, arrives)
    span = START + weeks * 7 * DAY - arrives
    for visit in range(dice.randint(1, 2 * _VISITS[person.appetite])):
        at = arrives + 20 * MINUTE + int(dice.random() ** 1.3 * (span - DAY))
        yield from _visit(person, visit, at, dice)


def _introduction(person: Person, at: int) -> Iterator[Event]:
    id_ = person.id
    created = track(id_, "Lead Created", at, f"{id_}-created", **person.traits)
    yield Event(at, 0, topics.LEADS, id_, created)
    if person.consents:
        given = {"basis": "consent", "form": "newsletter", "wording": "2026-01"}
        yield Event(
            at + MINUTE, 0, topics.LEADS, id_, track(id_, "Lawful Basis Given", at + MINUTE, f"{id_}-basis", **given)
        )


def _visit(person: Person, visit: int, at: int, dice: Random) -> Iterator[Event]:
    name = f"{person.id}-{visit}"
    for page in range(dice.randint(2, 7)):
        at += dice.randint(1, 6) * MINUTE // 2
        yield Event(at, 0, topics.ENGAGEMENT, person.id, _page(person.id, f"{name}-{page}", at, dice.choice(_PAGES)))
    for deed, chances in _DEEDS.items():
        if dice.random() < chances[person.appetite]:
            at += MINUTE
            properties = _PROPERTIES[deed](dice)
            value = track(person.id, deed, at, f"{name}-{deed.replace(' ', '-').lower()}", **properties)
            yield Event(at, 0, topics.ENGAGEMENT, person.id, value)


def _page(person_id: str, message_id: str, at: int, path: str) -> bytes:
    message = {"type": "page", "userId": person_id, "messageId": message_id, "timestamp": iso(at)}
    return encode(message | {"properties": {"path": path, "title": path.strip("/") or "home"}})


_PROPERTIES: Final[dict[str, Callable[[Random], dict[str, Any]]]] = {
    "Pricing Viewed": lambda _: {"path": "/pricing"},
    "Content Downloaded": lambda dice: {"content": dice.choice(_PAPERS)},
    "Form Submitted": lambda dice: {"form": "ask-us", "requested": dice.choice(("buyers-guide", "pricing-sheet"))},
    "Webinar Attended": lambda dice: {"webinar": dice.choice(_WEBINARS), "minutes": dice.randint(10, 55)},
    "Savings Calculated": lambda dice: {"yearly_saving": dice.randint(1, 90) * 1000, "currency": "EUR"},
    "Trial Started": lambda _: {"plan": "standard"},
    "Meter Connected": lambda dice: {"meters": dice.randint(1, 5)},
    "Cursor Rested": lambda _: {},
    "Demo Requested": lambda _: {},
}


def _dirt(events: list[Event], dice: Random) -> list[Event]:
    """What real feeds bring: repeats of what was sent before, and records that are none."""
    repeats = [event._replace(at=event.at + HOUR) for event in dice.sample(events, len(events) // 100)]
    broken = [
        Event(START + int(dice.random() * 14 * DAY), 0, topics.ENGAGEMENT, f"feed-{n}", value)
        for n, value in enumerate(_BROKEN * 3)
    ]
    return repeats + broken


_BROKEN: Final = (
    b"\xff\xfe not text",
    b"{",
    b"null",
    b'{"type":"alias","userId":"x","messageId":"m-1"}',
    b'{"type":"track","event":"Pricing Viewed","messageId":"m-2","properties":{}}',
    b'{"type":"identify","userId":"lead 1\\r\\nBcc: all","messageId":"m-3","traits":{}}',
    b'{"type":"identify","userId":"lead-90001","messageId":"m-4","traits":{"email":"no address"}}',
    b'{"type":"page","userId":"lead-90002","messageId":"m-5","timestamp":"1970-01-01T00:00:00Z","properties":{"path":"/"}}',
)
