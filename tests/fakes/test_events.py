"""The emitter is an oracle too: its signatures are the provider's by the word of the provider's own library."""

import asyncio
import random

import pytest
from aiohttp import web
from sendgrid.helpers.eventwebhook import EventWebhook

from tests.fakes.events import Emitter, as_body, disordered, events_of
from tests.fakes.sendgrid import Taken

TAKEN = Taken(
    "k1",
    "fake-1",
    0.0,
    {
        "personalizations": [{"to": [{"email": "ada@wonder.example"}], "custom_args": {"nk_send_key": "k1"}}],
        "categories": ["first-look"],
    },
)


@pytest.fixture(scope="module")
def emitter():
    return Emitter()


def verified(emitter, body, headers, key=None):
    oracle = EventWebhook()
    return oracle.verify_signature(
        body.decode(),
        headers["X-Twilio-Email-Event-Webhook-Signature"],
        headers["X-Twilio-Email-Event-Webhook-Timestamp"],
        oracle.convert_public_key_to_ecdsa(key or emitter.public_key),
    )


def test_the_provider_s_own_library_believes_the_signature(emitter):
    """What we sign verifies, and nothing else does."""
    body = as_body(events_of(TAKEN))
    headers = emitter.headers(body, "1767225600")
    assert verified(emitter, body, headers)
    assert not verified(emitter, body.replace(b"k1", b"k2"), headers)
    assert not verified(emitter, body, headers | {"X-Twilio-Email-Event-Webhook-Timestamp": "1767225601"})
    assert not verified(emitter, body, headers, Emitter().public_key)


def test_an_event_brings_the_send_key_back():
    """Custom arguments come back flat; the same mail and kind keep their event id."""
    processed, delivered = events_of(TAKEN, at=100)
    assert (processed["nk_send_key"], processed["event"], processed["timestamp"]) == ("k1", "processed", 100)
    assert delivered["timestamp"] == 101
    assert processed["sg_event_id"] != delivered["sg_event_id"]
    assert events_of(TAKEN, at=999)[0]["sg_event_id"] == processed["sg_event_id"]


def test_disorder_loses_and_invents_nothing():
    """Every event comes at least once, and none that did not happen; the same dice give the same disorder."""
    events = events_of(TAKEN, ("processed", "deferred", "delivered", "open", "click"))
    found = disordered(events, random.Random(7))
    assert {event["event"] for event in found} == {event["event"] for event in events}
    assert all(event in events for event in found)
    assert found == disordered(events, random.Random(7))
    assert len(found) > len(events)


def test_a_batch_arrives_as_it_was_signed(emitter):
    """Over HTTP the body is byte for byte what the signature covers."""

    async def main():
        arrived = []

        async def webhook(request):
            arrived.append((await request.read(), dict(request.headers)))
            return web.Response(status=204)

        app = web.Application()
        app.router.add_post("/events", webhook)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/events"
        status = await emitter.post(url, events_of(TAKEN), "1767225600")
        await runner.cleanup()
        return status, arrived

    status, [(body, headers)] = asyncio.run(main())
    assert status == 204
    assert verified(emitter, body, headers)
