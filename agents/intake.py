"""The intake lane: every record that comes in becomes exactly one fact or one dead letter. It remembers no lead."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from agents.deadletter import COUNT, counted, dead_letter
from agents.fuse import Fuse
from agents.segment.grammar import to_fact
from agents.suppression import keyed_address
from schemas import topics
from schemas.codec import encode
from schemas.envelope import headers
from schemas.facts import Fact, tag_of
from schemas.problem import Rejected
from streams.engine.lane import Lane
from streams.engine.record import Batch, Out, Record

SOURCE: Final = "nurture/intake"
_ID_DIGITS: Final = 40  # 160 bits: no two addresses meet, and an id stays readable


def lead_id_of(id_key: bytes) -> Callable[[str], str]:
    """How an address becomes the id of a lead that has no other: ``mail-`` and a keyed hash, never the address."""
    return lambda address: f"mail-{keyed_address(address, id_key)[:_ID_DIGITS]}"


class IntakeWork:
    """A kind of lane: its sources are the three topics of what comes in, and it has no rows."""

    def __init__(self, identify: Callable[[str], str], *, fuse: bool = True) -> None:
        self._identify = identify
        self._fuse = Fuse() if fuse else None

    async def begin(self, lane: Lane) -> None:
        """Nothing is remembered."""

    async def fold(self, lane: Lane, records: Sequence[Record]) -> None:
        """Facts, dead letters, counts and position: all or nothing. Raises FuseBlown, and then nothing is taken."""
        seen = lane.clock.now()
        facts = [to_fact(record.value, seen, self._identify) for record in records]
        outs = [self._out(record, fact) for record, fact in zip(records, facts, strict=True)]
        refused = Counter(name for fact in facts if isinstance(fact, Rejected) for name in counted(fact))
        dead = refused[COUNT]
        counts = {"in": len(records), "facts": len(records) - dead, COUNT: dead} | refused
        await lane.commit(Batch(outs=outs, counts=counts, upto=records[-1].offset + 1))

    async def tick(self, lane: Lane, due: Sequence[tuple[bytes, int]]) -> None:
        """No row is ever due."""

    def _out(self, record: Record, fact: Fact | Rejected) -> Out:
        rejected = fact if isinstance(fact, Rejected) else None
        if self._fuse:
            self._fuse.note(rejected, f"{record.topic}-{record.partition}")
        return dead_letter(record, fact, SOURCE) if isinstance(fact, Rejected) else fact_out(fact, SOURCE)


def fact_out(fact: Fact, source: str) -> Out:
    """A fact as a record of ``nurture.facts``: its key, and so its partition, is the lead."""
    stamped = headers(tag_of(type(fact)), fact.id, source, fact.at)
    return Out(topics.FACTS, fact.lead_id.encode(), encode(fact), stamped)
