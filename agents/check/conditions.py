"""Rules about scoring rules and conditions: they name what the catalogue knows, and compare like with like."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from msgspec import Struct, inspect

from agents.check.draft import Draft
from schemas.convert import Place
from schemas.facts import FACTS, Scalar
from schemas.nodes import bare
from schemas.policy import FieldDefinition, When
from schemas.problem import Problem
from schemas.read import Placed
from schemas.words import listed, one_of

_TESTS: Final = ("is", "in", "at_least", "at_most", "contains", "known")
_TYPES: Final[dict[type, Literal["text", "number", "yes_no"]]] = {
    inspect.StrType: "text",
    inspect.LiteralType: "text",
    inspect.BoolType: "yes_no",
}
_COMMON: Final = ("id", "lead_id", "at", "seen", "source")
_PLAIN: Final = {"text": "text", "number": "a number", "yes_no": "true or false"}

Fields = Mapping[str, FieldDefinition]


class _Condition(Struct, frozen=True):
    """A condition where it stands, and the fields that it may name."""

    placed: Placed[Any]
    at: Place
    when: When
    fields: Fields


def unknown_event(draft: Draft) -> Iterator[Problem]:
    """``on:`` names a fact that we know, or a tracked event of the catalogue."""
    if draft.scoring is None or draft.catalogue is None:
        return
    known = events(draft)
    for index, rule in enumerate(draft.scoring.value.engagement):
        if rule.on not in known:
            message = f'found the event "{rule.on}", expected {one_of(rule.on, known)}'
            yield draft.scoring.problem(("engagement", index, "on"), "unknown-event", message)


def unknown_field(draft: Draft) -> Iterator[Problem]:
    """A condition names fields of the catalogue, or ``fact.`` and a property of the fact that the rule is on."""
    for condition in _conditions(draft):
        if condition.when.field and condition.when.field not in condition.fields:
            message = (
                f'found the field "{condition.when.field}", expected {one_of(condition.when.field, condition.fields)}'
            )
            yield condition.placed.problem((*condition.at, "field"), "unknown-field", message)


def unlike_value(draft: Draft) -> Iterator[Problem]:
    """A field is compared with a value of its own type, and of its list when it has one."""
    for condition in _conditions(draft):
        field = condition.fields.get(condition.when.field)
        if field is None:
            continue
        for at, value in _values(condition.when):
            if message := _unlike(field, value):
                yield condition.placed.problem((*condition.at, *at), "unlike-value", message)


def unlike_test(draft: Draft) -> Iterator[Problem]:
    """``at_least`` and ``at_most`` are for numbers, ``contains`` for text."""
    for condition in _conditions(draft):
        field = condition.fields.get(condition.when.field)
        for test, type_ in (("at_least", "number"), ("at_most", "number"), ("contains", "text")):
            if field is not None and getattr(condition.when, test) not in (None, "") and field.type != type_:
                message = (
                    f'found "{test}" on "{condition.when.field}", which is {_PLAIN[field.type]}; it is for {type_}'
                )
                yield condition.placed.problem((*condition.at, test), "unlike-test", message)


def empty_condition(draft: Draft) -> Iterator[Problem]:
    """A field without a test, a test without a field, or bounds that nothing lies between: it means nothing."""
    for condition in _conditions(draft):
        when = condition.when
        if when.field and not _tested(when):
            message = f"found a field without a test, expected one of {listed(_TESTS, 'or')} beside it"
            yield condition.placed.problem(condition.at, "empty-condition", message)
        if _tested(when) and not when.field:
            yield condition.placed.problem(condition.at, "empty-condition", 'found a test, expected "field" beside it')
        if when.at_least is not None and when.at_most is not None and when.at_least > when.at_most:
            message = f"found at_least {when.at_least} and at_most {when.at_most}, expected the first to be the smaller"
            yield condition.placed.problem((*condition.at, "at_least"), "empty-condition", message)


def _tested(when: When) -> bool:
    bounds = (when.is_, when.at_least, when.at_most, when.known)
    return bool(when.in_ or when.contains) or any(bound is not None for bound in bounds)


# ── what may be named ────────────────────────────────────────────────────────────────────────────────────────


def events(draft: Draft) -> list[str]:
    """Every event that a rule may be on, as authors write them."""
    tracked = draft.catalogue.value.events if draft.catalogue else {}
    known = [tag.removesuffix(".v1") for tag in FACTS if not tag.startswith(("clock.", "policy.", "tracked."))]
    return known + [f"tracked:{name}" for name in tracked]


def _conditions(draft: Draft) -> Iterator[_Condition]:
    if draft.catalogue is None:
        return
    traits = draft.catalogue.value.fields
    if draft.scoring is not None:
        scoring = draft.scoring.value
        for index, fit in enumerate(scoring.fit):
            yield from _inside(_Condition(draft.scoring, ("fit", index, "when"), fit.when, traits))
        for index, veto in enumerate(scoring.disqualify):
            yield from _inside(_Condition(draft.scoring, ("disqualify", index, "when"), veto.when, traits))
        for index, rule in enumerate(scoring.engagement):
            fields = {**traits, **_properties(draft, rule.on)}
            yield from _inside(_Condition(draft.scoring, ("engagement", index, "when"), rule.when, fields))
    for program in draft.programs.values():
        yield from _inside(_Condition(program, ("when",), program.value.when, traits))


def _inside(condition: _Condition) -> Iterator[_Condition]:
    """The condition and all that it joins."""
    placed, at, when, fields = condition.placed, condition.at, condition.when, condition.fields
    yield condition
    for key, joined in (("all", when.all), ("any", when.any)):
        for index, inner in enumerate(joined):
            yield from _inside(_Condition(placed, (*at, key, index), inner, fields))
    if when.not_ is not None:
        yield from _inside(_Condition(placed, (*at, "not"), when.not_, fields))


def _properties(draft: Draft, on: str) -> Fields:
    """``fact.NAME`` for each property of the facts that a rule is on."""
    kind, _, name = on.partition(":")
    if kind == "tracked":
        event = draft.catalogue.value.events.get(name) if draft.catalogue else None
        return {
            f"fact.{key}": FieldDefinition(type=type_) for key, type_ in (event.properties if event else {}).items()
        }
    shape = FACTS.get(f"{on}.v1")
    fields = inspect.type_info(shape).fields if shape else ()  # type: ignore[attr-defined]  # a struct's description
    return {
        f"fact.{field.encode_name}": FieldDefinition(type=_type_of(field.type))
        for field in fields
        if field.encode_name not in _COMMON
    }


def _type_of(described: inspect.Type) -> Literal["text", "number", "yes_no"]:
    described = bare(described)
    if isinstance(described, inspect.UnionType):
        described = bare(described.types[0])
    return _TYPES.get(type(described), "number")


def _values(when: When) -> Iterator[tuple[Place, Scalar]]:
    if when.is_ is not None:
        yield ("is",), when.is_
    for index, value in enumerate(when.in_):
        yield ("in", index), value


def _unlike(field: FieldDefinition, value: Scalar) -> str:
    type_ = "yes_no" if isinstance(value, bool) else "number" if isinstance(value, int | float) else "text"
    if type_ != field.type:
        return f"found {value!r}, expected {_PLAIN[field.type]}"
    if field.values and value not in field.values:
        return f'found "{value}", expected {one_of(str(value), field.values)}'
    return ""
