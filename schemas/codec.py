"""bytes <-> shapes. The only module that knows that we speak JSON (and MessagePack for rows of leads)."""

import difflib
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from schemas.commands import Command, HandoffOrder, ToSender
from schemas.controls import SendSwitch
from schemas.facts import FACTS, Fact
from schemas.lead import Lead
from schemas.ledger import LedgerEntry
from schemas.mark import Mark
from schemas.policy import Policy
from schemas.problem import Refusal, Rejected, UserError
from schemas.queue import QueueItem
from schemas.sighting import Crowd, Sighting

MOST_BYTES: Final = 900_000  # a larger record cannot be answered by a row and its commands in one request

encode: Final = msgspec.json.Encoder().encode
encode_lead: Final = msgspec.msgpack.Encoder().encode
decode_command: Final = msgspec.json.Decoder(Command).decode
decode_send: Final = msgspec.json.Decoder(ToSender).decode
decode_handoff: Final = msgspec.json.Decoder(HandoffOrder).decode
decode_ledger: Final = msgspec.json.Decoder(LedgerEntry).decode
decode_switch: Final = msgspec.json.Decoder(SendSwitch).decode
decode_queue: Final = msgspec.json.Decoder(QueueItem).decode
decode_mark: Final = msgspec.json.Decoder(Mark).decode
decode_sighting: Final = msgspec.json.Decoder(Sighting).decode
decode_crowd: Final = msgspec.json.Decoder(Crowd).decode
decode_policy: Final = msgspec.json.Decoder(Policy).decode
_rows: Final = msgspec.msgpack.Decoder(Lead).decode
_facts: Final[msgspec.json.Decoder[Fact]] = msgspec.json.Decoder(Fact)
_T = TypeVar("_T")
_peek: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def decode_lead(value: bytes) -> Lead:
    """A lead's row as this release writes it. Raises UserError for another release's: nothing of it is left out."""
    try:
        return _rows(value)
    except msgspec.ValidationError as error:
        message = (
            f"found a lead's row of another release ({error}), expected one of this: run the release that wrote it"
        )
        raise UserError(message) from error


def decode_fact(value: bytes | None) -> Fact | Rejected:
    """A fact, or why these bytes are none. Raises nothing: bad input is a value."""
    if not value:
        return Rejected(Refusal.EMPTY, "found an empty value, expected a fact as JSON")
    if len(value) > MOST_BYTES:
        return _oversize(value)
    try:
        return _facts.decode(value)
    except msgspec.ValidationError as error:
        return _refuse(value, error)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Rejected(Refusal.NOT_JSON, f"found bytes that are not JSON ({error})")


def decode_order(decode: Callable[[bytes], _T], value: bytes | None, expected: str) -> _T | Rejected:
    """One of our own shapes other than a fact, or why these bytes are none. Raises nothing: bad input is a value."""
    if not value:
        return Rejected(Refusal.EMPTY, f"found an empty value, expected {expected} as JSON")
    if len(value) > MOST_BYTES:  # what waits of it must fit into a row
        return _oversize(value)
    try:
        return decode(value)
    except msgspec.ValidationError as error:
        return Rejected(Refusal.WRONG_SHAPE, f"found JSON that is not {expected} ({error})")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Rejected(Refusal.NOT_JSON, f"found bytes that are not JSON ({error})")


def _oversize(value: bytes) -> Rejected:
    return Rejected(Refusal.OVERSIZE, f"found {len(value):,} bytes, expected at most {MOST_BYTES:,}")


def _refuse(value: bytes, error: msgspec.ValidationError) -> Rejected:
    try:
        kind = str(msgspec.json.decode(_peek(value).get("type", msgspec.Raw(b"null"))))[:80]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Rejected(Refusal.WRONG_SHAPE, f"found JSON that is not an object of a fact ({error})")
    if kind in FACTS:
        return Rejected(Refusal.WRONG_SHAPE, f"{kind}: {error}")
    close = difflib.get_close_matches(kind, FACTS, n=1)
    hint = f', did you mean "{close[0]}"?' if close else ""
    return Rejected(Refusal.UNKNOWN_TYPE, f'found the type "{kind}", which this release does not know{hint}')
