"""Live traffic at a steady rate, and when each of it should have left: nobody's slowness delays the next. It asks only.

Nine in ten are page views. One in ten is a form, which is always answered by one decision: one in fifty asks for
something that we have, so a mail leaves; the others ask for what we do not have, so a skip says why.
"""

import asyncio
import time
from collections.abc import Iterable
from itertools import count
from typing import Any, Final, NamedTuple

import msgspec
from confluent_kafka import Producer

from schemas.codec import encode
from schemas.facts import FormSubmitted, PageViewed
from streams.engine.partition import partition_of
from streams.journey.compiled import REQUESTED
from streams.journey.turn import send_key
from tests.bench.stand import PARTITIONS

PAGES: Final = ("/", "/product", "/guides/load-profiles", "/customers/dairy")
HAVE, HAVE_NOT = "buyers-guide", "something-else"
ADDRESS: Final = "@firm.example"
_TICK_S: Final = 0.002
_numbers: Final = count()


class Event(NamedTuple):
    """One record to be, its fact's id, and the send key of the mail that it asks for ("": none)."""

    lead: str
    id: str
    value: bytes
    asks: bool
    send_key: str


def messages(many: int, leads: int) -> list[Event]:
    """For intake: messages of Segment's kind."""
    return [_event(number, leads, _message) for number in range(many)]


def facts(many: int, leads: int) -> list[Event]:
    """For the journey: facts as intake would have made them, just now."""
    return [_event(number, leads, _fact) for number in range(many)]


def _event(number: int, leads: int, say: Any) -> Event:
    lead, name = f"live-{number * 7919 % leads:06}", f"live:{next(_numbers)}"
    wanted = {0: HAVE}.get(number % 50, HAVE_NOT if number % 10 == 0 else "")
    key = send_key(lead, REQUESTED, name, wanted, 0) if wanted == HAVE else ""
    return Event(lead, name, say(lead, name, wanted, PAGES[number % len(PAGES)]), bool(wanted), key)


def _message(lead: str, name: str, wanted: str, path: str) -> bytes:
    about = {"userId": lead, "messageId": name}
    if wanted:
        said = {"type": "track", "event": "Form Submitted", "properties": {"form": "ask-us", "requested": wanted}}
    else:
        said = {"type": "page", "properties": {"path": path, "title": "A page"}}
    return msgspec.json.encode(about | said)


def _fact(lead: str, name: str, wanted: str, path: str) -> bytes:
    now = time.time_ns() // 1_000_000
    if wanted:
        form = FormSubmitted(id=name, lead_id=lead, at=now, seen=now, source="site", form="ask-us", requested=wanted)
        return encode(form)
    return encode(PageViewed(id=name, lead_id=lead, at=now, seen=now, source="site", path=path, title="A page"))


def introductions(leads: int) -> list[Event]:
    """Everybody's name, everybody's consent, and then a form, which is always decided: then both are known."""
    who = {"company": "Alder Foods", "country": "DE", "employees": 420}
    basis = {"basis": "consent", "form": "newsletter", "wording": "2026-01"}
    form = {"form": "ask-us", "requested": HAVE_NOT}
    names = [f"live-{number:06}" for number in range(leads)]
    return [
        *(_introduction(lead, "Lead Created", who | {"email": lead + ADDRESS}, asks=False) for lead in names),
        *(_introduction(lead, "Lawful Basis Given", basis, asks=False) for lead in names),
        *(_introduction(lead, "Form Submitted", form, asks=True) for lead in names),
    ]


def _introduction(lead: str, event: str, properties: dict[str, Any], *, asks: bool) -> Event:
    name = f"intro:{lead}:{event}:{next(_numbers)}"
    said = {"type": "track", "userId": lead, "messageId": name, "event": event, "properties": properties}
    return Event(lead, name, msgspec.json.encode(said), asks=asks, send_key="")


async def drive(bootstrap: str, topic: str, events: Iterable[Event], rate: float) -> list[tuple[Event, float]]:
    """Sends each when its time has come, and says when that was (seconds since 1970), as long as there are any.

    The times are those of the plan: a late generator or broker makes delays longer, never fewer.
    """
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 1, "acks": "all"})
    start, sent = time.time() + 0.1, list[tuple[Event, float]]()
    for event in events:
        due = start + len(sent) / rate
        while due > time.time():
            producer.poll(0)
            await asyncio.sleep(_TICK_S)
        key = event.lead.encode()
        producer.produce(topic, event.value, key, partition_of(key, PARTITIONS))
        sent.append((event, due))
    await asyncio.to_thread(producer.flush, 30)
    return sent
