"""The pages of the ledger that one batch is on: what each key's entry is, and what the next commit will hold.

It keeps the law (``streams.ledger``) and tells the lead's record what was settled. It never speaks to a port.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from agents.kept import kept
from schemas.codec import decode_ledger, encode
from schemas.envelope import headers
from schemas.facts import SendSettled, tag_of
from schemas.ledger import LedgerEntry
from schemas.reason import Reason
from schemas.topics import FACTS
from streams.engine.lane import Lane
from streams.engine.record import Batch, Out, Row
from streams.ledger import HANDOFF_NOTICE, Event, due_of, in_doubt, transition

SOURCE: Final = "nurture/sender"
DOUBT: Final = b"\0doubt:"
"""Begins the keys of the lane's own rows that name what is in doubt: finding it must not cost a scan of the ledger."""
Outcome = Literal["accepted", "rejected", "skipped", "held"]
Doubts = dict[str, LedgerEntry]


class Book:
    """Entries by send key; ``write`` applies an event, ``commit`` makes everything since the last one durable."""

    def __init__(self, lane: Lane, keys: Iterable[str], doubts: Doubts) -> None:
        self._lane, self._doubts = lane, doubts
        self._entries: dict[str, LedgerEntry | None] = {}
        self.unreadable: dict[str, str] = {}
        for key, row in lane.rows.load([key.encode() for key in keys]).items():
            try:
                self._entries[key.decode()] = decode_ledger(row)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                self.unreadable[key.decode()] = (
                    f"found a ledger entry for this send key that this release cannot read ({error}), expected one of"
                    f" its own; upgrade this worker, then replay this dead letter"
                )
        self._begin()

    def entry(self, send_key: str) -> LedgerEntry | None:
        """What the ledger says of a send; None when it holds nothing."""
        return self._entries.get(send_key)

    def write(self, send_key: str, event: Event) -> LedgerEntry:
        """One event in the life of a send key. Raises IllegalTransition."""
        before = self._entries.get(send_key)
        entry = self._entries[send_key] = transition(before, event)
        self._rows[send_key.encode()] = Row(encode(entry), due_of(entry))
        if before is not None:
            self.add(f"state:{before.state}", -1)
        self.add(f"state:{entry.state}")
        self._mind(entry)
        self._tell(before, entry)
        return entry

    def count(self, email: str, outcome: str) -> None:
        """Count an outcome: mail to leads as ``sends_...``, notices to reps as ``notices_...``."""
        self.add(f"{'notices' if email == HANDOFF_NOTICE else 'sends'}_{outcome}")

    def add(self, count: str, more: int = 1) -> None:
        """Count something else."""
        self._counts[count] += more

    def keep(self, key: bytes, value: bytes) -> None:
        """A row of the lane's own, with the next commit."""
        self._rows[key] = Row(value)

    def emit(self, out: Out) -> None:
        """Produce a record with the next commit."""
        self._outs.append(out)

    async def commit(self, upto: int | None = None) -> None:
        """One transaction; ``upto`` moves the source position. Nothing to say and nowhere to move is no transaction."""
        counts = {name: more for name, more in self._counts.items() if more}
        batch = Batch(rows=self._rows, outs=self._outs, counts=counts, upto=upto)
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

    def _mind(self, entry: LedgerEntry) -> None:
        """What is in doubt is listed, in the lane's rows and in memory."""
        key = DOUBT + entry.send_key.encode()
        if in_doubt(entry):
            self._doubts[entry.send_key] = entry
            self._rows[key] = Row(encode(entry))
        elif self._doubts.pop(entry.send_key, None):
            self._rows[key] = Row(None)

    def _tell(self, before: LedgerEntry | None, entry: LedgerEntry) -> None:
        """The lead's record learns how a send ended, each ending once; a notice to a rep is no event in its life."""
        told = outcome_of(entry)
        if told is None or (before is not None and told == outcome_of(before)):
            return
        self.count(entry.email, told + (f":{entry.reason}" if told == "skipped" else ""))
        if entry.email != HANDOFF_NOTICE:
            self.emit(_settled(entry, told, self._lane.partition))


def outcome_of(entry: LedgerEntry) -> Outcome | None:
    """How a send ended, for the lead's record; None while it has not. A doubt stays one when an operator drops it."""
    match entry.state:
        case "accepted" | "confirmed":
            return "accepted"
        case "rejected" | "held":
            return entry.state
        case "blocked":
            return "held" if entry.reason is Reason.OUTCOME_UNKNOWN else "skipped"
        case _:
            return None


def doubts_of(lane: Lane) -> Doubts:
    """What a lane's own rows list as in doubt, by send key. Raises Refused: one that this release cannot read."""
    rows = [(key.removeprefix(DOUBT), row) for key, row in lane.rows.within(DOUBT)]
    return {key.decode(): entry for key, entry in kept(lane, rows, decode_ledger).items()}


def _settled(entry: LedgerEntry, outcome: Outcome, partition: int) -> Out:
    """The fact on the lead's record. Orders and facts share key and partition count, so the partition is the lane's."""
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
        variant=entry.variant,
        reason=entry.reason or "",
    )
    about = headers(tag_of(SendSettled), fact.id, SOURCE, fact.at)
    return Out(FACTS, entry.lead_id.encode(), encode(fact), about, partition)
