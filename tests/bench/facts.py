"""The facts that every side of the bench folds: four weeks of invented leads, from one seed. It measures nothing.

Kinds are those of the shipped policy, their shares those of a site with mail: most are page views. Leads are picked
evenly, or by Zipf with YCSB's exponent. A lead's first two facts tell who it is and that we may write.
"""

from collections.abc import Callable, Iterator
from itertools import accumulate
from random import Random
from typing import Any, Final, Literal, NamedTuple

from agents.local.people import Person, people
from schemas import facts as f
from schemas.codec import encode
from schemas.units import DAY, HOUR, WEEK

START: Final = 1_772_409_600_000  # Monday 2026-03-02, midnight UTC
SPAN: Final = 4 * WEEK
ZIPF: Final = 0.99  # YCSB's
SEED: Final = 7
_REPEATED: Final = 0.01
_LATE: Final = 0.02

Spread = Literal["zipf", "uniform"]


class Told(NamedTuple):
    """One fact: its Kafka key and its bytes."""

    key: bytes
    value: bytes


_PAGES: Final = (
    *("/", "/product", "/about", "/careers/engineer"),
    *("/guides/load-profiles", "/guides/peak-charges", "/customers/dairy", "/customers/cold-store"),
)
_EMAILS: Final = ("night-load", "compressed-air", "five-meters", "dairy-story", "one-page-case", "six-week-pilot")

# Shares in thousandths, and what such a fact says.
_KINDS: Final[list[tuple[int, type[f.Happened], Callable[[Random], dict[str, Any]]]]] = [
    (750, f.PageViewed, lambda d: {"path": d.choice(_PAGES), "title": "A page"}),
    (40, f.EmailProcessed, lambda d: {"email": d.choice(_EMAILS)}),
    (40, f.EmailDelivered, lambda d: {"email": d.choice(_EMAILS)}),
    (40, f.EmailOpened, lambda d: {"email": d.choice(_EMAILS), "machine": d.random() < 0.5}),
    (12, f.EmailClicked, lambda d: {"email": d.choice(_EMAILS), "url": "https://www.wattlark.example/guides"}),
    (20, f.PricingViewed, lambda _: {"path": "/pricing"}),
    (20, f.ContentDownloaded, lambda d: {"content": d.choice(("audit-checklist", "metering-plan"))}),
    (10, f.FormSubmitted, lambda d: {"form": "ask-us", "requested": d.choice(("buyers-guide", "pricing-sheet"))}),
    (10, f.WebinarAttended, lambda d: {"webinar": "reading-a-load-profile", "minutes": d.randint(10, 55)}),
    (10, f.Tracked, lambda d: {"name": "savings-calculated", "properties": {"yearly_saving": d.randint(1, 90) * 1000}}),
    (20, f.Tracked, lambda _: {"name": "cursor-rested"}),
    (3, f.Tracked, lambda _: {"name": "trial-started", "properties": {"plan": "standard"}}),
    (16, f.LeadUpdated, lambda d: {"traits": {"employees": d.randint(20, 3000), "sites": d.randint(1, 5)}}),
    (2, f.DemoRequested, lambda _: {}),
    (3, f.SalesAccepted, lambda _: {"by": "jonas.brandt@wattlark.example"}),
    (2, f.SalesRecycled, lambda _: {"reason": "no-project"}),
    (1, f.EmailUnsubscribed, lambda d: {"email": d.choice(_EMAILS)}),
    (1, f.EmailBounced, lambda d: {"email": d.choice(_EMAILS), "kind": "hard"}),
]


def policy_applied(name: str) -> f.PolicyApplied:
    """What must come first in every partition."""
    return f.PolicyApplied(id=f"{name}:{START}", lead_id="-", at=START, seen=START, policy=name)


def facts(count: int, leads: int, spread: Spread = "uniform", *, seed: int = SEED, span: int = SPAN) -> Iterator[Told]:
    """So many facts of up to so many leads, in the order of ``seen``. The same arguments give the same bytes."""
    dice, known, sent, last = Random(seed), set[int](), 0, None
    kinds = dice.choices(_KINDS, cum_weights=list(accumulate(share for share, _, _ in _KINDS)), k=count)
    for number, (who, (_, kind, says)) in enumerate(zip(_leads(count, leads, spread, dice), kinds, strict=True)):
        if sent >= count:
            return
        seen = START + number * span // count
        if who not in known:
            known.add(who)
            for told in _introduction(who, seen):
                yield told
                sent += 1
        if last is not None and dice.random() < _REPEATED:
            yield last
        else:
            last = _told(kind, who, number, seen - _delay(dice), seen, **says(dice))
            yield last
        sent += 1


def _leads(count: int, leads: int, spread: Spread, dice: Random) -> list[int]:
    if spread == "uniform":
        return [dice.randrange(leads) for _ in range(count)]
    weights = list(accumulate(rank**-ZIPF for rank in range(1, leads + 1)))
    return dice.choices(range(leads), cum_weights=weights, k=count)


def _delay(dice: Random) -> int:
    """Most facts come at once, a few days late."""
    return dice.randrange(2 * DAY) if dice.random() < _LATE else dice.randrange(HOUR // 60)


def _introduction(who: int, seen: int) -> Iterator[Told]:
    person = _CHARACTERS[who % len(_CHARACTERS)]
    traits = person.traits | {"email": f"lead.{who}@firm-{who % 997}.example"}
    yield _told(f.LeadCreated, who, -1, seen, seen, traits=traits)
    basis = {"basis": "consent", "form": "newsletter", "wording": "2026-01"}
    yield _told(f.BasisGiven, who, -2, seen, seen, **basis)


def _told(kind: type[f.Happened], who: int, number: int, at: int, seen: int, /, **says: Any) -> Told:
    lead = f"lead-{who:07}"
    fact = kind(id=f"{lead}-{number}", lead_id=lead, at=at, seen=seen, source="site", **says)
    return Told(lead.encode(), encode(fact))


_CHARACTERS: Final[list[Person]] = list(people(1000, Random(SEED)))
