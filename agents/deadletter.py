"""How a record that cannot be read is put aside: its raw bytes, and in the headers where it came from and why.

It does not judge records and never looks into their bytes.
"""

import base64
import traceback
from typing import Final

from schemas.codec import MOST_BYTES
from schemas.envelope import headers
from schemas.problem import Refusal, Rejected
from schemas.topics import DEAD_LETTERS
from streams.engine.record import Out, Record

KIND: Final = "dead_letter.v1"
_MOST_KEY: Final = 10_000
_MOST_DETAIL: Final = 1_000
_MOST_FRAMES: Final = 4
COUNT: Final = "dead_letters"


def counted(rejected: Rejected) -> tuple[str, str]:
    """The names that a lane counts it under: all together (the accounts add them up), and by reason (a metric)."""
    return COUNT, f"{COUNT}:{rejected.reason}"


def our_error(bug: Exception) -> Rejected:
    """Why a record on which our own code has failed is put aside: what it raised and where, none of its words.

    An error quotes what it fell over, and that may be what a person has said.
    """
    passed = [f"{frame.f_globals.get('__name__')}:{line}" for frame, line in traceback.walk_tb(bug.__traceback__)]
    where = ", called by ".join(reversed(passed[-_MOST_FRAMES:]))
    return Rejected(Refusal.OUR_ERROR, f"found a {type(bug).__name__} in {where}, expected none: a bug of this release")


def dead_letter(record: Record, rejected: Rejected, source: str) -> Out:
    """The record for ``nurture.dead-letters``; ``source`` is the CloudEvents source, such as ``nurture/sender``.

    The same record always gives the same dead letter: its id is its place, its time is the record's own. A value that
    would not fit beside its headers is cut to ``MOST_BYTES``, and ``nurture_cut_from`` says how long it was; for a key
    ``nurture_key_cut_from`` does.
    """
    value, key = record.value, record.key
    place = f"{record.topic}:{record.partition}:{record.offset}"
    why = [
        *headers(KIND, place, source, max(record.timestamp, 0)),
        ("nurture_reason", rejected.reason.encode()),
        ("nurture_detail", rejected.detail[:_MOST_DETAIL].encode(errors="replace")),
        ("nurture_topic", record.topic.encode()),
        ("nurture_partition", str(record.partition).encode()),
        ("nurture_offset", str(record.offset).encode()),
    ]
    if key is not None:
        why.append(("nurture_key", base64.b64encode(key[:_MOST_KEY])))
        if len(key) > _MOST_KEY:
            why.append(("nurture_key_cut_from", str(len(key)).encode()))
    if value is not None and len(value) > MOST_BYTES:
        why.append(("nurture_cut_from", str(len(value)).encode()))
        value = value[:MOST_BYTES]
    return Out(DEAD_LETTERS, place.encode(), value, why)
