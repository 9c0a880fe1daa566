"""Rules about what conditions come to: they hold for some leads and not for all, and do not undo one another."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from agents.check.conditions import Condition, comparable, conditions, joined
from agents.check.draft import Draft
from agents.check.possible import holds, kinds, named
from schemas.authored import When
from schemas.problem import Problem

_ANY: Final = When()


def never_true(draft: Draft) -> Iterator[Problem]:
    """A condition can hold for somebody: what can never hold never counts.

    Two tests that exclude each other, joined by `all`, make a rule that nobody meets. Join them with `any`, or take one
    out.
    """
    for condition in _constant(draft, truth=False):
        message = "found a condition that no lead can meet, expected one that some can: look at what it joins"
        yield condition.placed.problem(condition.at, "never-true", message)


def always_true(draft: Draft) -> Iterator[Problem]:
    """A condition can fail: what holds for everybody says nothing about a lead.

    Points that everybody gets tell leads apart no better than none. Ask for something that some lack.
    """
    for condition in _constant(draft, truth=True):
        message = "found a condition that every lead meets, expected one that some do not, or no condition here"
        yield condition.placed.problem(condition.at, "always-true", message)


def _constant(draft: Draft, *, truth: bool) -> Iterator[Condition]:
    for condition in conditions(draft):
        if (condition.when != _ANY or condition.needed) and comparable(condition):
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
    """A rule as far as it can be compared: with others of the same ``kind`` (fit, patterns, or on one event)."""

    kind: str
    id: str
    points: int
    condition: Condition

    def problem(self, key: str, rule: str, message: str, *, warning: bool = False) -> Problem:
        """A complaint about one of its keys."""
        return self.condition.placed.problem((*self.condition.at[:2], key), rule, message, warning=warning)


def contradicting_rules(draft: Draft) -> Iterator[Problem]:
    """Rules for the same leads agree whether that is good, and nobody earns points by what disqualifies them.

    One rule gives what the other takes, and only their difference counts. Decide which it is, and keep one.
    """
    rules = _rules(draft)
    for one, other in _alike(rules):
        if one.points * other.points < 0:
            message = (
                f'found {other.points:+} points where "{one.id}" gives {one.points:+} for the same, '
                f"expected one rule that says whether it is good"
            )
            yield other.problem("points", "contradicting-rules", message)
    vetoes = [rule for rule in rules if rule.kind == "disqualify"]
    for rule in rules:
        for veto in vetoes if rule.kind == "fit" and rule.points > 0 else ():
            if _covers(veto, rule):
                message = f'found points for leads that "{veto.id}" disqualifies, expected points for leads that count'
                yield rule.problem("points", "contradicting-rules", message)


def repeated_rule(draft: Draft) -> Iterator[Problem]:
    """A rule says something that no other says: two for the same leads add up unseen. A warning.

    Points for the same leads add up unseen, and a change of one rule leaves the other behind. Keep one, with the points
    of both.
    """
    for one, other in _alike(_rules(draft)):
        if one.points * other.points >= 0:
            message = f'found the condition of "{one.id}" again, expected one rule with the points of both'
            yield other.problem("when", "repeated-rule", message, warning=True)


def _rules(draft: Draft) -> list[_Rule]:
    found = []
    for condition in conditions(draft):
        if draft.scoring is not None and condition.placed is draft.scoring:
            part, index = str(condition.at[0]), int(condition.at[1])
            rule = getattr(draft.scoring.value, part)[index]
            found.append(_Rule(getattr(rule, "on", part), rule.id, getattr(rule, "points", 0), condition))
    return found


def _alike(rules: Sequence[_Rule]) -> Iterator[tuple[_Rule, _Rule]]:
    """Rules that hold for exactly those of an earlier one, behind the first of these."""
    comparable: dict[tuple[str, frozenset[str]], list[_Rule]] = defaultdict(list)
    for rule in rules:
        comparable[rule.kind, named(rule.condition.when)].append(rule)
    for several in comparable.values():
        here = several[0].condition
        known = kinds([rule.condition.when for rule in several], here.fields, here.sure)
        first: dict[tuple[bool, ...], _Rule] = {}
        for rule in several if known else ():
            held = tuple(holds(rule.condition.when, kind) for kind in known)
            if held in first:
                yield first[held], rule
            first.setdefault(held, rule)


def _covers(veto: _Rule, rule: _Rule) -> bool:
    """Whether the veto holds for every lead that the rule holds for."""
    if not named(veto.condition.when) <= named(rule.condition.when):
        return False
    known = kinds([veto.condition.when, rule.condition.when], rule.condition.fields)
    hit = [kind for kind in known if holds(rule.condition.when, kind)]
    return bool(hit) and all(holds(veto.condition.when, kind) for kind in hit)
