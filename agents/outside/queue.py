"""The sales queue from outside the pipeline: reads it, and sends answers in as feedback. It changes no row itself."""

from collections.abc import Iterable
from typing import Any, Final

from agents.kafka.clients import Client, producer, read_newest
from schemas import topics
from schemas.codec import decode_queue, encode
from schemas.problem import UserError
from schemas.queue import QueueItem
from schemas.words import counted

ANSWERS: Final = {"accept": "Sales Accepted", "reject": "Sales Rejected", "recycle": "Sales Recycled"}


class QueueError(UserError):
    """No such handoff, or an answer that cannot be given."""


async def read_queue(options: Client) -> list[QueueItem]:
    """Every handoff: open ones first, the soonest to be answered at the top."""
    items = [decode_queue(value) for value in (await read_newest(options, topics.SALES_QUEUE)).values()]
    return sorted(items, key=lambda item: (item.state != "open", item.answer_by, item.handoff_id))


def find(items: Iterable[QueueItem], handoff_id: str) -> QueueItem:
    """The item with this id, or the only one whose id begins so. Raises QueueError."""
    found = [item for item in items if item.handoff_id == handoff_id] or [
        item for item in items if item.handoff_id.startswith(handoff_id)
    ]
    if len(found) != 1:
        what = "no handoff" if not found else counted(len(found), "handoff")
        raise QueueError(f'found {what} for "{handoff_id}", expected one: "nurture queue list" shows their ids')
    return found[0]


async def answer(options: Client, item: QueueItem, how: str, *, by: str, reason: str = "") -> None:
    """Sends sales' answer in as feedback; the queue shows it once the journey has taken it. Raises QueueError.

    The message has no time of its own: it is given when intake sees it, by the pipeline's clock.
    """
    if item.state not in ("open", "accepted"):
        raise QueueError(f'found {item.handoff_id} "{item.state}", expected it to be open: it has its answer already')
    message: dict[str, Any] = {
        "type": "track",
        "event": ANSWERS[how],
        "userId": item.lead_id,
        "messageId": f"{item.handoff_id}:{how}",  # the same answer twice is one answer
        "properties": {"handoff_id": item.handoff_id, "by": by, "reason": reason},
    }
    async with producer(options) as out:
        await out.send_and_wait(topics.SALES_FEEDBACK, encode(message), key=item.lead_id.encode())
