"""Units of time as they are written and as they are counted; it never asks what time it is."""

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from msgspec import Meta

Millis = Annotated[int, Meta(description="Milliseconds since 1970-01-01 UTC.")]
Duration = Annotated[
    str,
    Meta(
        pattern=r"^\d{1,4} (minute|hour|day|week)s?$",
        description='A length of time: a number and "minutes", "hours", "days" or "weeks".',
        examples=["3 days", "12 hours"],
    ),
]
TimeOfDay = Annotated[
    str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="A time of day, 24 hours.", examples=["08:30"])
]

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
_UNITS: Final = {"minute": MINUTE, "hour": HOUR, "day": DAY, "week": WEEK}
_DURATION: Final = re.compile(r"(\d{1,4}) (minute|hour|day|week)s?")


def millis(duration: str) -> int:
    """``"3 days"`` as milliseconds. Raises ValueError with what was found and what was expected."""
    match = _DURATION.fullmatch(duration)
    if match is None:
        raise ValueError(f'found the duration "{duration}", expected a number and a unit like "3 days"')
    return int(match[1]) * _UNITS[match[2]]


def day_of(at: int) -> int:
    """The UTC day that holds a moment, counted from 1970-01-01."""
    return at // DAY


def iso(at: int) -> str:
    """A moment in milliseconds as ISO 8601 in UTC, for people and for CloudEvents' ``time``."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: str) -> int:
    """ISO 8601 as milliseconds; a time without a zone is read as UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
