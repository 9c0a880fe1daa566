"""The send ledger from outside the pipeline: reads it, and sends operators' orders in. It changes no entry itself."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from agents.kafka.clients import Client, producer, read_newest, read_whole
from schemas import topics
from schemas.codec import decode_ledger, decode_send, encode
from schemas.commands import DropSend, NotifyOwner, ResendSend, SendContent, SendOrder
from schemas.envelope import headers
from schemas.facts import tag_of
from schemas.ledger import LedgerEntry
from schemas.problem import UserError
from schemas.units import DAY, Millis
from schemas.words import counted
from streams.ledger import Dropped, Event, Resent, allows

SOURCE: Final = "nurture/ledger"
FOREVER: Final = 1 << 62
LASTS: Final = DAY  # a resend may leave for so long; the time of the first order has mostly passed


class LedgerError(UserError):
    """No such send, or an order that cannot be given: one sentence."""


class Wanted(Struct, frozen=True, kw_only=True):
    """Which sends are meant; an empty list is any. ``until``: begun before this moment."""

    states: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    until: Millis = FOREVER

    def takes(self, entry: LedgerEntry) -> bool:
        """Whether this send is one of them."""
        return (
            (not self.states or entry.state in self.states)
            and (not self.reasons or (entry.reason or "") in self.reasons)
            and entry.begun_at < self.until
        )


class Pages(NamedTuple):
    """The ledger as it was read: entries, the oldest first, and the keys of those that this release cannot read."""

    entries: list[LedgerEntry]
    unreadable: list[str]


async def read_ledger(options: Client) -> Pages:
    """The whole ledger. Raises UnreachableError."""
    return pages(await read_newest(options, topics.EMAIL_LEDGER))


def pages(rows: dict[bytes, bytes]) -> Pages:
    """Rows of the ledger as entries."""
    entries, unreadable = [], []
    for key, row in rows.items():
        try:
            entries.append(decode_ledger(row))
        except (msgspec.DecodeError, UnicodeDecodeError):
            unreadable.append(key.decode(errors="backslashreplace"))
    return Pages(sorted(entries, key=lambda entry: (entry.begun_at, entry.send_key)), sorted(unreadable))


def find(entries: Iterable[LedgerEntry], send_key: str) -> LedgerEntry:
    """The entry of this send key, or the only one whose key begins so. Raises LedgerError."""
    known = list(entries)
    found = [entry for entry in known if entry.send_key == send_key] or [
        entry for entry in known if entry.send_key.startswith(send_key)
    ]
    if len(found) != 1:
        what = "no send" if not found else counted(len(found), "send")
        raise LedgerError(f'found {what} for "{send_key}", expected one: "nurture ledger list" shows their keys')
    return found[0]


async def resend(options: Client, entry: LedgerEntry, *, by: str, why: str, now: Millis) -> None:
    """Orders a second request for a send in doubt; it may leave within a day. Raises LedgerError."""
    may(entry, Resent)
    order = replace(await _order(options, entry), not_after=now + LASTS)
    name = f"resend:{entry.send_key}:{now}"
    word = ResendSend(id=name, lead_id=entry.lead_id, send_key=entry.send_key, seen=now, by=by, why=why, order=order)
    await _say(options, word)


async def drop(options: Client, entry: LedgerEntry, *, by: str, why: str, now: Millis) -> None:
    """Orders that a send that waits, or is in doubt, is never made. Raises LedgerError."""
    may(entry, Dropped)
    name = f"drop:{entry.send_key}:{now}"
    await _say(options, DropSend(id=name, lead_id=entry.lead_id, send_key=entry.send_key, seen=now, by=by, why=why))


def may(entry: LedgerEntry, event: type[Event]) -> None:
    """Raises LedgerError when the law does not allow it now; the sender asks again when it takes the order."""
    if allows(entry, event):
        return
    if event is Resent:
        raise LedgerError(
            f'found {entry.send_key} "{entry.state}", expected "unknown" or "held": only what may have been sent needs'
            f" an operator to be sent again"
        )
    raise LedgerError(f'found {entry.send_key} "{entry.state}", expected it to wait or to be in doubt: it is over')


async def _order(options: Client, entry: LedgerEntry) -> SendOrder:
    """The order as it was given, from the lead's partition of ``nurture.sends``: the ledger keeps no address."""
    found: SendOrder | None = None
    async for record in read_whole(options, topics.SENDS, key=entry.lead_id.encode()):
        if record.value and record.key == entry.lead_id.encode():
            found = order_in(record.value, entry.send_key) or found
    if found is None:
        raise LedgerError(
            f"found no order for {entry.send_key} in {topics.SENDS}, expected the one that began it: they are kept for"
            f" {topics.registry()[topics.SENDS].keep} days, and nobody can write this mail again"
        )
    return found


def order_in(value: bytes, send_key: str) -> SendOrder | None:
    """The order for a send that this record gives, if it gives one."""
    try:
        found = decode_send(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if isinstance(found, SendContent | NotifyOwner) and found.send_key == send_key else None


async def _say(options: Client, word: ResendSend | DropSend) -> None:
    about = headers(tag_of(type(word)), word.id, SOURCE, word.seen)
    async with producer(options) as out:
        await out.send_and_wait(topics.SENDS, encode(word), key=word.lead_id.encode(), headers=about)
