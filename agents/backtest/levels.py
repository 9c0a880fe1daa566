"""What is known of the leads in a history: each field's kind, and the conditions that part them. It fits nothing.

No peeking: a field is read from facts seen before the lead's label, as far as anybody could have known it then.
"""

import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct, field

from agents.backtest.history import History
from agents.backtest.labels import Label
from schemas.facts import LeadCreated, LeadUpdated

_LEVELS: Final = 20  # of a text: the rarer ones speak through the absence of these
_QUARTERS: Final = (0.25, 0.5, 0.75)
_MOST_TEXT: Final = 80  # a longer one is prose, and no level
_OURS: Final = frozenset({"email", "phone", "first_name", "last_name"})  # who somebody is foretells nothing


class Known(Struct):
    """What was said of one field: how often each text and each yes or no, and the numbers."""

    texts: Counter[str] = field(default_factory=Counter)
    flags: Counter[bool] = field(default_factory=Counter)
    numbers: list[float] = field(default_factory=list)
    _spelt: dict[str, str] = field(default_factory=dict)  # conditions do not tell capitals apart

    def note(self, value: Any) -> None:
        """One more lead."""
        match value:
            case bool():
                self.flags[value] += 1
            case int() | float():
                self.numbers.append(value)
            case str() if len(value) <= _MOST_TEXT:
                self.texts[self._spelt.setdefault(value.casefold(), value)] += 1

    @property
    def kind(self) -> str:
        """What catalogue.yaml calls it."""
        if self.flags.total():
            return "yes_no"
        return "number" if len(self.numbers) > self.texts.total() else "text"


class Rule(Struct, frozen=True):
    """A condition that some of the leads meet, as scoring.yaml writes it."""

    id: str
    says: str
    when: str


def known_of(history: History, labels: Mapping[str, Label]) -> tuple[dict[str, Known], int]:
    """Every field that was said before the label, by name, and of how many leads anything was."""
    found: dict[str, Known] = defaultdict(Known)
    introduced = set()
    firsts = {lead_id: past.first for lead_id, past in history.pasts.items()}
    for fact in history.facts(lambda _: None):
        if not isinstance(fact, LeadCreated | LeadUpdated) or fact.lead_id not in labels:
            continue
        if fact.seen < labels[fact.lead_id].at or fact.seen == firsts[fact.lead_id]:
            introduced.add(fact.lead_id)
            for name in fact.traits.keys() - _OURS:
                found[name].note(fact.traits[name])
    return dict(sorted(found.items())), len(introduced)


def rules_of(name: str, known: Known, leads: int, least: int) -> Iterator[Rule]:
    """A rule for each level that at least ``least`` leads have and as many have not."""
    for words, test, count in _levels(known, leads):
        if least <= count <= leads - least:
            yield Rule(_slug(f"{name} {words}"), f"{name} {words}", f"{{field: {name}, {test}}}")


def _levels(known: Known, leads: int) -> Iterator[tuple[str, str, int]]:
    """Numbers by quarters, yes or no by yes, texts by value: all but the commonest, which they are measured by."""
    if known.kind == "number":
        yield from _numbers(known.numbers)
        yield _unknown(leads - len(known.numbers))
    elif known.kind == "yes_no":
        yield "yes", "is: true", known.flags[True]
        yield _unknown(leads - known.flags.total())
    else:
        texts = [(text, f"is: {quoted(text)}", count) for text, count in known.texts.most_common(_LEVELS)]
        levels = [*texts, _unknown(leads - known.texts.total())]
        commonest = max(levels, key=lambda level: level[2])
        yield from (level for level in levels if level is not commonest)


def _unknown(leads: int) -> tuple[str, str, int]:
    return "is not known", "known: false", leads


def _numbers(numbers: list[float]) -> Iterator[tuple[str, str, int]]:
    ordered = sorted(numbers)
    for cut in sorted({ordered[int(len(ordered) * share)] for share in _QUARTERS} - {ordered[0]}):
        text = f"{cut:.12g}"
        yield f"from {text}", f"at_least: {text}", sum(number >= cut for number in ordered)


def quoted(text: str) -> str:
    """A text as YAML takes it, whatever is in it."""
    return json.dumps(text, ensure_ascii=False)


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or "rule"
