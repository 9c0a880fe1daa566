"""Whether a dead letter may go back to where it came from, and as which record. It reads bytes and moves none."""

from typing import Final, NamedTuple

from agents.journey import read_fact
from agents.mail.orders import read_order
from agents.outside.morgue import SOURCE, Letter
from agents.sales import read_handoff
from agents.segment.grammar import to_fact
from schemas import topics
from schemas.commands import Decided, Feedback
from schemas.envelope import Headers, headers
from schemas.facts import Happened, tag_of
from schemas.problem import Rejected
from schemas.units import Millis, iso
from streams.engine.partition import partition_of
from streams.engine.record import Out, Record

KEYED: Final = (topics.FACTS, topics.SENDS, topics.HANDOFFS)
"""Topics whose key is the lead: a record elsewhere would be folded into a lead that nobody else sees."""


class Stays(NamedTuple):
    """It cannot go back: why, as the end of a sentence about it."""

    why: str


def verdict(letter: Letter, partitions: int, now: Millis) -> Out | Stays:
    """The record to put back, in the partition and under the key that it had, or why that would be wrong."""
    if letter.mark is not None:
        return Stays(f"{letter.mark.by} {letter.mark.done} it on {iso(letter.mark.at)[:10]}")
    if letter.cut_from or letter.key_cut_from:
        part, whole = ("value", letter.cut_from) if letter.cut_from else ("key", letter.key_cut_from)
        return Stays(f"its {part} was cut when it was put aside ({whole:,} bytes were too many), so it is not whole")
    read = _read(letter, now)
    if isinstance(read, Rejected):
        return Stays(f"it would come back: {read.detail}")
    if read is None:
        return Stays(f"nothing reads {letter.topic} here")
    if letter.topic in KEYED and (home := partition_of(letter.key or b"", partitions)) != letter.partition:
        return Stays(f"its key belongs in partition {home}, found it in {letter.partition}: a lead has one partition")
    return Out(letter.topic, letter.key, letter.raw, _headers(letter, read), letter.partition)


def _read(letter: Letter, now: Millis) -> Happened | Decided | Feedback | Rejected | None:
    """What the letter's lane would read today; None is a topic that no lane reads."""
    record = Record(letter.topic, letter.partition, letter.offset, letter.at, letter.key, letter.raw, ())
    match letter.topic:
        case topics.LEADS | topics.ENGAGEMENT | topics.SALES_FEEDBACK:
            return to_fact(letter.raw, now, lambda _: "somebody")
        case topics.FACTS:
            return read_fact(record)
        case topics.SENDS:
            return read_order(record)
        case topics.HANDOFFS:
            return read_handoff(record)
        case _:
            return None


def _headers(letter: Letter, read: Happened | Decided | Feedback) -> Headers:
    """What is ours says again what it is; what others send in had no envelope, and gets none."""
    again = ("nurture_replayed_from", letter.id.encode())
    if letter.topic not in KEYED:
        return [again]
    at = read.at if isinstance(read, Happened) else read.seen
    return [*headers(tag_of(type(read)), read.id, SOURCE, at), again]
