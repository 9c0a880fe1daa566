"""A YAML node -> a value of the shape that was asked for, item by item, so that no mistake hides another.

It knows msgspec's description of a type and ruamel's nodes; what the shapes mean, it does not.
"""

import math
import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from msgspec import Struct, inspect
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from schemas.nodes import advice, found, mark, suits, words
from schemas.problem import Problem
from schemas.words import counted, listed, one_of

Refused = tuple[str, str, str]
"""A key that is asked for in vain (a shape's ``REFUSED``): the rule, what it is, and what to do instead."""
Place = tuple[str | int, ...]
MISTAKE: Final = object()
"""What stands for a value when there is a complaint instead."""

_LARGEST: Final = 2**53 - 1  # beyond it, JSON and floats round
_HALF: Final = re.compile(r"[\ud800-\udfff]")  # an escape can write it, and UTF-8 cannot
_TRUE: Final = frozenset({"true", "True", "TRUE"})


class Placing(Struct):
    """What a reading of one file gathers: mistakes, and the line and column of each part."""

    path: str
    problems: list[Problem] = []
    places: dict[Place, tuple[int, int]] = {}

    def complain(self, node: Node, rule: str, said: str, expected: str) -> object:
        """Note a mistake at a node."""
        line, column = mark(node)
        message = f"found {said}, expected {expected}"
        self.problems.append(Problem(path=self.path, line=line, column=column, message=message, rule=rule))
        return MISTAKE


@cache
def described(shape: Any) -> Any:
    """Msgspec's description of a type; it is the same each time."""
    return inspect.type_info(shape)


def convert(node: Node, shape: Any, placing: Placing) -> Any:
    """The value of ``node`` as ``shape``, or MISTAKE after every complaint about it has been noted."""
    return _value(node, described(shape), placing, ())


def _value(node: Node, wanted: Any, placing: Placing, at: Place) -> Any:
    placing.places[at] = mark(node)
    if node.anchor is not None:
        return placing.complain(node, "alias", f'the anchor "&{node.anchor}"', "plain values; repeat them")
    wanted, says = _bare(wanted)
    if isinstance(wanted, inspect.UnionType):
        wanted, says = _bare(next((member for member in wanted.types if suits(node, member)), wanted))
    if not suits(node, wanted):
        return placing.complain(node, "wrong-type", found(node), words(wanted) + advice(node, wanted))
    match node:
        case MappingNode() if isinstance(wanted, inspect.StructType):
            return _struct(node, wanted, placing, at)
        case MappingNode():
            return _mapping(node, wanted, placing, at)
        case SequenceNode():
            return _sequence(node, wanted, placing, at)
        case ScalarNode():
            return _scalar(node, wanted, placing, says)
    raise TypeError(f"ruamel.yaml has a new kind of node: {node}")


def _bare(wanted: Any) -> tuple[Any, str]:
    """A type without what is said about it, and what is said."""
    says = ""
    while isinstance(wanted, inspect.Metadata):
        says, wanted = (wanted.extra_json_schema or {}).get("description", says), wanted.type
    return wanted, says


# ── mappings and lists ───────────────────────────────────────────────────────────────────────────────────────


def _entries(node: MappingNode, placing: Placing) -> Iterable[tuple[ScalarNode, Node]]:
    """Keys and values; a key that is no plain text, or comes twice, is a mistake."""
    lines: dict[str, int] = {}
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            placing.complain(key, "wrong-type", f"{found(key)} as a key", "text")
        elif key.value in lines:
            again = f'the key "{key.value}" again (first in line {lines[key.value]})'
            placing.complain(key, "duplicate-key", again, "it once")
        else:
            lines[key.value] = mark(key)[0]
            yield key, value


def _struct(node: MappingNode, wanted: inspect.StructType, placing: Placing, at: Place) -> Any:
    fields = {field.encode_name: field for field in wanted.fields}
    missing = {name for name, field in fields.items() if field.required}
    values: dict[str, Any] = {}
    for key, value in _entries(node, placing):
        if key.value in (refused := getattr(wanted.cls, "REFUSED", {})):
            placing.complain(key, *refused[key.value])
        elif (field := fields.get(key.value)) is None:
            placing.complain(key, "unknown-key", f'the key "{key.value}"', one_of(key.value, fields))
        else:
            missing.discard(key.value)
            values[field.name] = _value(value, field.type, placing, (*at, field.encode_name))
    if missing:
        needed = [name for name in fields if name in missing]
        placing.complain(
            node, "missing-key", f"no {listed(needed, 'or')}", "it here" if len(needed) == 1 else "them here"
        )
    return MISTAKE if missing or MISTAKE in values.values() else wanted.cls(**values)


def _mapping(node: MappingNode, wanted: inspect.DictType, placing: Placing, at: Place) -> Any:
    values = {}
    for key, value in _entries(node, placing):
        name = _value(key, wanted.key_type, placing, (*at, key.value))
        values[name] = _value(value, wanted.value_type, placing, (*at, key.value))
    return MISTAKE if any(MISTAKE in entry for entry in values.items()) else values


def _sequence(node: SequenceNode, wanted: Any, placing: Placing, at: Place) -> Any:
    size = len(node.value)
    if isinstance(wanted, inspect.TupleType):
        if size != len(wanted.item_types):
            return placing.complain(node, "wrong-value", f"{size} in the list", f"{len(wanted.item_types)}")
        types = wanted.item_types
    else:
        if size < (wanted.min_length or 0):
            placing.complain(node, "wrong-value", f"{size} in the list", f"at least {wanted.min_length}")
        types = (wanted.item_type,) * size
    pairs = enumerate(zip(node.value, types, strict=True))
    values = tuple(_value(item, kind, placing, (*at, index)) for index, (item, kind) in pairs)
    return MISTAKE if MISTAKE in values else values


# ── scalars ──────────────────────────────────────────────────────────────────────────────────────────────────


def _scalar(node: ScalarNode, wanted: Any, placing: Placing, says: str) -> Any:
    match wanted:
        case inspect.StrType():
            return _text(node, wanted, placing, says)
        case inspect.IntType() | inspect.FloatType():
            return _number(node, wanted, placing)
        case inspect.BoolType():
            return node.value in _TRUE
        case inspect.LiteralType() if node.value in wanted.values:
            return node.value
        case inspect.LiteralType():
            return placing.complain(node, "wrong-value", f'"{node.value}"', one_of(node.value, wanted.values))
        case _:
            return None


def _text(node: ScalarNode, wanted: inspect.StrType, placing: Placing, says: str) -> Any:
    text, size = node.value, len(node.value)
    if _HALF.search(text):
        return placing.complain(node, "wrong-value", "half a character", "a whole one, such as \\U0001F600")
    if wanted.pattern and not re.fullmatch(wanted.pattern, text):
        expected = says[:1].lower() + says[1:].rstrip(".") if says else f"text like {wanted.pattern}"
        return placing.complain(node, "wrong-value", f'"{text}"', expected)
    if size < (wanted.min_length or 0):
        return placing.complain(node, "wrong-value", counted(size, "character"), f"at least {wanted.min_length}")
    if wanted.max_length is not None and size > wanted.max_length:
        return placing.complain(node, "wrong-value", counted(size, "character"), f"at most {wanted.max_length}")
    return text


def _number(node: ScalarNode, wanted: Any, placing: Placing) -> Any:
    number = _parsed(node.value.replace("_", ""))
    if isinstance(number, int) and abs(number) > _LARGEST:
        said = f"a number of {counted(len(node.value), 'character')}"
        return placing.complain(node, "wrong-value", said, f"one from {-_LARGEST:,} to {_LARGEST:,}")
    if not math.isfinite(number):
        return placing.complain(node, "wrong-value", node.value, "a finite number")
    if wanted.ge is not None and number < wanted.ge:
        return placing.complain(node, "wrong-value", node.value, f"at least {wanted.ge}")
    if wanted.le is not None and number > wanted.le:
        return placing.complain(node, "wrong-value", node.value, f"at most {wanted.le}")
    return number


def _parsed(digits: str) -> int | float:
    for parse in (int, lambda text: int(text, 0), float):
        try:
            return parse(digits)
        except (ValueError, OverflowError):
            continue
    return math.nan
