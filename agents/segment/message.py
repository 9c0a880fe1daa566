"""The shape of a Segment message, and bytes into it. What a message means is not known here."""

import json
from typing import Any

import msgspec
from msgspec import Struct

from agents.segment.values import RefusedError
from schemas.codec import MOST_BYTES, encode
from schemas.problem import Refusal


class Library(Struct):
    """What wrote the message."""

    name: Any = None


class Context(Struct):
    """Where the message came from."""

    traits: dict[str, Any] | None = None
    library: Library | None = None
    timezone: Any = None
    ip: Any = None


class Message(Struct, rename="camel"):
    """What we read of a message. Values stay loose here: each is judged where a sentence can say what is wrong."""

    type: Any = None
    version: Any = None
    message_id: Any = None
    user_id: Any = None
    anonymous_id: Any = None
    timestamp: Any = None
    original_timestamp: Any = None
    event: Any = None
    name: Any = None
    traits: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None
    context: Context | None = None


def read_message(message: bytes | None) -> Message:
    """The message. Raises RefusedError: empty, too large, not JSON, a key twice, or of another shape."""
    if not message:
        raise RefusedError(Refusal.EMPTY, "found an empty value, expected a message as JSON")
    if len(message) > MOST_BYTES:
        raise RefusedError(Refusal.OVERSIZE, f"found {len(message):,} bytes, expected at most {MOST_BYTES:,}")
    try:
        plain = msgspec.json.decode(message)
        _refuse_repeats(message, plain)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise RefusedError(Refusal.NOT_JSON, f"found bytes that are not JSON ({error}), expected a message") from None
    try:
        return msgspec.convert(plain, Message)
    except msgspec.ValidationError as error:
        raise RefusedError(
            Refusal.WRONG_SHAPE, f"found JSON that is no message ({error}), expected Segment's shape"
        ) from None


def _refuse_repeats(message: bytes, plain: object) -> None:
    """A key that stands twice has two meanings. Writing the value again shows it cheaply: quotes are missing."""
    if b"\\u0022" in message or message.count(b'"') != encode(plain).count(b'"'):
        json.loads(message.decode(), object_pairs_hook=_distinct)


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise RefusedError(Refusal.NOT_JSON, "found a key twice in one object, expected every key once")
    return found
