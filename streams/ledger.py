"""The send ledger's law: which event may follow which state. Pure: it sends nothing, stores nothing, asks no clock."""

from typing import Final, assert_never

from msgspec import Struct
from msgspec.structs import replace

from schemas.commands import Proof, SendContent, SendOrder
from schemas.ledger import LedgerEntry, Ordered, State
from schemas.reason import Reason
from schemas.units import DAY, Millis

HANDOFF_NOTICE: Final = "handoff-notice"
"""The e-mail that tells a rep of a handoff: the one e-mail that an order does not name."""
WINDOW: Final = DAY
"""How long an unknown outcome waits for an event: SendGrid posts again for up to 24 h (RELIABILITY 1.3)."""


class Postponed(Struct, frozen=True, kw_only=True):
    """It may not be tried before ``until``; ``detail`` says what it waits for."""

    order: SendOrder
    at: Millis
    until: Millis
    detail: str


class Claimed(Struct, frozen=True, kw_only=True):
    """The order is about to be sent by ``port``; on the record before any byte leaves."""

    order: SendOrder
    at: Millis
    port: str
    source_hash: str
    locale: str = ""


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


class Deferred(Struct, frozen=True, kw_only=True):
    """Proven not sent and not refused: tried again, not before ``until``."""

    order: SendOrder
    until: Millis
    detail: str


class Lost(Struct, frozen=True, kw_only=True):
    """Whether it left is unknown: never repeated by itself."""

    at: Millis
    detail: str


class Expired(Struct, frozen=True, kw_only=True):
    """No event came within the window. That proves nothing: it is held for an operator."""

    at: Millis


class Confirmed(Struct, frozen=True, kw_only=True):
    """The provider told of it, so it took it; whatever we believed, it is never sent again."""

    at: Millis
    event: Proof


class Resent(Struct, frozen=True, kw_only=True):
    """An operator answers for a second request."""

    id: str
    order: SendOrder
    at: Millis
    by: str
    why: str


class Dropped(Struct, frozen=True, kw_only=True):
    """An operator ends it."""

    id: str
    at: Millis
    by: str
    why: str


class Cancelled(Struct, frozen=True, kw_only=True):
    """The program that ordered it ended for the lead, and it was not sent yet."""

    at: Millis


Event = (
    Postponed
    | Claimed
    | Blocked
    | Accepted
    | Refused
    | Deferred
    | Lost
    | Expired
    | Confirmed
    | Resent
    | Dropped
    | Cancelled
)
_WAITS: Final[frozenset[State | None]] = frozenset({"planned", "retry"})
_NOT_SENT: Final[frozenset[State | None]] = _WAITS | {None}
_DOUBT: Final[frozenset[State | None]] = frozenset({"unknown", "held"})
_CLAIM: Final[frozenset[State | None]] = frozenset({"claimed"})

LEGAL: Final[dict[type[Event], frozenset[State | None]]] = {
    Postponed: _NOT_SENT,
    Claimed: _NOT_SENT,
    Blocked: _NOT_SENT | _CLAIM,
    Accepted: _CLAIM,
    Refused: _CLAIM,
    Deferred: _CLAIM,
    Lost: _CLAIM,
    Expired: frozenset({"unknown"}),
    Confirmed: _DOUBT | _WAITS,
    Resent: _DOUBT,
    Dropped: _DOUBT | _WAITS,
    Cancelled: _WAITS,
}
"""The states that an event may find; None is a key that the ledger does not hold."""


class IllegalTransition(Exception):  # noqa: N818  (a bug in the sender, not an error of the world)
    """An event that may not follow this state: the sender is wrong, and stops before it does harm."""


def allows(entry: LedgerEntry | None, event: type[Event]) -> bool:
    """Whether such an event may come now."""
    return (entry.state if entry else None) in LEGAL[event]


def transition(entry: LedgerEntry | None, event: Event) -> LedgerEntry:
    """The entry after ``event``. Raises IllegalTransition."""
    _check(entry, event)
    match event:
        case Postponed(order=order, at=at, until=until, detail=detail):
            return replace(entry or _opened(order, at), order=order, until=until, detail=detail)
        case Claimed(order=order, at=at, port=port, source_hash=source_hash, locale=locale):
            claim = replace(entry or _opened(order, at), state="claimed", claimed_at=at, until=0, detail="", order=None)
            return replace(claim, port=port, source_hash=source_hash, locale=locale)
        case Blocked(order=order, at=at, reason=reason, detail=detail):
            return _ended(entry or _opened(order, at), "blocked", at, reason=reason, detail=detail)
        case Cancelled(at=at):
            return _ended(_there(entry), "blocked", at, reason=Reason.CANCELLED)
        case Expired() | Confirmed() | Resent() | Dropped():
            return _doubted(_there(entry), event)
        case Accepted() | Refused() | Deferred() | Lost():
            return _answered(_there(entry), event)
        case _:
            assert_never(event)


def _answered(entry: LedgerEntry, event: Accepted | Refused | Deferred | Lost) -> LedgerEntry:
    """What became of a claim."""
    match event:
        case Accepted(at=at, message_id=message_id):
            return replace(_ended(entry, "accepted", at), message_id=message_id)
        case Refused(at=at, detail=detail):
            return _ended(entry, "rejected", at, reason=Reason.REJECTED, detail=detail)
        case Deferred(order=order, until=until, detail=detail):
            return replace(entry, state="retry", order=order, until=until, detail=detail)
        case Lost(at=at, detail=detail):
            return _ended(entry, "unknown", at, reason=Reason.OUTCOME_UNKNOWN, detail=detail)
        case _:
            assert_never(event)


def _doubted(entry: LedgerEntry, event: Expired | Confirmed | Resent | Dropped) -> LedgerEntry:
    """What time, the provider or an operator says of a send. A doubt that is dropped stays one: its reason is kept."""
    match event:
        case Expired(at=at):
            return replace(entry, state="held", settled_at=at)
        case Confirmed(at=at, event=proof):
            return _ended(entry, "confirmed", at, detail=f"the provider told: {proof}")
        case Resent(id=name, order=order, at=at, by=by, why=why):
            ordered = (*entry.ordered, Ordered(id=name, what="resend", by=by, why=why, at=at))
            again = replace(
                _opened(order, entry.begun_at), order=order, until=at, detail="an operator ordered it again"
            )
            return replace(again, resent=entry.resent + 1, ordered=ordered)
        case Dropped(id=name, at=at, by=by, why=why):
            ordered = (*entry.ordered, Ordered(id=name, what="drop", by=by, why=why, at=at))
            reason = Reason.OUTCOME_UNKNOWN if in_doubt(entry) else Reason.DROPPED
            ended = _ended(entry, "blocked", at, reason=reason, detail="an operator dropped it")
            return replace(ended, ordered=ordered)
        case _:
            assert_never(event)


def due_of(entry: LedgerEntry) -> Millis:
    """When somebody must look at the entry again, 0 when never. A claim is due at once: only a crash leaves one."""
    match entry.state:
        case "planned" | "retry":
            return entry.until
        case "claimed":
            return entry.claimed_at
        case "unknown":
            return entry.settled_at + WINDOW
        case "accepted" | "rejected" | "confirmed" | "held" | "blocked":
            return 0
        case _:
            assert_never(entry.state)


def email_of(order: SendOrder) -> str:
    """The e-mail that an order is about."""
    return order.email if isinstance(order, SendContent) else HANDOFF_NOTICE


def in_doubt(entry: LedgerEntry) -> bool:
    """Whether nobody knows if it left, and somebody still cares."""
    return entry.state in _DOUBT


def _there(entry: LedgerEntry | None) -> LedgerEntry:
    assert entry is not None  # noqa: S101  (LEGAL: these events need an entry)
    return entry


def _check(entry: LedgerEntry | None, event: Event) -> None:
    if allows(entry, type(event)):
        return
    found = f'"{entry.state}" for the send key {entry.send_key}' if entry else "no entry"
    expected = " or ".join(f'"{legal}"' if legal else "no entry" for legal in sorted(LEGAL[type(event)], key=str))
    raise IllegalTransition(f"found {found}, expected {expected} before {type(event).__name__}")


def _opened(order: SendOrder, at: Millis) -> LedgerEntry:
    entry = LedgerEntry(
        send_key=order.send_key, lead_id=order.lead_id, email=email_of(order), state="planned", begun_at=at
    )
    if not isinstance(order, SendContent):
        return entry
    return replace(entry, program=order.program, step=order.step, variant=order.variant)


def _ended(
    entry: LedgerEntry, state: State, at: Millis, *, reason: Reason | None = None, detail: str = ""
) -> LedgerEntry:
    """Nothing will be sent from here on, so the order and its address go."""
    return replace(entry, state=state, settled_at=at, until=0, order=None, reason=reason, detail=detail)
