"""Authors' conditions as closures over a lead's traits and a fact; compiled once, never evaluated as text."""

from collections.abc import Callable

from schemas.facts import Happened, Scalar, Tracked, Traits
from schemas.policy import When

Test = Callable[[Traits, Happened | None], bool]
Read = Callable[[Traits, Happened | None], Scalar]


def compile_when(when: When) -> Test | None:
    """The condition as a function, or None when it is empty and so always true. What is unknown is never equal."""
    tests = [test for test in (_single(when), *_joined(when)) if test is not None]
    if not tests:
        return None
    if len(tests) == 1:
        return tests[0]
    return _all(tests)


def _joined(when: When) -> list[Test | None]:
    inner = [_all(_compiled(when.all))] if when.all else []
    if when.any:
        inner.append(_any(_compiled(when.any)))
    if when.not_ is not None:
        inner.append(_not(compile_when(when.not_) or _always))
    return list(inner)


def _compiled(whens: tuple[When, ...]) -> list[Test]:
    return [compile_when(when) or _always for when in whens]


def _single(when: When) -> Test | None:
    if not when.field:
        return None
    read = _reader(when.field)
    if when.known is False:
        return lambda traits, fact: read(traits, fact) is None
    return _known(read, _tests(when))


def _known(read: Read, tests: list[Callable[[Scalar], bool]]) -> Test:
    """What is unknown passes no test. Most conditions have one test, and a page view meets three of them."""
    if len(tests) == 1:
        [test] = tests
        return lambda traits, fact: (value := read(traits, fact)) is not None and test(value)
    return lambda traits, fact: (value := read(traits, fact)) is not None and all(test(value) for test in tests)


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


def _reader(field: str) -> Read:
    if not field.startswith("fact."):
        return lambda traits, _: traits.get(field)
    name = field.removeprefix("fact.")

    def read(_: Traits, fact: Happened | None) -> Scalar:
        if isinstance(fact, Tracked):
            return fact.properties.get(name)
        value: Scalar = getattr(fact, name, None)
        return value

    return read


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


def _always(_traits: Traits, _fact: Happened | None) -> bool:
    return True


def _all(tests: list[Test]) -> Test:
    return lambda traits, fact: all(test(traits, fact) for test in tests)


def _any(tests: list[Test]) -> Test:
    return lambda traits, fact: any(test(traits, fact) for test in tests)


def _not(test: Test) -> Test:
    return lambda traits, fact: not test(traits, fact)
