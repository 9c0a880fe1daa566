"""From an event to its decision, and to the provider's answer, at a steady rate. It sets no target.

Broker, generator, reader, provider and agents share every core of the machine, as on a small server.
"""

from typing import Any, Final

from schemas import topics
from tests.bench import traffic
from tests.bench.live import live
from tests.bench.stand import stand
from tests.bench.throughput import Tell

_LEADS: Final = 2_000
RATES: Final = {500: 20.0, 2_000: 15.0, 10_000: 6.0}  # events a second, and for how many seconds
QUICK: Final = {2_000: 6.0}
PROMISED: Final = (500, 2_000)


async def latency(tell: Tell, *, quick: bool) -> dict[str, Any]:
    """One hop (a fact to its decision) and all of them (an event through intake and journey to the provider)."""
    found: dict[str, Any] = {}
    async with stand(apart=False) as here, live(here, _LEADS) as agents:
        for rate, seconds in (QUICK if quick else RATES).items():
            many = int(rate * seconds)
            facts = await agents.hear(topics.FACTS, traffic.facts(many, _LEADS), rate)
            events = await agents.hear(topics.ENGAGEMENT, traffic.messages(many, _LEADS), rate)
            found[str(rate)] = {
                "fact_to_decision": facts.decided,
                "fact_to_accepted": facts.accepted,
                "event_to_decision": events.decided,
                "event_to_accepted": events.accepted,
            }
            tell(f"{rate:,}/s: fact to decision {facts.decided}, event to accepted {events.accepted}")
    promised = [at for rate, at in found.items() if int(rate) in PROMISED]
    return {
        "latency": found,
        "decision_p99_seconds": max(at["fact_to_decision"].p99 for at in promised),
        "accepted_p99_seconds": max(at["event_to_accepted"].p99 for at in promised),
    }
