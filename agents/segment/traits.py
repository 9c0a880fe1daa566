"""A source's traits as ours: snake_case, flat, scalars only, bounded. It does not know which of them matter."""

from typing import Any, Final

from agents.segment.values import MOST_TEXT, RefusedError, address, clean, snake, whole, wrong
from schemas.facts import Scalar, Traits
from schemas.problem import Refusal

MOST_TRAITS: Final = 50
_MOST_NAME: Final = 64
# Segment's reserved traits whose names we spell differently; what a lead already says under our name wins
_SYNONYMS: Final = {"title": "role", "job_title": "role", "timezone": "time_zone", "employee_count": "employees"}
_INSIDE_COMPANY: Final = {"name": "company", "industry": "industry", "employee_count": "employees"}


def traits_of(given: dict[str, Any]) -> Traits:
    """At most 50 traits; texts are cut at 200 characters, lists and unknown objects left out, nulls kept (forget it).

    Raises RefusedError: a control character, an address that is none, too many traits, an unusable name.
    """
    flat: Traits = {}
    nested: Traits = {}
    for key, value in given.items():
        name = _name(key)
        if type(value) is dict:
            _flatten(nested, name, value)
        elif name == "email" and type(value) is str:
            if value.strip():  # a blank address is an unknown one
                flat[name] = address(value, "email")
        elif type(value) is not list:
            flat[name] = _scalar(value, name)
    return _few(_spelled_our_way(nested | flat if nested else flat))


def properties_of(given: dict[str, Any]) -> Traits:
    """The same bounds for what a site tells of an event. ``email`` says who the lead is and is left out here."""
    scalars = {_name(key): value for key, value in given.items() if type(value) not in (dict, list) and key != "email"}
    return _few({name: _scalar(value, name) for name, value in scalars.items()})


def _few(traits: Traits) -> Traits:
    if len(traits) > MOST_TRAITS:
        raise RefusedError(Refusal.WRONG_SHAPE, f"found {len(traits)} traits, expected at most {MOST_TRAITS}")
    return traits


def _flatten(into: Traits, name: str, inner: dict[str, Any]) -> None:
    if name not in ("address", "company"):
        return
    for key, value in inner.items():
        if type(value) not in (dict, list):
            part = _name(key)
            own = part if name == "address" else _INSIDE_COMPANY.get(part, f"company_{part}")
            into[own] = _scalar(value, own)


def _spelled_our_way(traits: Traits) -> Traits:
    for theirs, ours in _SYNONYMS.items():
        if theirs in traits and ours not in traits:
            traits[ours] = traits.pop(theirs)
    return traits


def _name(key: str) -> str:
    name = snake(clean(key, "the name of a trait"))
    if not 1 <= len(name) <= _MOST_NAME:
        found = f"found a trait whose name has {len(name)} letters and digits"
        raise RefusedError(Refusal.WRONG_SHAPE, f"{found}, expected 1 to {_MOST_NAME}")
    return name


def _scalar(value: object, name: str) -> Scalar:
    match value:
        case None | bool() | float():
            return value
        case int():
            return whole(value, f'the trait "{name}"')
        case str():
            return clean(value[:MOST_TEXT], f'the trait "{name}"').strip()
        case _:
            raise wrong(f'the trait "{name}"', value, "a text, a number, yes or no, or null")
