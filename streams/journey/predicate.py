"""Authors' conditions as closures over traits and a fact or the past; compiled once, never evaluated as text."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from schemas.authored import When
from schemas.facts import Happened, Scalar, Tracked, Traits
from schemas.units import DAY, millis
from streams.journey.past import Past, Window

Beside = Happened | Past | None
"""What a condition sees beside traits: the fact of a rule, or the past of a lead, or nothing."""

Test = Callable[[Traits, Beside], bool]
Read = Callable[[Traits, Beside], Scalar]
_FOREVER = 1_000_000


def reader(field: str) -> Read:
    """How a condition reads a field: a trait, or with ``fact.`` a property of the fact."""
    if not field.startswith("fact."):
        return lambda traits, _: traits.get(field)
    name = field.removeprefix("fact.")

    def read(_: Traits, fact: Beside) -> Scalar:
        if isinstance(fact, Tracked):
            return fact.properties.get(name)
        value: Scalar = getattr(fact, name, None)
        return value

    return read


def window(when: When) -> Window:
    """What ``did`` asks, its rule named as rows name it; without ``within``, of all that the row keeps."""
    return Window(when.did, when.times, millis(when.within) // DAY if when.within else _FOREVER)


class Words(NamedTuple):
    """What the names in a condition mean: how a field is read, and which window a ``did`` looks through."""

    read: Callable[[str], Read] = reader
    window: Callable[[When], Window] = window


USUAL = Words()


def parts(when: When) -> Iterator[When]:
    """The condition, and every one that it joins."""
    yield when
    for inner in (*when.all, *when.any, *((when.not_,) if when.not_ is not None else ())):
        yield from parts(inner)


def compile_when(when: When, words: Words = USUAL) -> Test | None:
    """The condition as a function, or None when it is empty and so always true. What is unknown is never equal."""
    tests = [*_single(when, words), *_joined(when, words)]
    if not tests:
        return None
    if len(tests) == 1:
        return tests[0]
    return _all(tests)


def _joined(when: When, words: Words) -> Iterator[Test]:
    if when.all:
        yield _all(_compiled(when.all, words))
    if when.any:
        yield _any(_compiled(when.any, words))
    if when.not_ is not None:
        yield _not(compile_when(when.not_, words) or _always)


def _compiled(whens: tuple[When, ...], words: Words) -> list[Test]:
    return [compile_when(when, words) or _always for when in whens]


def _single(when: When, words: Words) -> Iterator[Test]:
    if when.field:
        yield _known(words.read(when.field), when)
    if when.did:
        yield _within(words.window(when))


def _within(looked: Window) -> Test:
    lapses = looked.lapses
    return lambda _, past: isinstance(past, Past) and lapses(past) > 0


def _known(read: Read, when: When) -> Test:
    """What is unknown passes no test. Most conditions have one test, and a page view meets three of them."""
    if when.known is False:
        return lambda traits, beside: read(traits, beside) is None
    tests = _tests(when)
    if len(tests) == 1:
        [test] = tests
        return lambda traits, beside: (value := read(traits, beside)) is not None and test(value)
    return lambda traits, beside: (value := read(traits, beside)) is not None and all(test(value) for test in tests)


def _tests(when: When) -> list[Callable[[Scalar], bool]]:
    tests: list[Callable[[Scalar], bool]] = []
    if when.is_ is not None:
        tests.append(_one_of((when.is_,)))
    if when.in_:
        tests.append(_one_of(when.in_))
    if when.at_least is not None:
        tests.append(_at_least(when.at_least))
    if when.at_most is not None:
        tests.append(_at_most(when.at_most))
    if when.contains:
        tests.append(_contains(when.contains.casefold()))
    return tests


def _folded(value: Scalar) -> Scalar:
    return value.casefold() if isinstance(value, str) else value


def _one_of(values: tuple[Scalar, ...]) -> Callable[[Scalar], bool]:
    wanted = frozenset(_folded(value) for value in values)
    return lambda value: _folded(value) in wanted


def _at_least(least: float) -> Callable[[Scalar], bool]:
    return lambda value: isinstance(value, int | float) and value >= least


def _at_most(most: float) -> Callable[[Scalar], bool]:
    return lambda value: isinstance(value, int | float) and value <= most


def _contains(part: str) -> Callable[[Scalar], bool]:
    return lambda value: isinstance(value, str) and part in value.casefold()


def _always(_traits: Traits, _beside: Beside) -> bool:
    return True


def _all(tests: list[Test]) -> Test:
    return lambda traits, beside: all(test(traits, beside) for test in tests)


def _any(tests: list[Test]) -> Test:
    return lambda traits, beside: any(test(traits, beside) for test in tests)


def _not(test: Test) -> Test:
    return lambda traits, beside: not test(traits, beside)
