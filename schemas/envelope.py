"""CloudEvents 1.0 in Kafka's binary mode: the headers on every record. It never looks into a value."""

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
        ("ce_type", kind.encode()),
        ("ce_source", source.encode()),
        ("ce_time", iso(at).encode()),
        _JSON,
    ]
