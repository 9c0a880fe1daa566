"""The send ledger's entry: one send key, one life. It repeats nothing by itself; settled, it names nobody."""

from typing import Literal

from msgspec import Struct

from schemas.commands import SendOrder
from schemas.facts import LeadId
from schemas.reason import Reason
from schemas.units import Millis

State = Literal["planned", "claimed", "accepted", "rejected", "retry", "unknown", "confirmed", "held", "blocked"]
"""planned: waits for its turn, nothing was tried · claimed: about to be sent · accepted: the port took it ·
rejected: the port refused for good · retry: proven not sent, tried again later · unknown: whether it left is not known,
an event may tell · confirmed: an event of the provider told · held: no event came in time, an operator decides ·
blocked: our own gate or an operator ended it."""
Verb = Literal["resend", "drop"]


class Ordered(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an operator ordered, when, and why: it stays in the entry. ``id`` is the order's: a repeat is known."""

    id: str
    what: Verb
    by: str
    why: str
    at: Millis


class LedgerEntry(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="ledger_entry.v1", tag_field="type"):
    """What became of one send. ``order`` (with its address) is there only while it may still have to be sent."""

    send_key: str
    lead_id: LeadId
    email: str
    state: State
    begun_at: Millis
    program: str = ""
    step: str = ""
    variant: str = ""
    claimed_at: Millis = 0
    settled_at: Millis = 0
    until: Millis = 0
    port: str = ""
    message_id: str = ""
    source_hash: str = ""
    locale: str = ""
    reason: Reason | None = None
    detail: str = ""
    resent: int = 0
    ordered: tuple[Ordered, ...] = ()
    order: SendOrder | None = None
