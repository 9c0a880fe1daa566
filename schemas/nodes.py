"""What a YAML node is and what a type asks for, in an author's words. It converts nothing."""

from collections.abc import Callable
from typing import Any, Final

from msgspec import inspect
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from schemas.words import listed

_TAG: Final = "tag:yaml.org,2002:"
# An unquoted date is text to us: it is compared and shown, never computed with.
_SCALARS: Final = {
    "str": "text",
    "timestamp": "text",
    "merge": "text",
    "value": "text",
    "int": "whole",
    "float": "fraction",
    "bool": "yes_no",
    "null": "nothing",
}
_SUITABLE: Final[dict[type, tuple[str, ...]]] = {
    inspect.StructType: ("mapping",),
    inspect.DictType: ("mapping",),
    inspect.VarTupleType: ("list",),
    inspect.TupleType: ("list",),
    inspect.StrType: ("text",),
    inspect.LiteralType: ("text",),
    inspect.IntType: ("whole",),
    inspect.FloatType: ("whole", "fraction"),
    inspect.BoolType: ("yes_no",),
    inspect.NoneType: ("nothing",),
}
_WORDS: Final[dict[type, Callable[[Any], str]]] = {
    inspect.StructType: lambda wanted: f"a mapping with {listed([field.encode_name for field in wanted.fields])}",
    inspect.DictType: lambda _: "a mapping of keys to values",
    inspect.VarTupleType: lambda _: "a list",
    inspect.TupleType: lambda wanted: f"a list of {len(wanted.item_types)}",
    inspect.StrType: lambda _: "text",
    inspect.LiteralType: lambda wanted: f"one of {listed(wanted.values, 'or')}",
    inspect.IntType: lambda _: "a whole number",
    inspect.FloatType: lambda _: "a number",
    inspect.BoolType: lambda _: "true or false",
    inspect.NoneType: lambda _: "nothing",
}


def mark(node: Node) -> tuple[int, int]:
    """Line and column of a node, from 1."""
    return node.start_mark.line + 1, node.start_mark.column + 1


def suits(node: Node, wanted: Any) -> bool:
    """True when a node of this kind can be of this type at all."""
    return _kind(node) in _SUITABLE.get(type(bare(wanted)), ())


def bare(wanted: Any) -> Any:
    """A type's description without the notes around it."""
    return bare(wanted.type) if isinstance(wanted, inspect.Metadata) else wanted


def words(wanted: Any) -> str:
    """What a type asks for."""
    wanted = bare(wanted)
    if not isinstance(wanted, inspect.UnionType):
        return _WORDS[type(wanted)](wanted)
    members = [words(member) for member in wanted.types if not isinstance(member, inspect.NoneType)]
    return " or ".join(dict.fromkeys(members))


def found(node: Node) -> str:
    """What an author wrote."""
    says = {
        "mapping": "a mapping",
        "list": "a list",
        "nothing": "nothing",
        "text": f'the text "{node.value}"',
        "yes_no": f"{node.value} (true or false)",
        "": f'the tag "{node.tag}"',
    }
    return says.get(_kind(node), f"the number {node.value}")


def advice(node: Node, wanted: Any) -> str:
    """What to write instead, when the mistake is one of YAML's own traps."""
    if isinstance(bare(wanted), inspect.StrType) and _kind(node) in ("whole", "fraction", "yes_no"):
        return f'; write "{node.value}" in quotes'
    if isinstance(bare(wanted), inspect.BoolType) and str(node.value).lower() in ("yes", "on", "no", "off"):
        return "; YAML 1.2 has only those two"
    return ""


def _kind(node: Node) -> str:
    """One of text, whole, fraction, yes_no, nothing, mapping, list; empty for a tag that we do not read."""
    tag = str(node.tag).removeprefix(_TAG)
    if isinstance(node, ScalarNode):
        return _SCALARS.get(tag, "")
    if isinstance(node, MappingNode):
        return "mapping" if tag == "map" else ""
    return "list" if isinstance(node, SequenceNode) and tag == "seq" else ""
