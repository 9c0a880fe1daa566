"""The sales lane: keeps the queue of handoffs, and tells each one's owner by mail. It never judges a lead."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from agents.deadletter import counted, dead_letter
from agents.kept import kept
from schemas import topics
from schemas.codec import decode_handoff, decode_order, decode_queue, encode
from schemas.commands import HandOff, HandoffOrder, NotifyOwner, SettleHandoff
from schemas.envelope import headers
from schemas.facts import tag_of
from schemas.problem import Refusal, Rejected
from schemas.queue import QueueItem
from streams.engine.lane import Lane
from streams.engine.record import Batch, Out, Record, Row
from streams.journey.turn import send_key

SOURCE: Final = "nurture/sales"


class SalesWork:
    """One row a handoff: open until an answer ends it."""

    async def begin(self, lane: Lane) -> None:
        """Rows are all there is to remember."""

    async def fold(self, lane: Lane, records: Sequence[Record]) -> None:
        """Queue items, owners' notices, dead letters and position: all or nothing."""
        batch, counts = Batch(upto=records[-1].offset + 1), Counter[str]()
        orders = [(record, read_handoff(record)) for record in records]
        keys = {order.handoff_id.encode() for _, order in orders if not isinstance(order, Rejected)}
        items = kept(lane, lane.rows.load(keys).items(), decode_queue)
        for record, order in orders:
            if isinstance(order, Rejected):
                batch.outs.append(dead_letter(record, order, SOURCE))
                counts.update(counted(order))
                continue
            key = order.handoff_id.encode()
            if isinstance(order, HandOff) and key not in items:
                batch.outs.append(_notice(order, lane.partition))
            counts[_kind(order)] += 1
            item = _queued(items.get(key), order)
            if item is not None:
                items[key] = item
                batch.rows[key] = Row(encode(item))
        batch.counts = dict(counts)
        await lane.commit(batch)

    async def tick(self, lane: Lane, due: Sequence[tuple[bytes, int]]) -> None:
        """No row of the queue is ever due: the journey watches the answer's deadline."""


def read_handoff(record: Record) -> HandoffOrder | Rejected:
    """The order in a record of ``nurture.handoffs``, or why it is none."""
    order: HandoffOrder | Rejected = decode_order(decode_handoff, record.value, "a handoff")
    if isinstance(order, Rejected) or record.key == order.lead_id.encode():
        return order
    return Rejected(Refusal.WRONG_KEY, "found a record key that is not the handoff's lead id, expected the lead id")


def _kind(order: HandoffOrder) -> str:
    return "handed_off" if isinstance(order, HandOff) else f"settled:{order.outcome}"


def _queued(item: QueueItem | None, order: HandoffOrder) -> QueueItem | None:
    """The item after this order; the first handoff of an id counts, and an answer without its handoff is nothing."""
    match order:
        case HandOff() if item is None:
            return QueueItem(
                handoff_id=order.handoff_id,
                lead_id=order.lead_id,
                owner=order.owner,
                handed_at=order.seen,
                answer_by=order.answer_by,
                brief=order.brief,
            )
        case SettleHandoff() if item is not None:
            return replace(item, state=order.outcome, reason=order.reason, by=order.by, answered_at=order.seen)
        case _:
            return item


def _notice(order: HandOff, partition: int) -> Out:
    """Too late to tell when the answer itself is late."""
    notice = NotifyOwner(
        id=f"{order.id}:notice",
        lead_id=order.lead_id,
        because=order.because,
        seen=order.seen,
        policy=order.policy,
        send_key=send_key(order.lead_id, "handoff", order.handoff_id, "handoff-notice", 0),
        handoff_id=order.handoff_id,
        to=order.owner,
        answer_by=order.answer_by,
        not_after=order.answer_by,
        brief=order.brief,
    )
    event = headers(tag_of(NotifyOwner), notice.id, SOURCE, order.seen)
    return Out(topics.SENDS, order.lead_id.encode(), encode(notice), event, partition)
