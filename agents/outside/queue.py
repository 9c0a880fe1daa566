"""The sales queue from outside the pipeline: reads it, and sends answers in as feedback. It changes no row itself."""

from collections.abc import Iterable
from typing import Any, Final

from agents.kafka.clients import Client, producer, read_newest
from schemas import topics
from schemas.codec import decode_queue, encode
from schemas.problem import UserError
from schemas.queue import QueueItem
from schemas.units import iso
from schemas.words import counted

ANSWERS: Final = {"accept": "Sales Accepted", "reject": "Sales Rejected", "recycle": "Sales Recycled"}
_STATES: Final = {"accept": "accepted", "reject": "rejected", "recycle": "recycled"}


class QueueError(UserError):
    """No such handoff, or an answer that cannot be given."""


async def read_queue(options: Client) -> list[QueueItem]:
    """Every handoff: open ones first, the soonest to be answered at the top; then those answered last."""
    items = [decode_queue(value) for value in (await read_newest(options, topics.SALES_QUEUE)).values()]
    return sorted(
        items, key=lambda item: (item.state != "open", item.answer_by if item.state == "open" else -item.answered_at)
    )


def find(items: Iterable[QueueItem], handoff_id: str) -> QueueItem:
    """The item with this id, or the only one whose id begins so. Raises QueueError."""
    found = [item for item in items if item.handoff_id == handoff_id] or [
        item for item in items if item.handoff_id.startswith(handoff_id)
    ]
    if len(found) != 1:
        what = "no handoff" if not found else counted(len(found), "handoff")
        raise QueueError(f'found {what} for "{handoff_id}", expected one: "nurture queue list" shows their ids')
    return found[0]


def already(item: QueueItem, how: str, *, change: bool = False) -> str:
    """What it is already, when this is its answer by now; empty when the answer is to be sent.

    ``accepted`` can still be given back; to be refused after all it must be changed on purpose. Raises QueueError.
    """
    since = f'"{item.state}" since {iso(item.answered_at)[:10]}' + (f" by {item.by}" if item.by else "")
    if item.state == _STATES[how]:
        return f"{item.handoff_id}: {since} already"
    if item.state == "open" or (item.state == "accepted" and (change or how == "recycle")):
        return ""
    todo = "add --change to change that" if item.state == "accepted" else "it has its answer already"
    raise QueueError(f"found {item.handoff_id} {since}, expected it to be open: {todo}")


async def answer(options: Client, item: QueueItem, how: str, *, by: str, reason: str = "") -> None:
    """Sends sales' answer in as feedback; the queue shows it once the journey has taken it.

    The message has no time of its own: it is given when intake sees it, by the pipeline's clock.
    """
    message: dict[str, Any] = {
        "type": "track",
        "event": ANSWERS[how],
        "userId": item.lead_id,
        "messageId": f"{item.handoff_id}:{how}",  # the same answer twice is one answer
        "properties": {"handoff_id": item.handoff_id, "by": by, "reason": reason},
    }
    async with producer(options) as out:
        await out.send_and_wait(topics.SALES_FEEDBACK, encode(message), key=item.lead_id.encode())
