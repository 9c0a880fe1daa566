"""The sales queue's item: one handoff and its answer. It does not choose the rep and does not judge the lead."""

from typing import Literal

from msgspec import Struct

from schemas.commands import Outcome
from schemas.facts import LeadId
from schemas.handoff import Brief
from schemas.units import Millis


class QueueItem(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="queue_item.v1", tag_field="type"):
    """A handoff as sales see it; ``open`` until an answer ends it."""

    handoff_id: str
    lead_id: LeadId
    owner: str
    handed_at: Millis
    answer_by: Millis
    brief: Brief
    state: Literal["open"] | Outcome = "open"
    reason: str = ""
    by: str = ""
    answered_at: Millis = 0
