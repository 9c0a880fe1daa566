"""From a record of ``nurture.sends`` to an order, or to why it is none. It judges the record, never the order."""

import msgspec

from schemas.codec import decode_send
from schemas.commands import SendOrder
from schemas.problem import Refusal, Rejected
from streams.engine.record import Record


def read_order(record: Record) -> SendOrder | Rejected:
    """The order in a record, or why it is none."""
    if not record.value:
        return Rejected(Refusal.EMPTY, "found an empty value, expected an order to send as JSON")
    try:
        order: SendOrder = decode_send(record.value)
    except msgspec.ValidationError as error:
        return Rejected(Refusal.WRONG_SHAPE, f"found JSON that is no order to send ({error})")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Rejected(Refusal.NOT_JSON, f"found bytes that are not JSON ({error})")
    if not order.send_key or order.send_key.startswith("\0"):
        return Rejected(Refusal.BAD_ID, "found no usable send key, expected text that does not begin with NUL")
    if record.key != order.lead_id.encode():
        return Rejected(Refusal.WRONG_KEY, "found a record key that is not the order's lead id, expected the lead id")
    return order
