"""A workplace for leads that nobody has scored yet, drafted from what a history says of them. It sends nothing.

What it writes is the author's from then on: a rule for each condition that parts the leads, points by logistic
regression on the earlier leads, stages where their best tenth and their best three tenths begin.
"""

import shutil
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from agents.backtest.calibrate import Proposal, Wish, calibrate
from agents.backtest.history import History
from agents.backtest.labels import Terms, labels
from agents.backtest.levels import Known, Rule, known_of, quoted, rules_of
from agents.backtest.proposal import Change
from agents.backtest.run import Question, Tell, backtest, refuse_one_class
from agents.workplace import chosen_policy
from schemas.problem import UserError
from schemas.units import from_iso

_BLANK: Final = Path(__file__).with_name("blank")
_HEAD: Final = "owner: you@company.example\nreview_by: REVIEW_BY\n"
_AGREED: Final = "agreed_by: [marketing@company.example, sales@company.example]\nagreed_on: TODAY\n"
_ENGAGEMENT: Final = """engagement:
  - id: came
    says: Came to us
    on: lead.created
    points: 0  # a handoff needs a sign of interest, and tables of leads know no other
    most: 1
"""
_BETTER, _PROMISING, _READY = 5, 3, 1  # tenths of the leads
_MANY: Final = 10  # of which not one came: chance is out of the question
_GOOD_FOR: Final = timedelta(days=180)


def draft(files: Sequence[Path], folder: Path, wish: Wish, today: date, tell: Tell) -> Proposal:
    """Writes ``folder``, which must not be there yet, and answers how it does on the leads it did not learn from.

    Raises UserError when the history says nothing that parts winners from others. ``today`` is when it was agreed on.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UserError(f"{folder}: found files, expected a folder that is new or empty")
    found, leads = _surveyed(files, tell)
    rules = _distinct([rule for name, known in found.items() for rule in rules_of(name, known, leads, wish.least)])
    if not rules:
        names = ", ".join(found) or "none"
        raise UserError(
            f"{files[0]}: found no field that parts the leads (known before the outcome: {names}), expected values "
            f"that {wish.least} leads or more share: map more columns as fields, or lower --least"
        )
    written = {path.name: path.read_text(encoding="utf-8") for path in _BLANK.glob("*.yaml")}
    written |= {"catalogue.yaml": _catalogue(found), "scoring.yaml": _scoring(rules), "stages.yaml": _stages(1, 2)}
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for name, text in written.items():
            _write(folder, name, text, today)
        return _fitted(files, folder, wish, today, tell)
    except BaseException:
        shutil.rmtree(folder)
        raise


def _surveyed(files: Sequence[Path], tell: Tell) -> tuple[dict[str, Known], int]:
    with History(files, {}, lambda n: tell("looking through the facts", n, None)) as history:
        known, left_out = labels(history.pasts, Terms(end=history.end))
        refuse_one_class(history, known, left_out, "won")
        return known_of(history, known)


def _fitted(files: Sequence[Path], folder: Path, wish: Wish, today: date, tell: Tell) -> Proposal:
    found = calibrate(Question(files=files, policy=chosen_policy(folder)), folder, replace(wish, otherwise=0), tell)
    if not any(rule.after for rule in found.rules):
        raise UserError(f"{files[0]}: found no field that foretells a win, expected one that does")
    ready = found.tenths[_READY - 1]
    promising = min(ready - 1, found.tenths[_PROMISING - 1])
    grades = (ready, promising, min(promising - 1, found.tenths[_BETTER - 1]))
    _write(folder, "scoring.yaml", found.text.replace(_grades((3, 2, 1)), _grades(grades), 1), today)
    _write(folder, "stages.yaml", _stages(promising, ready), today)
    question = Question(files=files, policy=chosen_policy(folder), since=from_iso(found.split))
    return replace(found, judged=backtest(question, tell))


def leaks(found: Proposal) -> Iterator[Change]:
    """Rules that know the outcome: all of their leads won, or no other, though many of the other kind were expected."""
    rate = found.learned_wins / found.learned_from
    for rule in found.rules:
        losses, wins_elsewhere = rule.leads * (1 - rate), (found.learned_from - rule.leads) * rate
        if (rule.wins == rule.leads and losses >= _MANY) or (
            rule.wins == found.learned_wins and wins_elsewhere >= _MANY
        ):
            yield rule


def _distinct(rules: list[Rule]) -> list[Rule]:
    """Ids of two fields or values that read alike get numbers, though none that another has by itself."""
    own, taken = {rule.id for rule in rules}, set[str]()
    named = []
    for rule in rules:
        numbered = (name for n in count(2) if (name := f"{rule.id}-{n}") not in own | taken)
        taken.add(name := rule.id if rule.id not in taken else next(numbered))
        named.append(Rule(name, rule.says, rule.when))
    return named


def _write(folder: Path, name: str, text: str, today: date) -> None:
    dated = text.replace("REVIEW_BY", str(today + _GOOD_FOR)).replace("TODAY", str(today))
    (folder / name).write_text(dated, encoding="utf-8")


def _grades(fit: tuple[int, int, int]) -> str:
    return f"fit: [{', '.join(map(str, fit))}]"


def _catalogue(found: dict[str, Known]) -> str:
    fields = "".join(f"  {name}: {{type: {known.kind}}}\n" for name, known in found.items())
    return f"{_HEAD}\nfields:\n{fields}"


def _scoring(rules: list[Rule]) -> str:
    said = [(rule, quoted(rule.says)) for rule in rules]
    written = "".join(
        f"  - id: {rule.id}\n    says: {says}\n    when: {rule.when}\n    points: 2\n" for rule, says in said
    )
    return (
        "# Drafted by nurture draft: points that fit outcomes, and what they were learned from. Yours to change.\n"
        f"{_HEAD}\nhalf_life: 30 days\ngrades:\n  {_grades((3, 2, 1))}\n  engagement: [3, 2, 1]\n\n"
        f"fit:\n{written}\n{_ENGAGEMENT}"
    )


def _stages(promising: int, ready: int) -> str:
    least = f", fit: {promising}" if promising < 0 else ""  # no stage asks for less than the one before it
    return (
        f"# Where the best three tenths and the best tenth of the earlier leads begin.\n{_HEAD}{_AGREED}\nstages:\n"
        f"  - {{id: new, says: We know what the table says{least}}}\n"
        f"  - {{id: promising, says: Like those that bought, fit: {promising}}}\n"
        f"  - {{id: ready, says: Most like those that bought, fit: {ready}}}\n"
    )
