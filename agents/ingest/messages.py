"""A row as the messages that its mapping asks for, checked against intake's own grammar. It reads no file.

Message ids come out of the content alone (mapping, row key, place in the row, what is said), so that the same row
always gives the same ids, and a row that changed gives new ones only for what changed.
"""

import hashlib
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from agents.ingest.cells import CellError, holds, plain, time_of, value_of
from agents.ingest.mapping import IDENTIFY, PAGE, TOPICS
from agents.ingest.rows import BadRow, Row
from agents.intake import lead_id_of
from agents.segment.grammar import to_fact
from agents.segment.values import looks_like_an_address, snake
from schemas.codec import encode
from schemas.envelope import Headers, headers
from schemas.facts import Fact
from schemas.mapping import Cell, FactMapping, Mapping
from schemas.problem import Refusal, Rejected
from schemas.units import MINUTE, iso

_MOST_KEY: Final = 100


class Message(NamedTuple):
    """A record for one of the topics of what comes in, and the fact that intake will make of it."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers
    fact: Fact


class Scribe:
    """Writes the messages of rows. ``secret`` keys the hashes that stand for addresses; ``seen`` is now, in ms."""

    def __init__(self, mapping: Mapping, secret: bytes, seen: int) -> None:
        self._mapping = mapping
        self._secret = secret[:64]  # all that BLAKE2 takes
        self._seen = seen
        self._identify: Callable[[str], str] = lead_id_of(secret)
        self._source = {"library": {"name": f"ingest {mapping.name}"}}

    def messages(self, row: Row) -> list[Message] | BadRow:
        """Every message of a row; when one of them cannot be said, the whole row is bad and none is."""
        try:
            said = [self._passed(row)] if self._mapping.through else self._told(row)
            return [self._checked(topic, message) for topic, message in said]
        except (CellError, _RefusalError) as error:
            return BadRow(row.line, str(error))

    def _told(self, row: Row) -> list[tuple[str, dict[str, Any]]]:
        named = self._mapping
        lead = f"{named.name}-{row.line}" if named.row_is_lead else plain(row.cells, named.lead)
        if lead is None:
            raise CellError(self._mapping.lead, None, "who the row is about")
        return [
            (TOPICS[fact.topic], self._message(row, index, fact, lead))
            for index, fact in enumerate(self._mapping.facts)
            if all(holds(row.cells, condition) for condition in fact.when)
        ]

    def _message(self, row: Row, index: int, fact: FactMapping, lead: object) -> dict[str, Any]:
        fields = {name: value_of(row.cells, cell) for name, cell in fact.fields.items()}
        known = {name: value for name, value in fields.items() if value is not None}
        message: dict[str, Any] = {"userId": lead, "context": self._source} | _kind(fact.event, known)
        if fact.at is not None:
            message["timestamp"] = _at(row, fact.at)
        return message | {"messageId": self._id(row, index, lead, message)}

    def _id(self, row: Row, index: int, lead: object, message: dict[str, Any]) -> str:
        parts = [plain(row.cells, column) for column in self._mapping.key] or [lead]
        key = "/".join("" if part is None else str(part) for part in parts)
        if looks_like_an_address(key) or len(key) > _MOST_KEY or not key.isprintable():
            key = self._digest(key.encode("utf-8", "replace"))
        return f"{self._mapping.name}:{key}:{index}:{self._digest(encode(message))}"

    def _passed(self, row: Row) -> tuple[str, dict[str, Any]]:
        kind = row.cells.get("type")
        topic = self._mapping.through.get(kind) if isinstance(kind, str) else None
        if topic is None:
            raise CellError("type", kind, "one of " + ", ".join(self._mapping.through))
        named = {"messageId": f"{self._mapping.name}:{self._digest(row.raw)}"}
        return TOPICS[topic], row.cells if row.cells.get("messageId") is not None else row.cells | named

    def _digest(self, content: bytes) -> str:
        return hashlib.blake2b(content, key=self._secret, digest_size=8).hexdigest()

    def _checked(self, topic: str, message: dict[str, Any]) -> Message:
        value = encode(message)
        fact = to_fact(value, self._seen, self._identify)
        if isinstance(fact, Rejected):
            raise _RefusalError(f"{self._by_column(fact)} [{fact.reason.value}]")
        stamped = headers(f"segment.{message['type']}", fact.id, f"nurture/ingest/{self._mapping.name}", fact.at)
        return Message(topic, fact.lead_id.encode(), value, stamped, fact)

    def _by_column(self, refused: Rejected) -> str:
        """The sentence for who wrote a mapping, and knows columns."""
        if self._mapping.through:
            return refused.detail
        told = refused.detail.replace("userId", f'the column "{self._mapping.lead}"')
        bad_id = refused.reason is Refusal.BAD_ID
        return f"{told}: name a column of ids as lead, or say row_is_lead: true" if bad_id else told


class _RefusalError(Exception):
    """Intake would refuse the message, with this sentence."""


def _kind(event: str, known: dict[str, Any]) -> dict[str, Any]:
    match snake(event):
        case name if name == snake(IDENTIFY):
            return {"type": "identify", "traits": known}
        case name if name == snake(PAGE):
            return {"type": "page", "properties": known}
        case _:
            return {"type": "track", "event": event, "properties": known}


def _at(row: Row, at: str | Cell) -> str:
    """When it happened. A row that does not say is bad: history that is taken for today would be a lie."""
    cell = at if isinstance(at, Cell) else Cell(column=at)
    if cell.by_row:
        return iso(time_of(cell, cell.by_row) + row.line * MINUTE)
    value = plain(row.cells, cell.column) if cell.constant is None else cell.constant
    if value is None:
        raise CellError(cell.column, None, f"a time like {cell.format or 'ISO 8601'}")
    return iso(time_of(cell, value))
