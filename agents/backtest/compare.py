"""Two policies on the same leads: who would be treated differently, lead by lead. It prefers neither."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from agents.backtest.labels import Kind, Label
from agents.backtest.trial import Standing, Trial


class Difference(Struct, frozen=True, kw_only=True):
    """One lead that the two policies score, stage or hand over differently; ``before`` is the other policy's."""

    lead_id: str
    outcome: Kind
    win: bool
    score: int
    score_before: int
    stage: str
    stage_before: str
    handed: bool
    handed_before: bool


class Gain(Struct, frozen=True, kw_only=True):
    """Leads that only one of the policies hands over before their outcome, and how many of them won."""

    leads: int
    wins: int


class Comparison(Struct, frozen=True, kw_only=True):
    """The policy judged, against another."""

    only_here: Gain
    only_there: Gain
    rescored: int
    restaged: int
    leads: list[Difference]


def compare(here: Trial, there: Trial, labels: Mapping[str, Label]) -> Comparison:
    """What differs, the heaviest differences first: other handoffs, then other stages, then points."""
    found = sorted(_differences(here, there, labels), key=_weight)
    return Comparison(
        only_here=_gain([one for one in found if one.handed and not one.handed_before]),
        only_there=_gain([one for one in found if one.handed_before and not one.handed]),
        rescored=sum(one.score != one.score_before for one in found),
        restaged=sum(one.stage != one.stage_before for one in found),
        leads=found,
    )


def _differences(here: Trial, there: Trial, labels: Mapping[str, Label]) -> Iterator[Difference]:
    for lead_id, label in labels.items():
        now, before = here.standings[lead_id], there.standings[lead_id]
        if _shown(now) != _shown(before):
            yield Difference(
                lead_id=lead_id,
                outcome=label.kind,
                win=label.win,
                score=now.score,
                score_before=before.score,
                stage=now.stage,
                stage_before=before.stage,
                handed=now.handed,
                handed_before=before.handed,
            )


def _shown(standing: Standing) -> tuple[int, str, bool]:
    return standing.score, standing.stage, standing.handed


def _weight(one: Difference) -> tuple[bool, bool, int, str]:
    moved = abs(one.score - one.score_before)
    return one.handed == one.handed_before, one.stage == one.stage_before, -moved, one.lead_id


def _gain(leads: list[Difference]) -> Gain:
    return Gain(leads=len(leads), wins=sum(one.win for one in leads))
