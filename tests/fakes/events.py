"""SendGrid's Event Webhook as it leaves SendGrid: signed batches about accepted mail, late, twice or out of order.

It tells the truth about what the fake accepted, in whatever order a test wants. It listens to nobody.
"""

import base64
import hashlib
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.fakes.sendgrid import Taken

Event = dict[str, Any]


@dataclass(frozen=True)
class Emitter:
    """Signs like SendGrid (ECDSA, P-256, SHA-256 over timestamp and raw body) with a key of its own."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def public_key(self) -> str:
        """As the provider's console shows it: base64 of the key's DER, without armour."""
        der = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def headers(self, body: bytes, timestamp: str) -> dict[str, str]:
        """The two headers that prove a batch."""
        signature = self.key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return {
            "Content-Type": "application/json",
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        }

    async def post(self, url: str, events: Sequence[Event], timestamp: str) -> int:
        """One batch to a webhook; the status of the answer."""
        body = as_body(events)
        headers = self.headers(body, timestamp)
        async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as response:
            return response.status


def as_body(events: Sequence[Event]) -> bytes:
    """A batch as bytes: a JSON array that ends in CRLF, as the provider's do."""
    return json.dumps(events).encode() + b"\r\n"


def events_of(taken: Taken, kinds: Iterable[str] = ("processed", "delivered"), at: int = 0, **more: Any) -> list[Event]:
    """What the provider says of one accepted mail, one event a kind, a second apart (``at``: seconds since 1970).

    Custom arguments come back flat, beside the provider's own words. The same mail and kind have the same event id.
    """
    [person] = taken.payload["personalizations"]
    common = {
        "email": person["to"][0]["email"],
        "sg_message_id": f"{taken.message_id}.filter0001.1.1-0",
        "smtp-id": f"<{taken.message_id}@geopod>",
        "category": taken.payload.get("categories", []),
        **person.get("custom_args", {}),
        **more,
    }
    return [
        {**common, "event": kind, "timestamp": at + after, "sg_event_id": _event_id(taken, kind)}
        for after, kind in enumerate(kinds)
    ]


def disordered(events: Sequence[Event], dice: random.Random, repeats: int = 2) -> list[Event]:
    """Every event at least once, some up to ``repeats`` times more, in any order."""
    found = [event for event in events for _ in range(1 + dice.randrange(repeats + 1))]
    dice.shuffle(found)
    return found


def _event_id(taken: Taken, kind: str) -> str:
    digest = hashlib.sha256(f"{taken.message_id}:{kind}".encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
