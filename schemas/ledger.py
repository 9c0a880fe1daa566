"""The send ledger's entry: one send key, one life. It holds no address and no name, and repeats nothing by itself."""

from typing import Literal

from msgspec import Struct

from schemas.facts import LeadId
from schemas.reason import Reason
from schemas.units import Millis

State = Literal["claimed", "accepted", "rejected", "blocked", "held"]
"""claimed: about to be sent · accepted: the port took it · rejected: the port refused for good · blocked: our own gate
refused · held: claimed by a life that ended before it wrote the outcome, so whether it left is unknown."""


class LedgerEntry(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="ledger_entry.v1", tag_field="type"):
    """What became of one send."""

    send_key: str
    lead_id: LeadId
    email: str
    state: State
    claimed_at: Millis
    program: str = ""
    step: str = ""
    settled_at: Millis = 0
    port: str = ""
    message_id: str = ""
    source_hash: str = ""
    reason: Reason | None = None
    detail: str = ""
