"""From a record of ``nurture.sends`` to an order, or to why it is none. It judges the record, never the order."""

from schemas.codec import decode_order, decode_send
from schemas.commands import ResendSend, ToSender
from schemas.problem import Refusal, Rejected
from streams.engine.record import Record


def read_order(record: Record) -> ToSender | Rejected:
    """The order in a record, or a word about an earlier one, or why it is neither."""
    order: ToSender | Rejected = decode_order(decode_send, record.value, "an order to send")
    if isinstance(order, Rejected):
        return order
    if not order.send_key or order.send_key.startswith("\0"):
        return Rejected(Refusal.BAD_ID, "found no usable send key, expected text that does not begin with NUL")
    if record.key != order.lead_id.encode():
        return Rejected(Refusal.WRONG_KEY, "found a record key that is not the order's lead id, expected the lead id")
    if isinstance(order, ResendSend):
        again = order.order
        if (again.send_key, again.lead_id) != (order.send_key, order.lead_id):
            return Rejected(Refusal.WRONG_SHAPE, "found an order to resend that holds another send, expected the same")
    return order
