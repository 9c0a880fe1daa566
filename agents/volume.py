"""What a history holds, counted in one way by all who tell of it. It reads no file and folds nothing."""

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec import Struct

from schemas.facts import Fact, PolicyApplied, Tick
from schemas.words import counted


class Volume(Struct, kw_only=True):
    """Facts about leads, looks of the clock and policies; ``repeats`` are the facts that were known already."""

    facts: int = 0
    ticks: int = 0
    policies: int = 0
    repeats: int = 0

    def __str__(self) -> str:
        """``7 records: 4 facts, 2 ticks, 1 policy; 1 repeat``."""
        total = self.facts + self.ticks + self.policies
        kinds = (counted(self.facts, "fact"), counted(self.ticks, "tick"), counted(self.policies, "policy"))
        return f"{counted(total, 'record')}: {', '.join(kinds)}; {counted(self.repeats, 'repeat')}"

    def passing(self, facts: Iterable[Fact]) -> Iterator[Fact]:
        """The same facts; when the last one has passed, their numbers stand. Another round finds the same."""
        kinds: Counter[type[Fact]] = Counter()
        for fact in facts:
            kinds[type(fact)] += 1
            yield fact
        self.ticks, self.policies = kinds[Tick], kinds[PolicyApplied]
        self.facts = kinds.total() - self.ticks - self.policies
