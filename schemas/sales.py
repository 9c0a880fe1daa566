"""``sales.yaml``: the contract with sales. It hands nobody over (``streams.journey.handoff``)."""

from typing import Annotated

from msgspec import Meta

from schemas.authored import Authored, Name, Owned
from schemas.units import Duration


class Rep(Authored, frozen=True, kw_only=True):
    """Somebody who answers handoffs; ``countries`` empty means everywhere."""

    email: str
    name: str
    countries: tuple[str, ...] = ()


class RejectReason(Authored, frozen=True, kw_only=True):
    """Why sales may refuse, how long the lead is then left alone, and whether it says anything about the score."""

    says: str
    cool_off: Duration
    teaches: bool = True


class Sales(Owned, frozen=True, kw_only=True):
    """The contract with sales: who gets handoffs, how soon they answer, and what an answer means."""

    answer_within_business_days: Annotated[int, Meta(ge=1, le=30)]
    reps: Annotated[tuple[Rep, ...], Meta(min_length=1)]
    reject_reasons: dict[Name, RejectReason]
    recycle_cool_off: Duration = "30 days"
    unanswered_cool_off: Duration = "7 days"
    lost_cool_off: Duration = "180 days"
    won_cool_off: Duration = "180 days"
    worked_within: Duration = "90 days"
    raised_hand_within: Duration = "7 days"
