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
from agents.backtest.trial import seen_before
from schemas.facts import Tick
from schemas.lead import Lead
from schemas.model import MAIN
from schemas.policy import Policy
from schemas.problem import UserError
from streams.journey.compiled import Compiled
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


def split_at(history: History, share: float) -> int:
    """The moment (ms) from which on leads are kept for judging; ``share`` of them came before. Raises SplitError."""
    firsts = sorted(past.first for past in history.pasts.values())
    moment = firsts[min(round(len(firsts) * share), len(firsts) - 1)]
    if moment == firsts[0]:
        raise SplitError(
            f"{history.files[0]}: found too few leads before the split, expected leads that came at different times: "
            f"map a date of first contact (at:), or choose another --split"
        )
    return moment


def learning_labels(history: History, terms: Terms, split: int) -> dict[str, Label]:
    """Labels of the leads that came before the split, as they were known then."""
    early = {lead_id: past for lead_id, past in history.pasts.items() if past.first < split}
    return labels(early, replace(terms, since=0, end=split - 1))[0]


def examples(facts: Facts, policy: Policy, known: Mapping[str, Label]) -> dict[str, Example]:
    """An example of each labelled lead of which anything was seen before its label."""
    probe, rows = _probe(policy), dict[str, Lead]()
    stood: dict[str, Lead] = {}
    for lived in simulate(facts, probe, rows):
        label = known.get(lived.after.id)
        if label is not None and not isinstance(lived.fact, Tick) and seen_before(lived, label.at):
            stood[lived.after.id] = lived.after
    return {lead_id: Example(_amounts(lead, policy, probe), known[lead_id].win) for lead_id, lead in stood.items()}


def _probe(policy: Policy) -> Compiled:
    """The main model's rules alone, each with the most points: engagement then counts in thousandths."""
    rules = tuple(replace(rule, points=_PROBE) for rule in policy.scoring.engagement)
    return Compiled(replace(policy, scoring=replace(policy.scoring, engagement=rules, groups=())))


def _amounts(lead: Lead, policy: Policy, probe: Compiled) -> tuple[float, ...]:
    main = probe.models[MAIN]
    spoke = {why.rule for why in fit_of(lead, main)}
    counts = {why.rule: why.points / _PROBE for why in engagement_of(lead, main, lead.judged_on)}
    fit = [float(rule.id in spoke) for rule in policy.scoring.fit]
    return (*fit, *(counts.get(rule.id, 0.0) for rule in policy.scoring.engagement))
