"""What needs no broker: how fast a history is folded again, and how fast mails are written. It sets no target."""

import time
from statistics import median
from typing import Any, Final

from agents.mail.compose import Composed, Composer
from agents.render.renderer import Renderer
from schemas.codec import decode_fact
from schemas.commands import SendContent
from schemas.facts import Fact
from schemas.policy import Policy
from streams.journey.compiled import Compiled
from streams.journey.replay import replay
from tests.bench.facts import START, facts
from tests.bench.shipped import workplace
from tests.bench.span import pin
from tests.bench.stand import SideFailed, cores
from tests.bench.throughput import Tell
from tests.journey.lines import lines

_FACTS: Final = 100_000
_FEWER: Final = 30_000
_MAILS: Final = 1_000
_ROUNDS: Final = 3


async def alone(tell: Tell, *, quick: bool) -> dict[str, Any]:
    """Facts and mails a second on one core: medians of the rounds."""
    core, others = cores()
    rounds = range(1 if quick else _ROUNDS)
    pin({core})
    try:
        found = {
            "replay_facts_per_second": median(replayed(_FACTS, workplace().policy) for _ in rounds),
            "replay_60_rules_facts_per_second": median(replayed(_FEWER, lines()) for _ in rounds),
            "replay_600_rules_facts_per_second": median(replayed(_FEWER, lines(idle=540)) for _ in rounds),
            "mails_per_second": median(written(_MAILS) for _ in rounds),
        }
    finally:
        pin({core, *others})
    tell(f"on one core: {found}")
    return {"alone": found}


def replayed(count: int, authored: Policy) -> float:
    """Facts a second. Decoded, decided, kept in memory: what ``nurture replay`` does with a file."""
    policy, told = Compiled(authored), facts(count, count // 20)
    began = time.perf_counter()
    history: list[Fact] = [decode_fact(fact.value) for fact in told]  # type: ignore[misc]
    replay(lambda: history, policy, lambda _: policy)
    return len(told) / (time.perf_counter() - began)


def written(count: int) -> float:
    """Mails a second. Every e-mail of the shipped programs in turn, HTML and text, with its lead's values and its headers."""
    place = workplace()
    composer = Composer(Renderer(place), lambda lead: f"https://mail.wattlark.example/unsubscribe?t={lead}")
    names = [name for name, email in place.policy.emails.items() if email.kind != "internal"]
    orders = [_order(number, names[number % len(names)]) for number in range(count)]
    for order in orders[: len(names)]:
        if not isinstance(composed := composer.compose(order, START), Composed):
            raise SideFailed(f"{order.email} cannot be written: {composed}")
    began = time.perf_counter()
    for order in orders:
        composer.compose(order, START)
    return len(orders) / (time.perf_counter() - began)


def _order(number: int, email: str) -> SendContent:
    lead = f"lead-{number:07}"
    return SendContent(
        id=f"order-{number}",
        lead_id=lead,
        because="bench",
        seen=START,
        policy="bench",
        send_key=f"{number:024x}",
        email=email,
        kind="nurture",
        not_after=START,
        to=f"{lead}@firm.example",
        traits={"email": f"{lead}@firm.example", "first_name": "Ada", "company": "Alder Foods", "country": "DE"},
    )
