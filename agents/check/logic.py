"""Rules about what conditions come to: they hold for some leads and not for all, and do not undo one another."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from msgspec import Struct

from agents.check.conditions import Condition, conditions, joined
from agents.check.draft import Draft
from agents.check.possible import holds, kinds, named
from schemas.authored import When
from schemas.convert import Place
from schemas.problem import Problem

_ANY: Final = When()


def never_true(draft: Draft) -> Iterator[Problem]:
    """A condition can hold for somebody: what can never hold never counts."""
    for condition in _constant(draft, truth=False):
        message = "found a condition that no lead can meet, expected one that some can: look at what it joins"
        yield condition.placed.problem(condition.at, "never-true", message)


def always_true(draft: Draft) -> Iterator[Problem]:
    """A condition can fail: what holds for everybody says nothing about a lead."""
    for condition in _constant(draft, truth=True):
        message = "found a condition that every lead meets, expected one that some do not, or no condition here"
        yield condition.placed.problem(condition.at, "always-true", message)


def _constant(draft: Draft, *, truth: bool) -> Iterator[Condition]:
    for condition in conditions(draft):
        if condition.when != _ANY or condition.needed:
            yield from _innermost(condition, truth=truth)


def _innermost(condition: Condition, *, truth: bool) -> list[Condition]:
    """The condition when it always comes to ``truth``, or what in it does."""
    inner = [found for part in joined(condition) for found in _innermost(part, truth=truth)]
    if inner:
        return inner
    known = kinds([condition.when], condition.fields, condition.sure)
    return [condition] if known and all(holds(condition.when, kind) is truth for kind in known) else []


# ── one rule beside another ──────────────────────────────────────────────────────────────────────────────────


class _Rule(Struct, frozen=True):
    """A rule as far as it can be compared: only with others of the same ``kind`` (fit, or on one event)."""

    kind: str
    at: Place
    id: str
    points: int
    condition: Condition


def contradicting_rules(draft: Draft) -> Iterator[Problem]:
    """Rules for the same leads agree whether that is good, and nobody earns points by what disqualifies them."""
    if draft.scoring is None:
        return
    for one, other in _alike(_rules(draft)):
        if one.points * other.points < 0:
            message = (
                f'found {other.points:+} points where "{one.id}" gives {one.points:+} for the same, '
                f"expected one rule that says whether it is good"
            )
            yield draft.scoring.problem((*other.at, "points"), "contradicting-rules", message)
    vetoes = [_Rule("fit", condition.at, "", 0, condition) for condition in _of(draft, "disqualify")]
    for rule in _rules(draft):
        for veto in vetoes if rule.kind == "fit" and rule.points > 0 else ():
            if _covers(veto, rule):
                id_ = draft.scoring.value.disqualify[int(veto.at[1])].id
                message = f'found points for leads that "{id_}" disqualifies, expected points for leads that can count'
                yield draft.scoring.problem((*rule.at, "points"), "contradicting-rules", message)


def repeated_rule(draft: Draft) -> Iterator[Problem]:
    """A rule says something that no other says: two for the same leads add up unseen. A warning."""
    for one, other in _alike(_rules(draft)):
        if draft.scoring is not None and one.points * other.points >= 0:
            message = f'found the condition of "{one.id}" again, expected one rule with the points of both'
            yield draft.scoring.problem((*other.at, "when"), "repeated-rule", message, warning=True)


def _rules(draft: Draft) -> list[_Rule]:
    if draft.scoring is None:
        return []
    scoring = draft.scoring.value
    fit = [
        _Rule("fit", condition.at[:2], rule.id, rule.points, condition)
        for rule, condition in zip(scoring.fit, _of(draft, "fit"), strict=True)
    ]
    return fit + [
        _Rule(rule.on, condition.at[:2], rule.id, rule.points, condition)
        for rule, condition in zip(scoring.engagement, _of(draft, "engagement"), strict=True)
    ]


def _of(draft: Draft, section: str) -> list[Condition]:
    return [one for one in conditions(draft) if one.placed is draft.scoring and one.at[0] == section]


def _alike(rules: Sequence[_Rule]) -> Iterator[tuple[_Rule, _Rule]]:
    """Pairs of rules that hold for exactly the same, the earlier first."""
    for one, other in combinations(rules, 2):
        if one.kind == other.kind and named(one.condition.when) == named(other.condition.when) and _same(one, other):
            yield one, other


def _same(one: _Rule, other: _Rule) -> bool:
    here, there = one.condition, other.condition
    known = kinds([here.when, there.when], here.fields, here.sure)
    return bool(known) and all(holds(here.when, kind) == holds(there.when, kind) for kind in known)


def _covers(veto: _Rule, rule: _Rule) -> bool:
    """Whether the veto holds for every lead that the rule holds for."""
    if not named(veto.condition.when) <= named(rule.condition.when):
        return False
    known = kinds([veto.condition.when, rule.condition.when], rule.condition.fields)
    hit = [kind for kind in known if holds(rule.condition.when, kind)]
    return bool(hit) and all(holds(veto.condition.when, kind) for kind in hit)
