"""The demo's leads: invented people with a role, a firm, a country and an appetite. They have no history yet."""

from collections.abc import Iterator
from random import Random
from typing import Final, NamedTuple

from schemas.facts import Traits

_FIRST = (
    "Ada Astrid Bruno Carmen Chidi Clara Dario Elif Emil Farah Freya Goran Hana Hugo Ines Ivan Jana "
    "Jonas Kaito Leila Lena Linus Luca Maja Marek Mina Nadia Nils Noor Olga Omar Pia Priya Rafael Rosa Samir Sven "
    "Tariq Thea Tomas Uma Vera Viktor Wanda Yara Zoe"
)
_LAST = (
    "Adeyemi Almeida Andersson Bauer Becker Bianchi Costa Dubois Eriksen Ferrari Fischer Garcia Haddad Hansen Horvat "
    "Ito Jansen Kaya Keller Kowalski Larsen Lopez Martin Meyer Moreau Nakamura Novak Okafor Olsen Patel Petrov Popescu "
    "Rossi Santos Sato Schmidt Silva Svensson Tanaka Vogel Weber Yilmaz Zhang"
)
_FIRMS = "Alder Birch Cedar Delta Elm Fjord Granit Hafen Iris Juno Kestrel Linden Maple Nord Onyx Pine Quarz Rowan"
_TRADES = "Foods Plastics Logistics Textiles Glass Dairy Metals Paper Bottling Cooling Ceramics Printing"
FIRST: Final = tuple(_FIRST.split())
LAST: Final = tuple(_LAST.split())
FIRMS: Final = tuple(_FIRMS.split())
TRADES: Final = tuple(_TRADES.split())
INDUSTRIES: Final = (
    "food",
    "beverages",
    "plastics",
    "metal",
    "paper",
    "cold storage",
    "logistics",
    "property",
    "other",
)
ROLES: Final = (
    "energy manager",
    "sustainability manager",
    "plant manager",
    "operations director",
    "finance director",
    "managing director",
    "IT manager",
    "consultant",
    "student",
)
COUNTRIES: Final = ("DE", "AT", "CH", "GB", "IE", "NL", "BE", "FR", "DK", "SE", "NO", "PL", "US", "ES")
ORIGINS: Final = ("organic_search", "paid_search", "social", "referral", "event", "partner")
LINES: Final = ("factory", "cold store", "property")
# How much a lead wants it, and how many of them there are: most never buy, and that is the point.
APPETITES: Final = {"none": 40, "mild": 36, "warm": 18, "hot": 6}


class Person(NamedTuple):
    """A lead before anything happened: its id, traits, appetite, and what it will agree to."""

    id: str
    traits: Traits
    appetite: str
    consents: bool


def people(count: int, dice: Random) -> Iterator[Person]:
    """So many invented people. Their addresses are under ``.example``, where nobody can be reached."""
    for number in range(count):
        yield _person(number, dice)


def _person(number: int, dice: Random) -> Person:
    first, last = dice.choice(FIRST), dice.choice(LAST)
    firm = f"{dice.choice(FIRMS)} {dice.choice(TRADES)}"
    domain = firm.lower().replace(" ", "-")
    appetite = dice.choices(list(APPETITES), list(APPETITES.values()))[0]
    traits: Traits = {
        "email": f"{first}.{last}.{number}@{domain}.example".lower(),
        "first_name": first,
        "last_name": last,
        "company": firm,
        "role": _role(appetite, dice),
        "industry": dice.choice(INDUSTRIES),
        "employees": int(10 ** dice.uniform(1.3, 3.5)),
        "sites": dice.choices((1, 2, 3, 5), (6, 3, 2, 1))[0],
        "country": dice.choice(COUNTRIES),
        "origin": dice.choice(ORIGINS),
        "product_line": dice.choice(LINES),
    }
    return Person(f"lead-{number:05}", traits, appetite, consents=dice.random() < 0.92)


def _role(appetite: str, dice: Random) -> str:
    """Who wants it badly can mostly also decide."""
    weights = {"hot": (6, 4, 5, 5, 3, 3, 1, 1, 0), "warm": (4, 3, 4, 4, 2, 2, 2, 2, 0)}
    return dice.choices(ROLES, weights.get(appetite, (2, 2, 2, 2, 2, 2, 4, 5, 3)))[0]
