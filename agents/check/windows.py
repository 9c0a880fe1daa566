"""Rules about caps, groups and windows over the past: what they name exists, and rows keep enough to answer them."""

from collections.abc import Iterator
from typing import Any, Final

from agents.check.conditions import each
from agents.check.draft import Draft
from schemas.convert import Place
from schemas.model import Scoring
from schemas.problem import Problem
from schemas.read import Placed
from schemas.units import DAY, millis
from schemas.words import one_of

_NOT_THERE: Final = {
    "fit": "a fit rule, which is who they are",
    "personas": "a persona, which is who they are",
    "engagement": "a rule on a fact, whose counts would hang on the order of arrival",
    "states": "the lifecycle, which stands on stages",
}


def unknown_rule(draft: Draft) -> Iterator[Problem]:
    """``did`` and groups name engagement rules of their own model.

    `did` and groups name rules under `engagement` by their `id`. A name that is none is never fed.
    """
    if draft.scoring is None:
        return
    known = [rule.id for rule in draft.scoring.value.engagement]
    named: list[tuple[Placed[Any], Place, str]] = [
        (one.placed, (*one.at, "did"), one.when.did) for one in each(draft) if one.when.did
    ]
    for index, group in enumerate(draft.scoring.value.groups):
        named += [(draft.scoring, ("groups", index, "rules", nth), rule) for nth, rule in enumerate(group.rules)]
    for placed, at, rule in named:
        if rule not in known:
            message = f'found the engagement rule "{rule}", expected {one_of(rule, known)}'
            yield placed.problem(at, "unknown-rule", message)


def misplaced_window(draft: Draft) -> Iterator[Problem]:
    """Windows over the past stand in patterns, disqualify, stages and programs, where only the counts matter.

    Where points are given for single facts, what was done before would depend on the order of arrival. Patterns,
    disqualify, stages and programs ask the past.
    """
    for one in each(draft):
        where = _NOT_THERE.get(str(one.at[0]), "")
        if one.at[0] in ("goals", "exits") and getattr(one.placed.value, str(one.at[0]))[one.at[1]].on:
            where = "a condition on a fact"
        if one.when.did and where:
            message = f'found "did" in {where}; expected it in patterns, disqualify, stages or a program'
            yield one.placed.problem((*one.at, "did"), "misplaced-window", message)


def wide_window(draft: Draft) -> Iterator[Problem]:
    """A window asks for no more than rows keep: whole days within the horizon, and counts up to the rule's ``most``.

    A lead's row keeps counts by day, within the horizon, up to `most` of a rule. More than that it cannot answer.
    """
    if draft.scoring is None:
        return
    scoring = draft.scoring.value
    yield from _days(draft.scoring, ("horizon",), scoring.horizon, scoring)
    most = {rule.id: rule.most for rule in scoring.engagement}
    for one in each(draft):
        if one.when.did and one.when.within is not None:
            yield from _days(one.placed, (*one.at, "within"), one.when.within, scoring)
        if one.when.times > most.get(one.when.did, one.when.times):
            message = f'found {one.when.times} times, expected at most {most[one.when.did]}, the "most" of that rule'
            yield one.placed.problem((*one.at, "times"), "wide-window", message)
    for index, rule in enumerate(scoring.engagement):
        for nth, cap in enumerate(rule.caps):
            yield from _days(draft.scoring, ("engagement", index, "caps", nth, "within"), cap.within, scoring)


def _days(placed: Placed[Any], at: Place, within: str, scoring: Scoring) -> Iterator[Problem]:
    if millis(within) % DAY:
        yield placed.problem(at, "wide-window", f'found "{within}", expected whole days, as rows count')
    elif millis(within) > millis(scoring.horizon):
        message = (
            f'found "{within}", expected at most the horizon of {scoring.horizon}: rows forget what lies behind it'
        )
        yield placed.problem(at, "wide-window", message)


def unclear_group(draft: Draft) -> Iterator[Problem]:
    """A rule is in one group at most, and a group shares out points that count for a lead.

    A group shares its points out among its rules, the newest first. A rule in two groups would be shared out twice.
    """
    if draft.scoring is None:
        return
    points = {rule.id: rule.points for rule in draft.scoring.value.engagement}
    held: dict[str, str] = {}
    for index, group in enumerate(draft.scoring.value.groups):
        for nth, rule in enumerate(group.rules):
            at = ("groups", index, "rules", nth)
            if rule in held:
                message = f'found "{rule}" again, expected it once: it is in "{held[rule]}" already'
                yield draft.scoring.problem(at, "unclear-group", message)
            held[rule] = group.id
            if points.get(rule, 1) <= 0:
                message = f'found "{rule}", which gives {points[rule]} points, expected rules that give more than none'
                yield draft.scoring.problem(at, "unclear-group", message)


def wrong_overstay(draft: Draft) -> Iterator[Problem]:
    """A stay that is too long ends in an earlier stage, and is longer than the dwell.

    A stay that ends sends the lead back, so `then` is an earlier stage; and the dwell would hold whoever should leave
    sooner.
    """
    stages = draft.stages.value.stages if draft.stages else ()
    for index, stage in enumerate(stages):
        if draft.stages is None:
            continue
        earlier = [other.id for other in stages[:index]]
        if stage.then and stage.then not in earlier:
            expected = one_of(stage.then, earlier) if earlier else "none: the first stage has no earlier one"
            yield draft.stages.problem(
                ("stages", index, "then"), "wrong-overstay", f'found "{stage.then}", expected {expected}'
            )
        if stage.then and stage.at_most is None:
            message = 'found "then" alone, expected "at_most" beside it: how long a stay may last'
            yield draft.stages.problem(("stages", index, "then"), "wrong-overstay", message)
        if stage.at_most is not None and millis(stage.at_most) <= millis(draft.stages.value.dwell):
            message = f'found "{stage.at_most}", expected more than the dwell of {draft.stages.value.dwell}'
            yield draft.stages.problem(("stages", index, "at_most"), "wrong-overstay", message)
