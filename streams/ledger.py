"""The send ledger's law: which event may follow which state. Pure: it sends nothing, stores nothing, asks no clock."""

from typing import Final, assert_never

from msgspec import Struct
from msgspec.structs import replace

from schemas.commands import SendContent, SendOrder
from schemas.ledger import LedgerEntry, State
from schemas.reason import Reason
from schemas.units import Millis


class Claimed(Struct, frozen=True, kw_only=True):
    """The order is about to be sent by ``port``; on the record before any byte leaves."""

    order: SendOrder
    at: Millis
    port: str
    source_hash: str


class Blocked(Struct, frozen=True, kw_only=True):
    """Our own gate refused, before the claim or between the claim and the request."""

    order: SendOrder
    at: Millis
    reason: Reason
    detail: str = ""


class Accepted(Struct, frozen=True, kw_only=True):
    """The port took the mail."""

    at: Millis
    message_id: str


class Refused(Struct, frozen=True, kw_only=True):
    """The port refused this mail for good; proven not sent."""

    at: Millis
    detail: str


class Released(Struct, frozen=True, kw_only=True):
    """Proven not sent and not refused: the claim is taken back, and the key may be claimed again."""


class Lost(Struct, frozen=True, kw_only=True):
    """Whether it left is unknown: held, and never repeated by itself."""

    at: Millis
    detail: str


HANDOFF_NOTICE: Final = "handoff-notice"
"""The e-mail that tells a rep of a handoff: the one e-mail that an order does not name."""

Event = Claimed | Blocked | Accepted | Refused | Released | Lost

LEGAL: Final[dict[type[Event], frozenset[State | None]]] = {
    Claimed: frozenset({None}),
    Blocked: frozenset({None, "claimed"}),
    Accepted: frozenset({"claimed"}),
    Refused: frozenset({"claimed"}),
    Released: frozenset({"claimed"}),
    Lost: frozenset({"claimed"}),
}
"""The states that an event may find; None is a key that the ledger does not hold."""


class IllegalTransition(Exception):  # noqa: N818  (a bug in the sender, not an error of the world)
    """An event that may not follow this state: the sender is wrong, and stops before it does harm."""


def transition(entry: LedgerEntry | None, event: Event) -> LedgerEntry | None:
    """The entry after ``event``; None when the ledger forgets the key. Raises IllegalTransition."""
    _check(entry, event)
    match event:
        case Claimed(order=order, at=at, port=port, source_hash=source_hash):
            return replace(_opened(order, "claimed", at), port=port, source_hash=source_hash)
        case Blocked(order=order, at=at, reason=reason, detail=detail):
            blocked = entry or _opened(order, "claimed", at)
            return replace(blocked, state="blocked", settled_at=at, reason=reason, detail=detail)
        case Released():
            return None
    assert entry is not None  # noqa: S101  (LEGAL: what is left needs a claim)
    match event:
        case Accepted(at=at, message_id=message_id):
            return replace(entry, state="accepted", settled_at=at, message_id=message_id)
        case Refused(at=at, detail=detail):
            return replace(entry, state="rejected", settled_at=at, reason=Reason.REJECTED, detail=detail)
        case Lost(at=at, detail=detail):
            return replace(entry, state="held", settled_at=at, reason=Reason.OUTCOME_UNKNOWN, detail=detail)
        case _:
            assert_never(event)


def _check(entry: LedgerEntry | None, event: Event) -> None:
    state = entry.state if entry else None
    if state in LEGAL[type(event)]:
        return
    found = f'"{state}" for the send key {entry.send_key}' if entry else "no entry"
    expected = " or ".join(f'"{legal}"' if legal else "no entry" for legal in sorted(LEGAL[type(event)], key=str))
    raise IllegalTransition(f"found {found}, expected {expected} before {type(event).__name__}")


def _opened(order: SendOrder, state: State, at: Millis) -> LedgerEntry:
    entry = LedgerEntry(
        send_key=order.send_key, lead_id=order.lead_id, email=HANDOFF_NOTICE, state=state, claimed_at=at
    )
    if isinstance(order, SendContent):
        return replace(entry, email=order.email, program=order.program, step=order.step)
    return entry
