"""The pages of the ledger that one batch of orders is on: what each key's entry is, and what the next commit will hold.

It keeps the law (``streams.ledger``) and tells the lead's record what was settled. It never speaks to a port.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Final, Literal

from schemas.codec import decode_ledger, encode
from schemas.commands import NotifyOwner, SendOrder
from schemas.envelope import headers
from schemas.facts import SendSettled, tag_of
from schemas.ledger import LedgerEntry
from schemas.topics import FACTS
from streams.engine.lane import Lane
from streams.engine.record import Batch, Out, Row
from streams.ledger import Event, transition

SOURCE: Final = "nurture/sender"
_OUTCOMES: Final[dict[str, Literal["accepted", "rejected", "skipped", "held"]]] = {
    "accepted": "accepted",
    "rejected": "rejected",
    "blocked": "skipped",
    "held": "held",
}


class Book:
    """Entries by send key; ``write`` applies an event, ``commit`` makes everything since the last one durable."""

    def __init__(self, lane: Lane, orders: Iterable[SendOrder]) -> None:
        self._lane = lane
        self._entries: dict[str, LedgerEntry | None] = {
            key.decode(): decode_ledger(row)
            for key, row in lane.rows.load([order.send_key.encode() for order in orders]).items()
        }
        self._begin()

    def entry(self, order: SendOrder) -> LedgerEntry | None:
        """What the ledger says of this order; None when it holds nothing."""
        return self._entries.get(order.send_key)

    def write(self, order: SendOrder, event: Event) -> None:
        """One event in the life of a send key. Raises IllegalTransition."""
        entry = self._entries[order.send_key] = transition(self.entry(order), event)
        self._rows[order.send_key.encode()] = Row(encode(entry) if entry else None)
        if entry is None or entry.state == "claimed":
            return
        skipped = f":{entry.reason}" if entry.state == "blocked" else ""
        self.count(order, _OUTCOMES[entry.state] + skipped)
        if not isinstance(order, NotifyOwner):  # a notice to a rep is no event in the life of the lead
            self.emit(_settled(entry, self._lane.partition))

    def count(self, order: SendOrder, outcome: str) -> None:
        """Count an outcome: mail to leads as ``sends_...``, notices to reps as ``notices_...``."""
        self.add(f"{'notices' if isinstance(order, NotifyOwner) else 'sends'}_{outcome}")

    def add(self, count: str) -> None:
        """Count something else."""
        self._counts[count] += 1

    def emit(self, out: Out) -> None:
        """Produce a record with the next commit."""
        self._outs.append(out)

    async def commit(self, upto: int | None = None) -> None:
        """One transaction; ``upto`` moves the source position. Nothing to say and nowhere to move is no transaction."""
        batch = Batch(rows=self._rows, outs=self._outs, counts=dict(self._counts), upto=upto)
        self._begin()
        if batch.rows or batch.outs or batch.counts or upto is not None:
            await self._lane.commit(batch)

    async def commit_if_older(self, seconds: float) -> None:
        """Commit when the first event since the last commit is this old: outcomes travel together, none waits long."""
        if asyncio.get_running_loop().time() - self._since >= seconds:
            await self.commit()

    def _begin(self) -> None:
        self._rows: dict[bytes, Row] = {}
        self._outs: list[Out] = []
        self._counts: Counter[str] = Counter()
        self._since = asyncio.get_running_loop().time()


def _settled(entry: LedgerEntry, partition: int) -> Out:
    """The fact on the lead's record. Orders and facts share key and partition count, so the partition is the lane's."""
    outcome = _OUTCOMES[entry.state]
    fact = SendSettled(
        id=f"settled:{entry.send_key}:{outcome}",
        lead_id=entry.lead_id,
        at=entry.settled_at,
        seen=entry.settled_at,
        source=SOURCE,
        send_key=entry.send_key,
        email=entry.email,
        outcome=outcome,
        program=entry.program,
        step=entry.step,
        reason=entry.reason or "",
    )
    about = headers(tag_of(SendSettled), fact.id, SOURCE, fact.at)
    return Out(FACTS, entry.lead_id.encode(), encode(fact), about, partition)
