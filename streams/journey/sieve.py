"""Conditions indexed by what they read, so that ten times the rules cost no ten times as much. It counts nothing."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Final, Generic, TypeVar

from schemas.authored import When
from schemas.facts import Scalar, Traits
from streams.journey.predicate import USUAL, Beside, Read, Test, Words, compile_when, parts, reader

T = TypeVar("T")
Places = Callable[[Scalar], tuple[int, ...]]
_REMEMBERED: Final = 4096  # values of a field; those that nobody shares, such as addresses, push each other out


class Sieve(Generic[T]):
    """Things under conditions. Those that read one field only are looked up by its value, the others tried in turn.

    When all read the same field, the whole answer is: what a page view feeds is one look-up.
    """

    __slots__ = ("_by_value", "_free", "_items", "_open", "_sole", "_tried")

    def __init__(self, items: Iterable[tuple[T, When]], words: Words = USUAL) -> None:
        self._items: list[T] = []
        self._open: list[int] = []
        self._tried: list[tuple[int, Test]] = []
        alone: dict[str, list[tuple[int, When]]] = defaultdict(list)
        for place, (item, when) in enumerate(items):
            self._items.append(item)
            test, field = compile_when(when, words), _only_field(when)
            if test is None:
                self._open.append(place)
            elif field:
                alone[field].append((place, when))
            else:
                self._tried.append((place, test))
        self._by_value = [(reader(field), _look_up(found)) for field, found in alone.items()]
        self._free = not (self._tried or self._by_value)
        self._sole = None if self._tried or len(alone) != 1 else self._remembered(*self._by_value[0])

    def __len__(self) -> int:
        return len(self._items)

    def passed(self, traits: Traits, beside: Beside = None) -> Sequence[T]:
        """Those whose condition holds, in their order."""
        if self._sole is not None:
            read, passed = self._sole
            return passed(read(traits, beside))
        if self._free:
            return self._items
        found = self._open[:]
        for read, look_up in self._by_value:
            found += look_up(read(traits, beside))
        for place, test in self._tried:
            if test(traits, beside):
                found.append(place)
        if len(found) > 1:
            found.sort()
        items = self._items
        return [items[place] for place in found]

    def _remembered(self, read: Read, look_up: Places) -> tuple[Read, Callable[[Scalar], tuple[T, ...]]]:
        @lru_cache(maxsize=_REMEMBERED)
        def passed(value: Scalar) -> tuple[T, ...]:
            return tuple(self._items[place] for place in sorted((*self._open, *look_up(value))))

        return read, passed


def _only_field(when: When) -> str:
    """The one field that a condition reads; none when it reads several, or looks through a window."""
    inner = list(parts(when))
    fields = {part.field for part in inner if part.field}
    return fields.pop() if len(fields) == 1 and not any(part.did for part in inner) else ""


def _look_up(found: list[tuple[int, When]]) -> Places:
    """The places of those that a value passes: remembered, since a site has few pages and many who read them."""
    tests = [(place, compile_when(when, _VALUE)) for place, when in found]

    @lru_cache(maxsize=_REMEMBERED)
    def places(value: Scalar) -> tuple[int, ...]:
        return tuple(place for place, test in tests if test is None or test({"": value}, None))

    return places


def _value(_field: str) -> Read:
    return lambda traits, _: traits[""]


_VALUE: Final = Words(read=_value)
