"""The facts that every side of the bench folds: four weeks of invented leads, from one seed. It measures nothing.

They come as a site's and a mail provider's do: in visits of a few page views and sometimes a deed, and in the events of
one mail. Who it is, is picked evenly, or by Zipf with YCSB's exponent. A lead's first two facts tell who it is and that
we may write; one in a hundred facts comes twice, two in a hundred come up to two days late.
"""

from collections.abc import Callable, Iterator
from itertools import accumulate, islice
from operator import itemgetter
from random import Random
from typing import Any, Final, Literal, NamedTuple

from agents.local.people import Person, people
from schemas import facts as f
from schemas.codec import encode
from schemas.units import DAY, HOUR, MINUTE, WEEK

START: Final = 1_772_409_600_000  # Monday 2026-03-02, midnight UTC
SPAN: Final = 4 * WEEK
ZIPF: Final = 0.99  # YCSB's
SEED: Final = 7
SECOND: Final = 1_000
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

Says = Callable[[Random], dict[str, Any]]

# What may follow the pages of a visit, and how likely it is.
_DEEDS: Final[list[tuple[float, type[f.Happened], Says]]] = [
    (0.10, f.PricingViewed, lambda _: {"path": "/pricing"}),
    (0.08, f.ContentDownloaded, lambda d: {"content": d.choice(("audit-checklist", "metering-plan"))}),
    (0.04, f.FormSubmitted, lambda d: {"form": "ask-us", "requested": d.choice(("buyers-guide", "pricing-sheet"))}),
    (0.04, f.WebinarAttended, lambda d: {"webinar": "reading-a-load-profile", "minutes": d.randint(10, 55)}),
    (0.04, f.Tracked, lambda d: {"name": "savings-calculated", "properties": {"yearly_saving": d.randint(1, 90_000)}}),
    (0.10, f.Tracked, lambda _: {"name": "cursor-rested"}),
    (0.01, f.Tracked, lambda _: {"name": "trial-started", "properties": {"plan": "standard"}}),
    (0.05, f.LeadUpdated, lambda d: {"traits": {"employees": d.randint(20, 3000), "sites": d.randint(1, 5)}}),
    (0.01, f.DemoRequested, lambda _: {}),
    (0.01, f.SalesAccepted, lambda _: {"by": "jonas.brandt@wattlark.example"}),
    (0.01, f.SalesRecycled, lambda _: {"reason": "no-project"}),
]
# What may become of a mail.
_MAIL: Final[list[tuple[float, type[f.Happened], Says]]] = [
    (1.00, f.EmailProcessed, lambda _: {}),
    (0.98, f.EmailDelivered, lambda _: {}),
    (0.40, f.EmailOpened, lambda d: {"machine": d.random() < 0.5}),
    (0.10, f.EmailClicked, lambda _: {"url": "https://www.wattlark.example/guides"}),
    (0.003, f.EmailUnsubscribed, lambda _: {}),
    (0.003, f.EmailBounced, lambda _: {"kind": "hard"}),
]
_MAILS: Final = 0.2  # of all that happens, the rest are visits
_EPISODE: Final = 5  # facts of one, about


def policy_applied(name: str) -> f.PolicyApplied:
    """What must come first in every partition."""
    return f.PolicyApplied(id=f"{name}:{START}", lead_id="-", at=START, seen=START, policy=name)


def facts(
    count: int, leads: int, spread: Spread = "uniform", *, introduce: bool = True, start: int = START, span: int = SPAN
) -> list[Told]:
    """So many facts of up to so many leads, in the order of ``seen``. The same arguments give the same bytes."""
    dice = Random(SEED)
    whose = _leads(count, leads, spread, dice)
    told = [*_introductions(whose, start)] if introduce else []
    told += islice(_episodes(whose, dice, start, span), count - len(told))
    return [fact for _, fact in sorted(told[:count], key=itemgetter(0))]


def _episodes(whose: list[int], dice: Random, start: int, span: int) -> Iterator[tuple[int, Told]]:
    """Facts with the moment that we saw them: one episode after the other, each somewhere in the span."""
    for number, who in enumerate(whose):
        at = start + dice.randrange(span)
        for turn, (kind, says) in enumerate(_mail(dice) if dice.random() < _MAILS else _visit(dice)):
            at += dice.randrange(2 * MINUTE)
            seen = at + (dice.randrange(2 * DAY) if dice.random() < _LATE else dice.randrange(SECOND))
            fact = _told(kind, who, f"{start}-{number}-{turn}", at, seen, **says(dice))
            yield seen, fact
            if dice.random() < _REPEATED:
                yield seen + HOUR, fact


def _visit(dice: Random) -> Iterator[tuple[type[f.Happened], Says]]:
    for _ in range(dice.randint(2, 7)):
        yield f.PageViewed, lambda d: {"path": d.choice(_PAGES), "title": "A page"}
    for chance, kind, says in _DEEDS:
        if dice.random() < chance:
            yield kind, says


def _mail(dice: Random) -> Iterator[tuple[type[f.Happened], Says]]:
    email = {"email": dice.choice(_EMAILS)}
    for chance, kind, says in _MAIL:
        if dice.random() < chance:
            yield kind, lambda d, says=says: email | says(d)


def _leads(count: int, leads: int, spread: Spread, dice: Random) -> list[int]:
    if spread == "uniform":
        return [dice.randrange(leads) for _ in range(count)]
    weights = list(accumulate(rank**-ZIPF for rank in range(1, leads + 1)))
    return dice.choices(range(leads), cum_weights=weights, k=count)


def _introductions(whose: list[int], start: int) -> Iterator[tuple[int, Told]]:
    """About one fact in six introduces somebody: those whom the first episodes are about."""
    for who in dict.fromkeys(whose[: len(whose) // _EPISODE]):
        traits = _CHARACTERS[who % len(_CHARACTERS)].traits | {"email": f"lead.{who}@firm-{who % 997}.example"}
        yield start, _told(f.LeadCreated, who, "created", start, start, traits=traits)
        basis = {"basis": "consent", "form": "newsletter", "wording": "2026-01"}
        yield start, _told(f.BasisGiven, who, "basis", start, start, **basis)


def _told(kind: type[f.Happened], who: int, name: str, at: int, seen: int, /, **says: Any) -> Told:
    lead = f"lead-{who:07}"
    fact = kind(id=f"{lead}-{name}", lead_id=lead, at=at, seen=seen, source="site", **says)
    return Told(lead.encode(), encode(fact))


_CHARACTERS: Final[list[Person]] = list(people(1000, Random(SEED)))
