"""Points fitted to outcomes and judged on leads that came later: a proposal with evidence. It writes no file."""

from collections import Counter
from collections.abc import Mapping
from operator import mul
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from agents.backtest import proposal
from agents.backtest.evidence import Example, SplitError, examples, learning_labels, rescored, split_at
from agents.backtest.fit import weights
from agents.backtest.history import History
from agents.backtest.labels import Label, Terms
from agents.backtest.run import Answer, OneClassError, Question, Tell, backtest, unhurried
from schemas.model import MAIN, Scoring
from schemas.problem import UserError
from schemas.read import Placed, read_placed
from schemas.units import iso
from streams.journey.compiled import Compiled


class Wish(Struct, frozen=True, kw_only=True):
    """How to fit: which model, how many points double the odds, the least leads of a rule.

    Leads first seen before ``split`` are learned from: a moment (ms), or the share of them that came first. A rule with
    less evidence than ``least`` gets ``otherwise``, or keeps its points (None).
    """

    model: str = MAIN
    split: float = 0.7
    doubling: int = 20
    least: int = 20
    otherwise: int | None = None


class Proposal(Struct, frozen=True, kw_only=True):
    """New points for every rule, what they were learned from, and how old and new do on the later leads.

    ``tenths`` are the points that the best tenth of the earlier leads has at least, the best two tenths, and so on.
    """

    split: str
    learned_from: int
    learned_wins: int
    rules: list[proposal.Change]
    tenths: list[int]
    diff: str
    text: str
    judged: Answer


def calibrate(question: Question, folder: Path, wish: Wish, tell: Tell) -> Proposal:
    """Fits on leads first seen before the split, by outcomes known at the split; judges on all that came later.

    ``folder`` is the policy's workplace. Raises SplitError or OneClassError for histories that teach nothing.
    """
    policy = question.policy.policy
    file = scoring_file(folder, wish.model)
    text, placed = _scoring(file)
    with (
        unhurried(),
        History(question.files, policy.sales.reject_reasons, lambda n: tell("looking through the facts", n, None)) as h,
    ):
        split = split_at(h, wish.split)
        terms = Terms(positive=question.positive, ripe=question.ripe, end=h.end)
        known = learning_labels(h, terms, split)
        _refuse_one_class(h, known, split)
        found = examples(lambda: h.facts(lambda n: tell("learning from them", n, len(h))), policy, wish.model, known)
        _refuse_one_class(h, {lead_id: known[lead_id] for lead_id in found}, split)
        learned = _in_time(found, h)
    fitted = weights(learned, doubling=wish.doubling, least=wish.least, otherwise=wish.otherwise)
    rules = proposal.changes(placed.value, fitted)
    after = proposal.rewritten(text, placed, rules)
    after = proposal.with_split(after, iso(split)) if after != text else text
    proposed = Compiled(rescored(policy, wish.model, _repointed(placed.value, rules)))
    judged = replace(question, policy=proposed, against=question.policy, since=split, model=wish.model)
    return Proposal(
        split=iso(split),
        learned_from=len(learned),
        learned_wins=sum(example.win for example in learned),
        rules=rules,
        tenths=_tenths(learned, rules),
        diff=proposal.diff(text, after, f"{folder.name}/{file.relative_to(folder)}"),
        text=after,
        judged=backtest(judged, tell),
    )


def scoring_file(folder: Path, model: str) -> Path:
    """Where a workplace keeps a model's points. Raises UserError when it has no such model."""
    place = folder if model == MAIN else folder / "models" / model
    if not (file := place / "scoring.yaml").exists():
        names = ", ".join([MAIN, *sorted(path.name for path in (folder / "models").glob("*") if path.is_dir())])
        raise UserError(f'{folder}: found no model "{model}", expected one of {names}')
    return file


def _scoring(file: Path) -> tuple[str, Placed[Scoring]]:
    text = file.read_text(encoding="utf-8")
    placed = read_placed(str(file), text, Scoring)
    if isinstance(placed, list):
        raise UserError("\n".join(map(str, placed)))
    return text, placed


def _tenths(learned: list[Example], rules: list[proposal.Change]) -> list[int]:
    points = [rule.before if rule.after is None else rule.after for rule in rules]
    scores = sorted(
        (round(sum(map(mul, example.amounts, points))) for example in learned),
        reverse=True,
    )
    return [scores[max(1, len(scores) * tenth // 10) - 1] for tenth in range(1, 11)]


def _in_time(found: Mapping[str, Example], history: History) -> list[Example]:
    return [found[lead_id] for lead_id in sorted(found, key=lambda lead_id: history.pasts[lead_id].first)]


def _repointed(scoring: Scoring, rules: list[proposal.Change]) -> Scoring:
    points = {(rule.axis, rule.rule): rule.after for rule in rules if rule.after is not None}
    return replace(
        scoring,
        fit=tuple(replace(rule, points=points.get(("fit", rule.id), rule.points)) for rule in scoring.fit),
        engagement=tuple(
            replace(rule, points=points.get(("engagement", rule.id), rule.points)) for rule in scoring.engagement
        ),
    )


def _refuse_one_class(history: History, known: Mapping[str, Label], split: int) -> None:
    wins = sum(label.win for label in known.values())
    if 0 < wins < len(known):
        return
    kinds = ", ".join(f"{n:,} {kind}" for kind, n in Counter(label.kind for label in known.values()).items()) or "none"
    place, when = ", ".join(map(str, history.files)), iso(split)[:10]
    raise OneClassError(
        f"{place}: found labels of one kind only among what was known by {when} ({kinds}), expected wins and others "
        f"to learn from. Choose a later --split, let --positive accepted count, bring outcomes as facts (Deal Won), "
        f"or, when they have no dates of their own, give them the lead's: at: in the mapping"
    )


__all__ = ["Proposal", "SplitError", "Wish", "calibrate"]
