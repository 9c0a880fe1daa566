"""Which kinds of lead conditions can tell apart, by trying a value for every test. It reads no rule and judges none.

What is found to hold never, or always, does so for every lead: kinds are tried that cannot occur, none is left out.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise, product
from math import inf, prod
from typing import Final

from msgspec.structs import replace

from schemas.authored import When
from schemas.catalogue import FieldDefinition
from schemas.facts import Scalar
from schemas.units import millis
from streams.journey.predicate import compile_when, parts

_MOST_KINDS: Final = 5_000
_MOST_PARTS: Final = 6  # of texts that one field is searched for: 2 ** 6 ways to hold some of them
_OTHER: Final = "\0"  # a text that nobody names
Kind = Mapping[When, bool]
"""Which single tests hold."""
Way = tuple[tuple[When, bool], ...]
"""Which tests of one field, or of one rule, hold together."""


def kinds(
    whens: Sequence[When], fields: Mapping[str, FieldDefinition], sure: frozenset[str] = frozenset()
) -> list[Kind]:
    """Every kind of lead that the conditions can tell apart; none when these are too many, or a field is unknown.

    A field may have no value, unless it is among ``sure``.
    """
    tests = list(dict.fromkeys(test for when in whens for test in _tests(when)))
    by_field: dict[str, list[When]] = defaultdict(list)
    for test in tests:
        by_field[test.field].append(test)
    past = by_field.pop("", [])
    if not by_field.keys() <= fields.keys():
        return []
    ways = [_ways(same, fields[name], name in sure) for name, same in by_field.items()]
    ways += [_agreeing(same) for same in _by_rule(past)]
    if prod(map(len, ways)) > _MOST_KINDS:
        return []
    return [{test: held for way in chosen for test, held in way} for chosen in product(*ways)]


def holds(when: When, kind: Kind) -> bool:
    """Whether a condition holds for a kind of lead, as the journey would say."""
    return (
        all(kind[test] for test in _own(when))
        and all(holds(inner, kind) for inner in when.all)
        and (not when.any or any(holds(inner, kind) for inner in when.any))
        and (when.not_ is None or not holds(when.not_, kind))
    )


_EMPTY: Final = When()


def named(when: When) -> frozenset[str]:
    """The fields and rules that a condition names."""
    return frozenset(test.field or f"did {test.did}" for test in _tests(when))


def _own(when: When) -> list[When]:
    """What the condition asks by itself: of a field, of the past, of both or of nothing."""
    past = When(did=when.did, times=when.times, within=when.within) if when.did else _EMPTY
    field = replace(when, all=(), any=(), not_=None, did="", times=1, within=None)
    return [test for test in (field, past) if test != _EMPTY]


def _tests(when: When) -> Iterator[When]:
    """The single tests of a condition, joined or not."""
    for part in parts(when):
        yield from _own(part)


def _ways(tests: Sequence[When], field: FieldDefinition, sure: bool) -> list[Way]:  # noqa: FBT001 - as in kinds
    """Which of the tests of one field can hold together."""
    compiled = [compile_when(replace(test, field="it")) for test in tests]
    values: list[Scalar] = [*_values(tests, field), *(() if sure else (None,))]
    held = dict.fromkeys(tuple(test is None or test({"it": value}, None) for test in compiled) for value in values)
    return [tuple(zip(tests, way, strict=True)) for way in held]


def _by_rule(past: Iterable[When]) -> Iterable[list[When]]:
    rules: dict[str, list[When]] = defaultdict(list)
    for test in past:
        rules[test.did].append(test)
    return rules.values()


def _agreeing(past: Sequence[When]) -> list[Way]:
    """Which windows over one rule can hold together; some of them when these are too many to try."""
    ways: list[Way] = [()]
    for test in past:
        if len(ways) <= _MOST_KINDS:
            ways = [(*way, (test, held)) for way in ways for held in (True, False) if _agrees(test, held, way)]
    return ways


def _agrees(test: When, held: bool, way: Way) -> bool:  # noqa: FBT001 - as in a way
    return all(one is held or not _takes(*((test, other) if held else (other, test))) for other, one in way)


def _takes(strict: When, loose: When) -> bool:
    """Whether the one window over a rule holds only if the other does: as many, in no more time."""
    return strict.times >= loose.times and _length(strict) <= _length(loose)


def _length(window: When) -> float:
    return inf if window.within is None else millis(window.within)


def _values(tests: Sequence[When], field: FieldDefinition) -> list[Scalar]:
    if field.type == "yes_no":
        return [True, False]
    named: list[Scalar] = [value for test in tests for value in (test.is_, *test.in_) if value is not None]
    if field.type == "number":
        return _numbers(tests, [value for value in named if isinstance(value, int | float)])
    parts = list(dict.fromkeys(test.contains for test in tests if test.contains))
    sizes = range(1, len(parts) + 1) if len(parts) <= _MOST_PARTS else (1, len(parts))
    joined = [_OTHER.join(some) for size in sizes for some in combinations(parts, size)]
    return [*field.values] if field.values else [*named, *joined, _OTHER]


def _numbers(tests: Sequence[When], named: Sequence[float]) -> list[Scalar]:
    """Each bound, and a number between each two."""
    bounds = [bound for test in tests for bound in (test.at_least, test.at_most) if bound is not None]
    points = sorted({*named, *bounds})
    between = [(low + high) / 2 for low, high in pairwise(points)]
    return [*points, *between, *([points[0] - 1, points[-1] + 1] if points else [0])]
