"""Rules about scoring rules and conditions: they name what the catalogue knows, and compare like with like."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from msgspec import Struct, inspect
from msgspec.structs import replace

from agents.check.draft import Draft
from schemas.authored import When
from schemas.catalogue import FieldDefinition
from schemas.convert import Place
from schemas.facts import FACTS, Scalar
from schemas.lifecycle import STANDING
from schemas.model import Scoring, Stages
from schemas.nodes import bare
from schemas.problem import Problem
from schemas.program import Program
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


class Condition(Struct, frozen=True):
    """A condition where it stands, and the fields that it may name; ``sure`` ones always have a value.

    ``needed`` when it must say something: an empty one would hold for everybody. ``lost`` when it is about an event
    that nobody knows, so that nothing can be said of the event's properties.
    """

    placed: Placed[Any]
    at: Place
    when: When
    fields: Fields
    sure: frozenset[str] = frozenset()
    needed: bool = False
    lost: bool = False


def unknown_event(draft: Draft) -> Iterator[Problem]:
    """``on:`` names a fact that we know, or a tracked event of the catalogue.

    A rule on an event that never comes gives no points, and a wait for it never ends early. What your site sends stands
    under `events` in catalogue.yaml, and is named "tracked:NAME".
    """
    if draft.scoring is None or draft.catalogue is None:
        return
    known = events(draft)
    for index, rule in enumerate(draft.scoring.value.engagement):
        if rule.on not in known:
            message = f'found the event "{rule.on}", expected {one_of(rule.on, known)}'
            yield draft.scoring.problem(("engagement", index, "on"), "unknown-event", message)


def unknown_field(draft: Draft) -> Iterator[Problem]:
    """A condition names fields of the catalogue, or ``fact.`` and a property of the fact that the rule is on.

    A condition on a field that no lead has holds for nobody, and looks as if it worked. Fields stand in catalogue.yaml;
    properties of the event itself are named `fact.NAME`.
    """
    for condition in each(draft):
        field = condition.when.field
        if field and field not in condition.fields and not (condition.lost and field.startswith("fact.")):
            message = f'found the field "{field}", expected {one_of(field, condition.fields)}'
            yield condition.placed.problem((*condition.at, "field"), "unknown-field", message)


def unlike_value(draft: Draft) -> Iterator[Problem]:
    """A field is compared with a value of its own type, and of its list when it has one.

    A number is never equal to a text, nor a role to one that forms do not offer, so the condition would hold for
    nobody.
    """
    for condition in each(draft):
        for at, message in _unlike_values(condition):
            yield condition.placed.problem((*condition.at, *at), "unlike-value", message)


def unlike_test(draft: Draft) -> Iterator[Problem]:
    """``at_least`` and ``at_most`` are for numbers, ``contains`` for text.

    Text has no order and numbers contain nothing, so the test would hold for nobody. Use `is` or `in` instead.
    """
    for condition in each(draft):
        for at, message in _unlike_tests(condition):
            yield condition.placed.problem((*condition.at, *at), "unlike-test", message)


def empty_condition(draft: Draft) -> Iterator[Problem]:
    """A field without a test, or a test without a field, means nothing.

    It would hold for everybody or for nobody. Name the field, and what is asked of it.
    """
    for condition in each(draft):
        when = condition.when
        if when.field and not _tested(when):
            message = f"found a field without a test, expected one of {listed(_TESTS, 'or')} beside it"
            yield condition.placed.problem(condition.at, "empty-condition", message)
        if _tested(when) and not when.field:
            yield condition.placed.problem(condition.at, "empty-condition", 'found a test, expected "field" beside it')
        if when.field and when.did:
            message = 'found "field" and "did", expected one of them: join two conditions with all or any'
            yield condition.placed.problem((*condition.at, "did"), "empty-condition", message)
        if not when.did and (when.within is not None or when.times > 1):
            message = 'found how often or within what, expected "did" and an engagement rule beside it'
            yield condition.placed.problem(condition.at, "empty-condition", message)


def _tested(when: When) -> bool:
    bounds = (when.is_, when.at_least, when.at_most, when.known)
    return bool(when.in_ or when.contains) or any(bound is not None for bound in bounds)


# ── what may be named ────────────────────────────────────────────────────────────────────────────────────────


def events(draft: Draft) -> list[str]:
    """Every event that a rule may be on, as authors write them."""
    tracked = draft.catalogue.value.events if draft.catalogue else {}
    known = [tag.removesuffix(".v1") for tag in FACTS if not tag.startswith(("clock.", "policy.", "tracked."))]
    return known + [f"tracked:{name}" for name in tracked]


def conditions(draft: Draft) -> Iterator[Condition]:
    """Every condition of the workplace, whole."""
    if draft.catalogue is None:
        return
    traits = draft.catalogue.value.fields
    if draft.scoring is not None:
        yield from _of_scoring(draft, draft.scoring, traits)
    if draft.stages is not None:
        yield from _of_stages(draft.stages, traits)
    for program in draft.programs.values():
        yield from _of_program(draft, program, traits)
    if draft.journey is not None:
        for index, persona in enumerate(draft.journey.value.personas):
            yield Condition(draft.journey, ("personas", index, "when"), persona.when, traits, needed=True)
    if draft.lifecycle is not None:
        standing = {**traits, **standing_fields(draft)}
        for index, state in enumerate(draft.lifecycle.value.states):
            yield Condition(draft.lifecycle, ("states", index, "when"), state.when, standing, frozenset(STANDING))


def _of_scoring(draft: Draft, scoring: Placed[Scoring], traits: Fields) -> Iterator[Condition]:
    for index, fit in enumerate(scoring.value.fit):
        yield Condition(scoring, ("fit", index, "when"), fit.when, traits, needed=True)
    for index, veto in enumerate(scoring.value.disqualify):
        yield Condition(scoring, ("disqualify", index, "when"), veto.when, traits, needed=True)
    known = events(draft)
    for index, rule in enumerate(scoring.value.engagement):
        own, sure = properties(draft, rule.on)
        lost = rule.on not in known
        yield Condition(scoring, ("engagement", index, "when"), rule.when, {**traits, **own}, sure, lost=lost)
    for index, pattern in enumerate(scoring.value.patterns):
        yield Condition(scoring, ("patterns", index, "when"), pattern.when, traits, needed=True)


def _of_program(draft: Draft, program: Placed[Program], traits: Fields) -> Iterator[Condition]:
    yield Condition(program, ("when",), program.value.when, traits)
    for index, step in enumerate(program.value.steps):
        yield Condition(program, ("steps", index, "if"), step.if_, traits)
    known = events(draft)
    for key, endings in (("goals", program.value.goals), ("exits", program.value.exits)):
        for index, ending in enumerate(endings):
            own, sure = properties(draft, ending.on)
            fields, lost = {**traits, **own}, bool(ending.on) and ending.on not in known
            yield Condition(program, (key, index, "when"), ending.when, fields, sure, not ending.on, lost)


def _of_stages(stages: Placed[Stages], traits: Fields) -> Iterator[Condition]:
    for index, stage in enumerate(stages.value.stages):
        yield Condition(stages, ("stages", index, "enter"), stage.enter, traits)
        if stage.leave is not None:
            yield Condition(stages, ("stages", index, "leave"), stage.leave, traits, needed=True)


def joined(condition: Condition) -> Iterator[Condition]:
    """What a condition joins, one level down."""
    for key, inner in (("all", condition.when.all), ("any", condition.when.any)):
        for index, when in enumerate(inner):
            yield replace(condition, at=(*condition.at, key, index), when=when, needed=True)
    if condition.when.not_ is not None:
        yield replace(condition, at=(*condition.at, "not"), when=condition.when.not_, needed=True)


def each(draft: Draft) -> Iterator[Condition]:
    """Every condition, and all that each joins."""
    for condition in conditions(draft):
        yield from _inside(condition)


def _inside(condition: Condition) -> Iterator[Condition]:
    """The condition and all that it joins."""
    yield condition
    for inner in joined(condition):
        yield from _inside(inner)


def standing_fields(draft: Draft) -> Fields:
    """What the lifecycle may name, with the stages that there are."""
    return {**STANDING, "stage": replace(STANDING["stage"], values=tuple(draft.stage_ids()))}


def properties(draft: Draft, on: str) -> tuple[Fields, frozenset[str]]:
    """``fact.NAME`` for each property of the facts that a rule is on, and those that every such fact has."""
    kind, _, name = on.partition(":")
    if kind == "tracked":
        event = draft.catalogue.value.events.get(name) if draft.catalogue else None
        own = {f"fact.{key}": FieldDefinition(type=type_) for key, type_ in (event.properties if event else {}).items()}
        return own, frozenset()
    shape = FACTS.get(f"{on}.v1")
    described = inspect.type_info(shape).fields if shape else ()  # type: ignore[attr-defined]  # a struct's description
    own = {f"fact.{f.encode_name}": _defined(f.type) for f in described if f.encode_name not in _COMMON}
    maybe = {f"fact.{f.encode_name}" for f in described if isinstance(bare(f.type), inspect.UnionType)}
    return own, frozenset(own.keys() - maybe)


def _defined(described: inspect.Type) -> FieldDefinition:
    values = bare(described).values if isinstance(bare(described), inspect.LiteralType) else ()
    return FieldDefinition(type=_type_of(described), values=tuple(map(str, values)))


def _type_of(described: inspect.Type) -> Literal["text", "number", "yes_no"]:
    described = bare(described)
    if isinstance(described, inspect.UnionType):
        described = bare(described.types[0])
    return _TYPES.get(type(described), "number")


# ── like with like ───────────────────────────────────────────────────────────────────────────────────────────


def comparable(condition: Condition) -> bool:
    """Whether it and all that it joins compare like with like; of what does not, no more can be said."""
    return not any((*_unlike_values(one), *_unlike_tests(one)) for one in _inside(condition))


def _unlike_values(condition: Condition) -> Iterator[tuple[Place, str]]:
    field = condition.fields.get(condition.when.field)
    for at, value in _values(condition.when) if field is not None else ():
        if field is not None and (message := _unlike(field, value)):
            yield at, message


def _unlike_tests(condition: Condition) -> Iterator[tuple[Place, str]]:
    field = condition.fields.get(condition.when.field)
    for test, type_ in (("at_least", "number"), ("at_most", "number"), ("contains", "text")):
        if field is not None and getattr(condition.when, test) not in (None, "") and field.type != type_:
            yield (
                (test,),
                f'found "{test}" on "{condition.when.field}", which is {_PLAIN[field.type]}; it is for {type_}',
            )


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
