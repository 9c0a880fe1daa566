"""Which rules spoke for which lead, and what became of it: the table that points are fitted to. It fits nothing.

No peeking, twice: a lead's rules are read from facts seen before its label, and the leads to learn from are labelled by
what was known at the split. Who came later is kept for judging.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from agents.backtest.history import History
from agents.backtest.labels import Label, Terms, labels
from agents.backtest.rows import PackedRows
from agents.backtest.trial import seen_before
from schemas.facts import Tick
from schemas.lead import Lead
from schemas.model import MAIN, Scoring
from schemas.policy import Policy, models_of
from schemas.problem import UserError
from schemas.units import iso
from streams.journey.compiled import Compiled
from streams.journey.model import Judge
from streams.journey.replay import History as Facts
from streams.journey.score import engagement_of, fit_of
from streams.journey.simulate import simulate

_PROBE: Final = 1000  # points a time, the most a rule may give: counts to three digits after decay and caps


class SplitError(UserError):
    """The history cannot be parted into an earlier and a later part."""


class Example(Struct, frozen=True, gc=False):
    """One lead: how much of each rule it had (a fit rule 0 or 1, an engagement rule its faded count), and its label."""

    amounts: tuple[float, ...]
    win: bool


def split_at(history: History, split: float) -> int:
    """The moment (ms) from which on leads are kept for judging: ``split`` itself, or a share of them came before it.

    Raises SplitError when either part would be empty.
    """
    firsts = sorted(past.first for past in history.pasts.values())
    moment = int(split) if split >= 1 else firsts[min(round(len(firsts) * split), len(firsts) - 1)]
    if not firsts[0] < moment <= firsts[-1]:
        raise SplitError(
            f"{history.files[0]}: found all leads on one side of the split ({iso(moment)[:10]}), expected leads that "
            f"came at different times ({iso(firsts[0])[:10]} to {iso(firsts[-1])[:10]} here): map a date of first "
            f"contact (at:, or at: {{by_row: DAY}} where rows are in order of time), or choose another --split"
        )
    return moment


def learning_labels(history: History, terms: Terms, split: int) -> dict[str, Label]:
    """Labels of the leads that came before the split, as they were known then."""
    early = {lead_id: past for lead_id, past in history.pasts.items() if past.first < split}
    return labels(early, replace(terms, since=0, end=split - 1))[0]


def examples(facts: Facts, policy: Policy, model: str, known: Mapping[str, Label]) -> dict[str, Example]:
    """An example of each labelled lead of which anything was seen before its label, by the rules of one model."""
    scoring = models_of(policy)[model].scoring
    probe, stood = _probe(policy, model, scoring), PackedRows()
    for lived in simulate(facts, probe, PackedRows()):
        label = known.get(lived.after.id)
        if label is not None and not isinstance(lived.fact, Tick) and seen_before(lived, label.at):
            stood[lived.after.id] = lived.after
    judge = probe.models[model]
    return {lead_id: Example(_amounts(lead, scoring, judge), known[lead_id].win) for lead_id, lead in stood.items()}


def rescored(policy: Policy, model: str, scoring: Scoring) -> Policy:
    """The policy with other points in one of its models."""
    if model == MAIN:
        return replace(policy, scoring=scoring)
    return replace(policy, models=policy.models | {model: replace(policy.models[model], scoring=scoring)})


def _probe(policy: Policy, model: str, scoring: Scoring) -> Compiled:
    """The model's rules, each alone and with the most points: engagement then counts in thousandths."""
    rules = tuple(replace(rule, points=_PROBE) for rule in scoring.engagement)
    return Compiled(rescored(policy, model, replace(scoring, engagement=rules, groups=())))


def _amounts(lead: Lead, scoring: Scoring, judge: Judge) -> tuple[float, ...]:
    spoke = {why.rule for why in fit_of(lead, judge)}
    counts = {why.rule: why.points / _PROBE for why in engagement_of(lead, judge, lead.judged_on)}
    fit = [1.0 if rule.id in spoke else 0.0 for rule in scoring.fit]  # two objects, however many leads there are
    return (*fit, *(counts.get(rule.id, 0.0) for rule in scoring.engagement))
