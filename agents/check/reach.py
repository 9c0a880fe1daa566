"""Rules about what can be reached: stages and states have a way in and a way out, and every cap can bind."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from agents.check.conditions import conditions
from agents.check.draft import Draft
from agents.check.possible import holds, kinds, named
from schemas.authored import Cap, When
from schemas.catalogue import FieldDefinition
from schemas.model import EngagementRule, FitRule, Group, Scoring
from schemas.problem import Problem
from schemas.read import Placed
from schemas.units import millis
from schemas.words import counted


def no_way_in(draft: Draft) -> Iterator[Problem]:
    """Every stage and every state of the lifecycle can be entered.

    A stage that asks for more points than there are, or a state that a later one always outdoes, stands empty for ever.
    Ask for less, or take it out.
    """
    yield from _first_stage(draft)
    yield from _closed_stages(draft)
    yield from _left_at_once(draft)
    yield from _skipped_stages(draft)
    yield from _closed_states(draft)


def _closed_stages(draft: Draft) -> Iterator[Problem]:
    if draft.stages is None or draft.scoring is None or draft.catalogue is None:
        return
    scoring = draft.scoring.value
    most = {"fit": most_fit(scoring.fit, draft.catalogue.value.fields), "engagement": most_engagement(scoring)}
    for index, stage in enumerate(draft.stages.value.stages[1:], 1):
        for axis, reachable in most.items():
            if getattr(stage, axis) > reachable:
                message = f"found {axis} {getattr(stage, axis)}, expected at most {reachable}: no lead can have more"
                yield draft.stages.problem(("stages", index, axis), "no-way-in", message)


def _left_at_once(draft: Draft) -> Iterator[Problem]:
    """A stage is closed when ``leave`` holds for whoever may enter: it is asked first. What always holds is told so."""
    if draft.stages is None or draft.catalogue is None:
        return
    for index, stage in enumerate(draft.stages.value.stages[1:], 1):
        leave = stage.leave or When()
        known = kinds([stage.enter, leave], draft.catalogue.value.fields)
        entering = [holds(leave, kind) for kind in known if holds(stage.enter, kind)]
        if entering and all(entering) and not all(holds(leave, kind) for kind in known):
            message = "found a condition that holds for whoever may enter, expected one that some of them do not meet"
            yield draft.stages.problem(("stages", index, "leave"), "no-way-in", message)


def _first_stage(draft: Draft) -> Iterator[Problem]:
    """The first stage is where leads begin: what it asks for is never asked."""
    if draft.stages is None:
        return
    first = draft.stages.value.stages[0]
    for key, asks in (("fit", first.fit > 0), ("engagement", first.engagement > 0), ("enter", first.enter != When())):
        if asks:
            message = f"found {key} on the first stage, expected none: every lead begins there"
            yield draft.stages.problem(("stages", 0, key), "no-way-in", message)


def _skipped_stages(draft: Draft) -> Iterator[Problem]:
    for index, (lower, upper) in enumerate(pairwise(draft.stages.value.stages if draft.stages else ())):
        alike = (lower.fit, lower.engagement) == (upper.fit, upper.engagement) and upper.enter == When()
        if draft.stages and index and alike:
            message = f'found the points of "{upper.id}", expected fewer: whoever has them goes on to it at once'
            yield draft.stages.problem(("stages", index), "no-way-in", message)


def _closed_states(draft: Draft) -> Iterator[Problem]:
    """A state is closed when a later one holds whenever it does."""
    if draft.lifecycle is None:
        return
    states = draft.lifecycle.value.states
    own = [condition for condition in conditions(draft) if condition.placed is draft.lifecycle]
    if states[0].when != When():
        message = "found a condition on the first state, expected none: a lead of which nothing else holds is in it"
        yield draft.lifecycle.problem(("states", 0, "when"), "no-way-in", message)
    known = kinds([state.when for state in states], own[0].fields, own[0].sure) if own else []
    last = {max((n for n, state in enumerate(states) if n and holds(state.when, kind)), default=0) for kind in known}
    for index, state in enumerate(states):
        if known and index not in last and any(holds(state.when, kind) for kind in known):
            message = f'found a state that a later one always outdoes, expected "{state.id}" to hold alone for some'
            yield draft.lifecycle.problem(("states", index), "no-way-in", message)


def no_way_out(draft: Draft) -> Iterator[Problem]:
    """Who has lost interest leaves a stage: staying takes more than nothing, and no more than entering did.

    Engagement fades, and a lead that no longer cares should leave. `keep` says how much is enough to stay: at least 1,
    and no more than it took to enter.
    """
    for index, stage in enumerate(draft.stages.value.stages if draft.stages else ()):
        if draft.stages is None or stage.keep is None:
            continue
        if stage.keep > stage.engagement:
            message = (
                f"found keep {stage.keep} above engagement {stage.engagement}, expected at most that: leads would flap"
            )
            yield draft.stages.problem(("stages", index, "keep"), "no-way-out", message)
        elif stage.keep <= 0 < stage.engagement and stage.leave is None and stage.at_most is None:
            message = f"found keep {stage.keep}, expected 1 to {stage.engagement}: leads would stay whatever they do"
            yield draft.stages.problem(("stages", index, "keep"), "no-way-out", message)


def overlapping_caps(draft: Draft) -> Iterator[Problem]:
    """A cap can be met: none is made idle by another.

    A cap that another one always reaches first does nothing, but will be believed. Take it out, or make it the stricter
    one.
    """
    if (scoring := draft.scoring) is not None:
        for index, rule in enumerate(scoring.value.engagement):
            yield from _idle_caps(scoring, index, rule)
        for index, group in enumerate(scoring.value.groups):
            yield from _idle_group(scoring, index, group)
    caps = draft.sending.value.caps if draft.sending else ()
    for index, cap in enumerate(caps):
        if draft.sending is not None and (message := _spared(cap, caps)):
            yield draft.sending.problem(("caps", index), "overlapping-caps", message)
    for name, class_ in draft.sending.value.classes.items() if draft.sending else ():
        for index, cap in enumerate(class_.caps):
            if draft.sending is not None and (message := _spared(cap, (*class_.caps, *caps))):
                yield draft.sending.problem(("classes", name, "caps", index), "overlapping-caps", message)


def _idle_caps(scoring: Placed[Scoring], index: int, rule: EngagementRule) -> Iterator[Problem]:
    at = ("engagement", index)
    if (*at, "most_a_day") in scoring.places and rule.most_a_day > rule.most:
        message = f"found most_a_day {rule.most_a_day} above most {rule.most}, expected at most that"
        yield scoring.problem((*at, "most_a_day"), "overlapping-caps", message)
    for nth, cap in enumerate(rule.caps):
        if cap.most >= rule.most:
            message = f"found at most {cap.most} within {cap.within} where most is {rule.most}, expected fewer"
            yield scoring.problem((*at, "caps", nth), "overlapping-caps", message)
        elif message := _spared(cap, (*rule.caps, Cap(most=rule.most_a_day, within="1 day"))):
            yield scoring.problem((*at, "caps", nth), "overlapping-caps", message)


def _idle_group(scoring: Placed[Scoring], index: int, group: Group) -> Iterator[Problem]:
    """A group's cap lets each of its rules give its points once, and is below what they give without it."""
    points = {rule.id: (rule.points, rule.points * rule.most) for rule in scoring.value.engagement}
    once, always = zip(*(points.get(rule, (0, 0)) for rule in group.rules), strict=True)
    message = ""
    if max(once) > group.most:
        message = (
            f"found at most {counted(group.most, 'point')}, expected at least the {max(once)} of its heaviest rule"
        )
    elif sum(always) <= group.most and group.each_next == 100:
        message = (
            f"found at most {counted(group.most, 'point')} where its rules give at most {sum(always)}, expected fewer"
        )
    if message:
        yield scoring.problem(("groups", index, "most"), "overlapping-caps", message)


def _spared(cap: Cap, others: Sequence[Cap]) -> str:
    """Why the cap can never be met beside the others; empty when it can."""
    stricter = next((other for other in others if other is not cap and _spares(other, cap)), None)
    if stricter is None:
        return ""
    return (
        f"found at most {cap.most} within {cap.within}, which {stricter.most} within {stricter.within} never lets "
        f"happen, expected a cap that can be met"
    )


def _spares(strict: Cap, cap: Cap) -> bool:
    """Whether who keeps the one cap can never meet the other."""
    windows = -(-millis(cap.within) // max(1, millis(strict.within)))
    return strict.most * windows <= cap.most and (strict.most, millis(strict.within)) != (cap.most, millis(cap.within))


# ── how far points go ────────────────────────────────────────────────────────────────────────────────────────


def most_fit(rules: Sequence[FitRule], fields: dict[str, FieldDefinition]) -> int:
    """The most points that a lead can have for who it is; never too few."""
    total = 0
    for together in _entangled(rules):
        known = kinds([rule.when for rule in together], fields)
        sums = [sum(rule.points for rule in together if holds(rule.when, kind)) for kind in known]
        total += max(sums) if sums else sum(max(0, rule.points) for rule in together)
    return total


def _entangled(rules: Sequence[FitRule]) -> list[list[FitRule]]:
    """Rules in groups that share no field with another group."""
    groups: list[tuple[frozenset[str], list[FitRule]]] = []
    for rule in rules:
        names, together = named(rule.when), [rule]
        for group in [group for group in groups if group[0] & names]:
            groups.remove(group)
            names, together = names | group[0], [*group[1], *together]
        groups.append((names, together))
    return [together for _, together in groups]


def most_engagement(scoring: Scoring) -> int:
    """The most points that a lead can have for what it does: every rule as often as counts, and nothing faded."""
    most = {rule.id: max(0, rule.points) * rule.most for rule in scoring.engagement}
    together = sum(min(group.most, sum(most.pop(rule, 0) for rule in group.rules)) for group in scoring.groups)
    return together + sum(most.values()) + sum(max(0, pattern.points) for pattern in scoring.patterns)
