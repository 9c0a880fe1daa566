"""A YAML node -> a value of the shape that was asked for, item by item, so that no mistake hides another.

It knows msgspec's description of a type and ruamel's nodes; what the shapes mean, it does not.
"""

import math
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from msgspec import Struct, inspect
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from schemas.problem import Problem
from schemas.words import listed, one_of

Place = tuple[str | int, ...]
MISTAKE: Final = object()
"""What ``convert`` returns when it has complained instead."""

_TAG: Final = "tag:yaml.org,2002:"
_KINDS: Final = {"str": "text", "int": "number", "float": "number", "bool": "yes_no", "null": "nothing"}
_TRUE: Final = frozenset({"true", "True", "TRUE"})


class Placing(Struct):
    """What a reading of one file gathers: mistakes, and the line and column of each part."""

    path: str
    problems: list[Problem] = []
    places: dict[Place, tuple[int, int]] = {}

    def complain(self, node: Node, rule: str, message: str) -> object:
        """Note a mistake at a node."""
        line, column = _mark(node)
        self.problems.append(Problem(path=self.path, line=line, column=column, message=message, rule=rule))
        return MISTAKE


def convert(node: Node, shape: Any, placing: Placing) -> Any:
    """The value of ``node`` as ``shape``, or MISTAKE after every complaint about it has been noted."""
    return _value(node, inspect.type_info(shape), placing, ())


def _value(node: Node, wanted: Any, placing: Placing, at: Place) -> Any:
    placing.places[at] = _mark(node)
    if node.anchor is not None:
        return placing.complain(node, "alias", f'found the anchor "&{node.anchor}", expected plain values; repeat them')
    says = ""
    while isinstance(wanted, inspect.Metadata):
        says, wanted = (wanted.extra_json_schema or {}).get("description", says), wanted.type
    if isinstance(wanted, inspect.UnionType):
        wanted = next((member for member in wanted.types if _suits(node, member)), wanted)
    if not _suits(node, wanted):
        return placing.complain(
            node, "wrong-type", f"found {_found(node)}, expected {_words(wanted)}{_advice(node, wanted)}"
        )
    match wanted:
        case inspect.StructType():
            return _struct(node, wanted, placing, at)
        case inspect.DictType():
            return _mapping(node, wanted, placing, at)
        case inspect.VarTupleType() | inspect.TupleType():
            return _sequence(node, wanted, placing, at)
        case _:
            return _scalar(node, wanted, placing, says)


# ── mappings and lists ───────────────────────────────────────────────────────────────────────────────────────


def _entries(node: MappingNode, placing: Placing) -> Iterable[tuple[ScalarNode, Node]]:
    """Keys and values; a key that is no plain text, or comes twice, is a mistake."""
    lines: dict[str, int] = {}
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            placing.complain(key, "wrong-type", f"found {_found(key)} as a key, expected text")
        elif key.value in lines:
            first = lines[key.value]
            placing.complain(
                key, "duplicate-key", f'found the key "{key.value}" again (first in line {first}), expected it once'
            )
        else:
            lines[key.value] = _mark(key)[0]
            yield key, value


def _struct(node: MappingNode, wanted: inspect.StructType, placing: Placing, at: Place) -> Any:
    fields = {field.encode_name: field for field in wanted.fields}
    values: dict[str, Any] = {}
    written = set()
    for key, value in _entries(node, placing):
        if (field := fields.get(key.value)) is None:
            placing.complain(key, "unknown-key", f'found the key "{key.value}", expected {one_of(key.value, fields)}')
        else:
            written.add(key.value)
            values[field.name] = _value(value, field.type, placing, (*at, field.encode_name))
    needed = [name for name, field in fields.items() if field.required and name not in written]
    if needed:
        placing.complain(
            node, "missing-key", f"found no {listed(needed)}, expected {'it' if len(needed) == 1 else 'them'} here"
        )
    if needed or any(value is MISTAKE for value in values.values()):
        return MISTAKE
    return wanted.cls(**values)


def _mapping(node: MappingNode, wanted: inspect.DictType, placing: Placing, at: Place) -> Any:
    values = {}
    for key, value in _entries(node, placing):
        name = _value(key, wanted.key_type, placing, (*at, key.value))
        values[name] = _value(value, wanted.value_type, placing, (*at, key.value))
    return MISTAKE if any(MISTAKE in pair for pair in values.items()) else values


def _sequence(node: SequenceNode, wanted: Any, placing: Placing, at: Place) -> Any:
    if isinstance(wanted, inspect.TupleType):
        if len(node.value) != len(wanted.item_types):
            return placing.complain(
                node, "wrong-value", f"found {len(node.value)} items, expected {len(wanted.item_types)}"
            )
        types = wanted.item_types
    else:
        if wanted.min_length and len(node.value) < wanted.min_length:
            placing.complain(
                node, "wrong-value", f"found {len(node.value)} in the list, expected at least {wanted.min_length}"
            )
        types = (wanted.item_type,) * len(node.value)
    values = tuple(
        _value(item, kind, placing, (*at, n)) for n, (item, kind) in enumerate(zip(node.value, types, strict=True))
    )
    return MISTAKE if any(value is MISTAKE for value in values) else values


# ── scalars ──────────────────────────────────────────────────────────────────────────────────────────────────


def _scalar(node: ScalarNode, wanted: Any, placing: Placing, says: str) -> Any:
    match wanted:
        case inspect.StrType():
            return _text(node, wanted, placing, says)
        case inspect.IntType() | inspect.FloatType():
            return _number(node, wanted, placing)
        case inspect.BoolType():
            return node.value in _TRUE
        case inspect.LiteralType():
            if node.value in wanted.values:
                return node.value
            return placing.complain(
                node, "wrong-value", f'found "{node.value}", expected {one_of(node.value, wanted.values)}'
            )
        case _:
            return None


def _text(node: ScalarNode, wanted: inspect.StrType, placing: Placing, says: str) -> Any:
    text = node.value
    if wanted.pattern and not re.search(wanted.pattern, text):
        expected = says[:1].lower() + says[1:].rstrip(".") if says else f"text like {wanted.pattern}"
        return placing.complain(node, "wrong-value", f'found "{text}", expected {expected}')
    least, most = wanted.min_length or 0, wanted.max_length
    if len(text) < least or (most is not None and len(text) > most):
        bounds = f"at least {least}" if len(text) < least else f"at most {most}"
        return placing.complain(node, "wrong-value", f"found {len(text)} characters, expected {bounds}")
    return text


def _number(node: ScalarNode, wanted: Any, placing: Placing) -> Any:
    number = _parsed(node.value.replace("_", ""))
    if not math.isfinite(number):
        return placing.complain(node, "wrong-value", f"found {node.value}, expected a finite number")
    too_small = wanted.ge is not None and number < wanted.ge
    if too_small or (wanted.le is not None and number > wanted.le):
        bounds = f"at least {wanted.ge}" if too_small else f"at most {wanted.le}"
        return placing.complain(node, "wrong-value", f"found {node.value}, expected {bounds}")
    return number


def _parsed(digits: str) -> int | float:
    for parse in (int, lambda text: int(text, 0), float):
        try:
            return parse(digits)
        except (ValueError, OverflowError):
            continue
    return math.nan


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────


def _kind(node: Node) -> str:
    """One of text, number, fraction, yes_no, nothing, mapping, list, or empty for a tag that we do not read."""
    tag = str(node.tag).removeprefix(_TAG)
    match node, tag:
        case MappingNode(), "map":
            return "mapping"
        case SequenceNode(), "seq":
            return "list"
        case ScalarNode(), "timestamp" | "merge" | "value":  # an unquoted date is text to us
            return "text"
        case ScalarNode(), "float":
            return "fraction"
        case ScalarNode(), _:
            return _KINDS.get(tag, "")
    return ""


_SUITABLE: Final[dict[type, tuple[str, ...]]] = {
    inspect.StructType: ("mapping",),
    inspect.DictType: ("mapping",),
    inspect.VarTupleType: ("list",),
    inspect.TupleType: ("list",),
    inspect.StrType: ("text",),
    inspect.LiteralType: ("text",),
    inspect.IntType: ("number",),
    inspect.FloatType: ("number", "fraction"),
    inspect.BoolType: ("yes_no",),
    inspect.NoneType: ("nothing",),
}
_WORDS: Final[dict[type, Callable[[Any], str]]] = {
    inspect.StructType: lambda wanted: f"a mapping with {listed([field.encode_name for field in wanted.fields])}",
    inspect.DictType: lambda _: "a mapping of keys to values",
    inspect.VarTupleType: lambda _: "a list",
    inspect.TupleType: lambda wanted: f"a list of {len(wanted.item_types)} items",
    inspect.StrType: lambda _: "text",
    inspect.LiteralType: lambda wanted: f"one of {listed(wanted.values, 'or')}",
    inspect.IntType: lambda _: "a whole number",
    inspect.FloatType: lambda _: "a number",
    inspect.BoolType: lambda _: "true or false",
    inspect.NoneType: lambda _: "nothing",
}


def _suits(node: Node, wanted: Any) -> bool:
    return _kind(node) in _SUITABLE.get(type(unwrapped(wanted)), ())


def unwrapped(wanted: Any) -> Any:
    """A type's description without the notes around it."""
    return unwrapped(wanted.type) if isinstance(wanted, inspect.Metadata) else wanted


def _words(wanted: Any) -> str:
    wanted = unwrapped(wanted)
    if isinstance(wanted, inspect.UnionType):
        return " or ".join(
            dict.fromkeys(_words(member) for member in wanted.types if not isinstance(member, inspect.NoneType))
        )
    return _WORDS[type(wanted)](wanted)


def _found(node: Node) -> str:
    match _kind(node):
        case "mapping":
            return "a mapping"
        case "list":
            return "a list"
        case "nothing":
            return "nothing"
        case "text":
            return f'the text "{node.value}"'
        case "yes_no":
            return f"{node.value} (yes or no)"
        case "":
            return f'the tag "{node.tag}"'
        case _:
            return f"the number {node.value}"


def _advice(node: Node, wanted: Any) -> str:
    if isinstance(wanted, inspect.StrType) and _kind(node) in ("number", "fraction", "yes_no"):
        return f'; write "{node.value}" in quotes'
    if isinstance(wanted, inspect.BoolType) and str(node.value).lower() in ("yes", "on", "no", "off"):
        return "; YAML 1.2 has only those two"
    return ""


def _mark(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
