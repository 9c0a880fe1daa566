"""From a record of ``nurture.sends`` to an order, or to why it is none. It judges the record, never the order."""

from schemas.codec import decode_order, decode_send
from schemas.commands import SendOrder
from schemas.problem import Refusal, Rejected
from streams.engine.record import Record


def read_order(record: Record) -> SendOrder | Rejected:
    """The order in a record, or why it is none."""
    order: SendOrder | Rejected = decode_order(decode_send, record.value, "an order to send")
    if isinstance(order, Rejected):
        return order
    if not order.send_key or order.send_key.startswith("\0"):
        return Rejected(Refusal.BAD_ID, "found no usable send key, expected text that does not begin with NUL")
    if record.key != order.lead_id.encode():
        return Rejected(Refusal.WRONG_KEY, "found a record key that is not the order's lead id, expected the lead id")
    return order
