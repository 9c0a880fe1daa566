"""What a template may name, and which of it may be missing when the e-mail is written. It renders nothing."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from jinja2 import nodes
from msgspec import Struct, inspect

from schemas.brand import Brand
from schemas.catalogue import FieldDefinition
from schemas.handoff import Brief
from schemas.nodes import bare
from schemas.words import one_of

_ORDERED: Final = frozenset({"gt", "gteq", "lt", "lteq"})


class Known(Struct, frozen=True):
    """A name that templates know: its parts, the shape of its items when it is a list, whether it may be missing."""

    optional: bool = False
    parts: Mapping[str, "Known"] = {}
    item: "Known | None" = None


class Fault(Struct, frozen=True):
    """Something wrong with a name: where in the template, and whether it is only that a fallback is missing."""

    line: int
    name: str
    message: str
    missing: bool = False


def values_known(kind: str, fields: Mapping[str, FieldDefinition], brand: Mapping[str, Any]) -> dict[str, Known]:
    """The names for e-mails of a kind: ``lead``, ``sender`` and two links for leads, ``brief`` for reps."""
    parts = _parts(Brand) | {key: _plain(value) for key, value in brand.items() if isinstance(value, dict)}
    known = {"brand": Known(parts=parts)}
    if kind == "internal":
        maybe = Known(optional=True)
        return known | {"brief": Known(parts=_parts(Brief)), "handoff_id": maybe, "answer_by": maybe}
    lead = {name: Known(optional=name != "email") for name in fields}
    links = {"unsubscribe_url": Known(), "honeypot_url": Known(optional=True)}
    return known | links | {"lead": Known(parts=lead), "sender": Known(parts={"name": Known()})}


def _plain(value: Mapping[str, Any]) -> Known:
    return Known(parts={name: Known() for name in value})


@cache
def _parts(shape: type[Struct]) -> dict[str, Known]:
    """A struct's fields; a default that is empty counts as missing, and a list is walked, not printed."""
    return {field.encode_name: _known(field) for field in inspect.type_info(shape).fields}  # type: ignore[attr-defined]


def _known(field: inspect.Field) -> Known:
    described = bare(field.type)
    if isinstance(described, inspect.VarTupleType):
        item = bare(described.item_type)
        return Known(item=Known(parts=_parts(item.cls)) if isinstance(item, inspect.StructType) else Known())
    return Known(optional=not field.required and not isinstance(described, inspect.BoolType))


# ── walking a template ───────────────────────────────────────────────────────────────────────────────────────

Scope = Mapping[str, Known]
Sure = frozenset[str]  # names that a condition around has found to be there


def faults(tree: nodes.Template, scope: Scope) -> Iterator[Fault]:
    """Names that nothing is known of, and optional ones that are printed without a fallback."""
    yield from _body(tree.body, scope, frozenset())


def _body(body: list[nodes.Node], scope: Scope, sure: Sure) -> Iterator[Fault]:
    for node in body:
        match node:
            case nodes.Output():
                for part in node.nodes:
                    yield from _needed(part, scope, sure)
            case nodes.If():
                yield from _asked(node.test, scope, sure)
                yield from _body(node.body, scope, sure | _truths(node.test))
                yield from _body([*node.elif_, *node.else_], scope, sure)
            case nodes.For():
                yield from _loop(node, scope, sure)


def _loop(node: nodes.For, scope: Scope, sure: Sure) -> Iterator[Fault]:
    yield from _asked(node.iter, scope, sure)
    listed = _find(node.iter, scope)
    item = listed.item if isinstance(listed, Known) and listed.item else Known()
    if isinstance(node.target, nodes.Name):
        yield from _body([*node.body, *node.else_], {**scope, node.target.name: item}, sure)


def _needed(node: nodes.Node, scope: Scope, sure: Sure) -> Iterator[Fault]:
    """An expression whose value is printed or computed with."""
    match node:
        case nodes.Name() | nodes.Getattr() | nodes.Getitem():
            yield from _named(node, scope, sure, needed=True)
        case nodes.Or():
            yield from _asked(node.left, scope, sure)
            yield from _needed(node.right, scope, sure)
        case nodes.And():
            yield from _asked(node.left, scope, sure)
            yield from _needed(node.right, scope, sure | _truths(node.left))
        case nodes.CondExpr():
            yield from _asked(node.test, scope, sure)
            yield from _needed(node.expr1, scope, sure | _truths(node.test))
            if node.expr2 is not None:
                yield from _needed(node.expr2, scope, sure)
        case nodes.Filter() if node.name in ("default", "d") and node.node is not None:
            yield from _asked(node.node, scope, sure)
            yield from (fault for argument in node.args for fault in _needed(argument, scope, sure))
        case nodes.Compare() | nodes.Not() | nodes.Test():
            yield from _asked(node, scope, sure)
        case _:
            yield from (fault for child in node.iter_child_nodes() for fault in _needed(child, scope, sure))


def _asked(node: nodes.Node, scope: Scope, sure: Sure) -> Iterator[Fault]:
    """An expression that is only asked about: what is missing counts as no."""
    match node:
        case nodes.Name() | nodes.Getattr() | nodes.Getitem():
            yield from _named(node, scope, sure, needed=False)
        case nodes.And():
            yield from _asked(node.left, scope, sure)
            yield from _asked(node.right, scope, sure | _truths(node.left))
        case nodes.Compare() if _ORDERED & {operand.op for operand in node.ops}:
            yield from (fault for child in (node.expr, *node.ops) for fault in _needed(child, scope, sure))
        case _:
            yield from (fault for child in node.iter_child_nodes() for fault in _asked(child, scope, sure))


def _named(node: nodes.Node, scope: Scope, sure: Sure, *, needed: bool) -> Iterator[Fault]:
    name, known = _path(node), _find(node, scope)
    if isinstance(known, str):
        yield Fault(node.lineno, name, known)
    elif needed and (known.parts or known.item):
        yield Fault(node.lineno, name, f'found "{name}" printed whole, expected one of its parts')
    elif needed and known.optional and name not in sure:
        message = f'found "{name}" without a fallback, expected {{{{ {name} or "…" }}}} or {{% if {name} %}} around it'
        yield Fault(node.lineno, name, message, missing=True)


def _truths(test: nodes.Node) -> Sure:
    """What must be there when the test is true."""
    match test:
        case nodes.Name() | nodes.Getattr() | nodes.Getitem():
            return frozenset({_path(test)})
        case nodes.And():
            return _truths(test.left) | _truths(test.right)
        case nodes.Compare() if test.ops and test.ops[0].op in ("eq", "in", *_ORDERED):
            return _truths(test.expr)
        case nodes.Test(name="defined"):
            return _truths(test.node)
    return frozenset()


def _path(node: nodes.Node) -> str:
    match node:
        case nodes.Getattr():
            return f"{_path(node.node)}.{node.attr}"
        case nodes.Getitem(arg=nodes.Const(value=value)):
            return f"{_path(node.node)}.{value}"
        case nodes.Name():
            return node.name
    return "(an expression)"


def _find(node: nodes.Node, scope: Scope) -> Known | str:
    """What is known of a name, or what is wrong with it."""
    around, _, last = _path(node).rpartition(".")
    if isinstance(node, nodes.Name):
        return scope[last] if last in scope else f'found the name "{last}", expected {one_of(last, scope)}'
    inner = _find(node.node, scope) if isinstance(node, nodes.Getattr | nodes.Getitem) else "found no name"
    if isinstance(inner, str):
        return inner
    if last in inner.parts:
        return inner.parts[last]
    whole = f"{around}.{last}"
    return f'found "{whole}", expected {one_of(whole, [f"{around}.{name}" for name in inner.parts])}'
