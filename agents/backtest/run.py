"""A backtest from files to numbers. It prints nothing; whoever watches is told how far it is."""

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from msgspec import Struct

from agents.backtest.compare import Comparison, compare
from agents.backtest.history import History
from agents.backtest.labels import EARLY, UNINTRODUCED, Label, Positive, Terms, labels
from agents.backtest.report import Judged, Quality, judged_of, quality_of
from agents.backtest.rows import PackedRows
from agents.backtest.trial import Trial, lived_through
from schemas.problem import UserError
from streams.journey.compiled import Compiled


class OneClassError(UserError):
    """Labels of one kind only: nothing can be told apart."""


class Question(Struct, frozen=True, kw_only=True):
    """What is asked: of which files, under which policies, which outcome is a win, and which leads are judged (ms).

    ``model`` is whose points are judged; empty, those of the model that speaks loudest for a lead.
    """

    files: Sequence[Path]
    policy: Compiled
    against: Compiled | None = None
    positive: Positive = "won"
    since: int = 0
    ripe: int = 0
    model: str = ""


class Answer(Struct, frozen=True, kw_only=True):
    """The numbers: what was judged, how well, and against what."""

    judged: Judged
    policy: Quality
    against: Quality | None = None
    differences: Comparison | None = None


Tell = Callable[[str, int, int | None], None]


def backtest(question: Question, tell: Tell) -> Answer:
    """Raises HistoryError for files that cannot be read, OneClassError for labels that teach nothing.

    ``tell`` hears what is being done, how many facts are behind us, and of how many.
    """
    _refuse_unknown(question)
    reasons = question.policy.policy.sales.reject_reasons
    with (
        unhurried(),
        History(question.files, reasons, lambda n: tell("looking through the facts", n, None)) as history,
    ):
        terms = Terms(positive=question.positive, since=question.since, ripe=question.ripe, end=history.end)
        found, left_out = labels(history.pasts, terms)
        refuse_one_class(history, found, left_out, question.positive)
        early = {lead_id for lead_id, past in history.pasts.items() if past.first < question.since}

        def lived(policy: Compiled, doing: str) -> Trial:
            facts = partial(history.facts, lambda n: tell(doing, n, len(history)))
            return lived_through(facts, policy, found, PackedRows(), history.end, model=question.model, early=early)

        here = lived(question.policy, "living through them")
        there = lived(question.against, "and under the other policy") if question.against else None
        known = {lead_id: label for lead_id, label in found.items() if here.standings[lead_id].known}
        left_out[UNINTRODUCED] = len(found) - len(known)
        refuse_one_class(history, known, left_out, question.positive)
        order = {lead_id: history.pasts[lead_id].first for lead_id in known}
        return Answer(
            judged=judged_of(history, known, +left_out, question.positive),
            policy=quality_of(here, known, order),
            against=quality_of(there, known, order) if there else None,
            differences=compare(here, there, known) if there else None,
        )


def _refuse_unknown(question: Question) -> None:
    for policy in (question.policy, question.against):
        if policy and question.model and question.model not in policy.models:
            which = "the policy to compare with" if policy is question.against else "the policy"
            names = ", ".join(policy.models)
            raise UserError(f'found no model "{question.model}" in {which}, expected one of {names}')


def refuse_one_class(
    history: History, found: Mapping[str, Label], left_out: Mapping[str, int], positive: Positive
) -> None:
    """Raises OneClassError with what was found, where, and what to do."""
    kinds = Counter(label.kind for label in found.values())
    wins = sum(label.win for label in found.values())
    if 0 < wins < len(found):
        return
    told = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common()) or "none"
    apart = "".join(f"; {count:,} left out: {why}" for why, count in left_out.items() if count)
    place = ", ".join(map(str, history.files))
    missing = "others" if wins else ("deals won" if positive == "won" else "deals won or leads accepted")
    raise OneClassError(
        f"{place}: found labels of one kind only ({told}{apart}), expected {missing} too. "
        f"{_remedy(wins, positive, left_out)}"
    )


def _remedy(wins: int, positive: Positive, left_out: Mapping[str, int]) -> str:
    if left_out.get(EARLY):
        return "Choose an earlier --since"
    if wins:
        return (
            "Bring the leads that did not buy as well: all leads in one file, or several files, "
            "and Deal Lost or Sales Rejected where it is known"
        )
    way = "Bring outcomes as facts: in a mapping, event: Deal Won with a when: on the outcome's column"
    return f"{way}; or let --positive accepted count what sales took" if positive == "won" else way


@contextmanager
def unhurried() -> Iterator[None]:
    """No search for cycles meanwhile: a fold makes millions of values and not one cycle."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
