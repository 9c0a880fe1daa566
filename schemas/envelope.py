"""CloudEvents 1.0 in Kafka's binary mode: the headers on every record. It never looks into a value."""

from functools import lru_cache
from typing import Final

from schemas.units import iso

Headers = list[tuple[str, bytes]]
_SPEC: Final = ("ce_specversion", b"1.0")
_JSON: Final = ("content-type", b"application/json")


def headers(kind: str, event_id: str, source: str, at: int) -> Headers:
    """The attributes of one event: its type, id, source (``nurture/journey``) and time in milliseconds."""
    return [
        _SPEC,
        ("ce_id", event_id.encode()),
        *_about(kind, source),
        ("ce_time", _written(at)),
        _JSON,
    ]


@lru_cache(maxsize=256)
def _about(kind: str, source: str) -> Headers:
    return [("ce_type", kind.encode()), ("ce_source", source.encode())]


@lru_cache(maxsize=256)  # what follows from one fact is said at one time
def _written(at: int) -> bytes:
    return iso(at).encode()
