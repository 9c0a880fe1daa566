"""One policy lived through a history: how each lead stood when its label was not yet known. It judges no policy.

No peeking: a lead stands as its last fact seen strictly before its label's time left it. What fades afterwards is left
as it was: a long silence is known at the end only, and would be the label itself. One fact is let pass at the label's
very moment: the one that introduces the lead, since tables of leads often know one date only.
"""

from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping
from collections.abc import Set as AbstractSet
from typing import Final

from msgspec import Struct

from agents.backtest.labels import Label
from schemas.commands import HandOff, MoveLifecycle, SendContent
from schemas.facts import LeadCreated, LeadUpdated, Tick
from schemas.lead import Lead
from schemas.units import WEEK
from streams.journey.compiled import Compiled
from streams.journey.replay import History
from streams.journey.score import leading
from streams.journey.simulate import Lived, simulate

VETOED: Final = -100_000  # a veto does not subtract: whoever has one comes after everybody
_MONDAY: Final = 4 * 86_400_000  # 1970-01-05, the first Monday


class Standing(Struct, gc=False):
    """A lead before its label: points and stage in one model, and its first handoff (ms, 0: none).

    ``mailed`` says whether anybody ever spoke to it, ``known`` whether a fact was seen before the label.
    """

    fit: int = 0
    engagement: int = 0
    stage: str = ""
    vetoed: bool = False
    known: bool = False
    handed: bool = False
    handed_at: int = 0
    mailed: bool = False

    @property
    def score(self) -> int:
        """Fit and engagement in one number, to rank by."""
        return VETOED if self.vetoed else self.fit + self.engagement


class Trial(Struct):
    """What a policy would have done: every labelled lead's standing, and handoffs by (Monday in ms, rep).

    ``lifecycle`` counts the leads in each state at the end.
    """

    policy: str
    standings: dict[str, Standing]
    handoffs: Counter[tuple[int, str]]
    lifecycle: Counter[str]
    ticks: int = 0


Watch = Callable[[Label, Lead], None]


def lived_through(
    history: History,
    policy: Compiled,
    labels: Mapping[str, Label],
    rows: MutableMapping[str, Lead],
    end: int,
    *,
    model: str = "",
    early: AbstractSet[str] = frozenset(),
) -> Trial:
    """Simulates the whole history, and notes of each labelled lead what was known before its label.

    It stands as it did in ``model``; without one, in the model that spoke loudest for it. Handoffs and states of the
    lifecycle are those of all leads but the ``early`` ones, which came before the time that is judged.
    """
    trial = Trial(policy.hash, {lead_id: Standing() for lead_id in labels}, Counter(), Counter())
    for lived in simulate(history, policy, rows, end):
        trial.ticks += isinstance(lived.fact, Tick)
        standing = trial.standings.get(lived.after.id)
        before = standing is not None and seen_before(lived, labels[lived.after.id].at)
        if standing is not None and before and not isinstance(lived.fact, Tick):
            _stand(standing, lived.after, model)
        for command in lived.commands if lived.after.id not in early else ():
            if isinstance(command, HandOff):
                trial.handoffs[monday(command.seen), command.owner] += 1
                if standing is not None:
                    _hand(standing, command.seen, before=before)
            elif isinstance(command, MoveLifecycle):
                trial.lifecycle[command.before] -= 1
                trial.lifecycle[command.after] += 1
            elif isinstance(command, SendContent) and standing is not None:
                standing.mailed = True
    return trial


def seen_before(lived: Lived, at: int) -> bool:
    """Whether a fact was seen before a label's time, or introduces the lead at that very moment."""
    fact = lived.fact
    if fact.seen < at:
        return True
    return fact.seen == at and not lived.before.facts and isinstance(fact, LeadCreated | LeadUpdated)


def monday(at: int) -> int:
    """The start of the UTC week of a moment (ms)."""
    return (at - _MONDAY) // WEEK * WEEK + _MONDAY


def _stand(standing: Standing, lead: Lead, model: str) -> None:
    best = lead.standings[model or leading(lead)]
    standing.fit, standing.engagement, standing.stage = best.fit, best.engagement, best.stage
    standing.vetoed, standing.known = bool(best.veto), True


def _hand(standing: Standing, seen: int, *, before: bool) -> None:
    standing.handed_at = standing.handed_at or seen
    standing.handed = standing.handed or before
