"""The work for frameworks that bring one record at a time: what JourneyWork does with a batch, for a batch of one."""

from agents.carried import outs_of
from agents.journey import read_fact
from schemas import topics
from schemas.codec import decode_lead, encode_lead
from schemas.facts import PolicyApplied
from schemas.lead import Lead
from schemas.problem import Rejected
from streams.engine.record import Out, Record
from streams.journey.compiled import Compiled
from streams.journey.decide import decide
from tests.bench.order import Order
from tests.bench.shipped import workplace
from tests.bench.work import ID_KEY

TOPICS = (topics.DECISIONS, topics.SENDS, topics.HANDOFFS, topics.SUPPRESSIONS)


class OneByOne:
    """Decode, load the row, decide, encode the row and the commands."""

    def __init__(self, order: Order) -> None:
        self._policy = Compiled(workplace().policy)
        self._source = order.source

    def fold(self, key: bytes, value: bytes, row: bytes | None, partition: int = 0) -> tuple[bytes | None, list[Out]]:
        """The new row (None: unchanged), and what to produce. ``partition`` is only told, it decides nothing."""
        fact = read_fact(Record(self._source, partition, 0, 0, key, value, ()))
        if isinstance(fact, Rejected):
            raise TypeError(f"the bench made a fact that is none: {fact}")
        if isinstance(fact, PolicyApplied):
            return None, []
        before = decode_lead(row) if row else Lead(id=fact.lead_id)
        after, commands = decide(before, fact, self._policy)
        if after is before:
            return None, []
        return encode_lead(after), [out for command in commands for out in outs_of(command, partition, ID_KEY)]
