"""Units of time as they are written and as they are counted; it never asks what time it is."""

import re
from datetime import UTC, datetime, time
from typing import Annotated, Final, Literal, NamedTuple, get_args

from msgspec import Meta

Millis = Annotated[int, Meta(description="Milliseconds since 1970-01-01 UTC.")]
Duration = Annotated[
    str,
    Meta(
        pattern=r"^\d{1,4} (second|minute|hour|day|week)s?$",
        description='A length of time: a number and "seconds", "minutes", "hours", "days" or "weeks".',
        examples=["3 days", "12 hours"],
    ),
]
Length = Annotated[
    str,
    Meta(
        pattern=r"^[1-9]\d{0,3} (second|minute|hour|day|week)s?$",
        description='A length of time above 0: a number and "seconds", "minutes", "hours", "days" or "weeks".',
        examples=["21 days", "12 weeks"],
    ),
]
_LONG: Final = r"\d{1,4} (minute|hour|day|business day|week)s?"
_UNTIL: Final = (
    r"until (([Mm]on|[Tt]ues|[Ww]ednes|[Tt]hurs|[Ff]ri|[Ss]atur|[Ss]un)day )?([01]\d|2[0-3]):[0-5]\d"  # no flags: JSON
)
Wait = Annotated[
    str,
    Meta(
        pattern=rf"^({_LONG}|{_UNTIL}|{_LONG} {_UNTIL})$",
        description='A length of time, "until" a time of day (and a weekday), or both: "2 days until Tuesday 10:00".',
        examples=["3 business days", "until Tuesday 10:00", "2 days until 09:30"],
    ),
]
TimeOfDay = Annotated[
    str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="A time of day, 24 hours.", examples=["08:30"])
]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)
_UNITS: Final = {"second": SECOND, "minute": MINUTE, "hour": HOUR, "day": DAY, "week": WEEK}
_DURATION: Final = re.compile(r"(\d{1,4}) (second|minute|hour|day|week)s?")


def millis(duration: str) -> int:
    """``"3 days"`` as milliseconds. Raises ValueError with what was found and what was expected."""
    match = _DURATION.fullmatch(duration)
    if match is None:
        raise ValueError(f'found the duration "{duration}", expected a number and a unit like "3 days"')
    return int(match[1]) * _UNITS[match[2]]


class Waiting(NamedTuple):
    """A wait in parts: a length (ms, or business days), then until a time of day, on a weekday (Monday is 0)."""

    length: int = 0
    business_days: int = 0
    weekday: int | None = None
    clock: time | None = None


def waiting(wait: str) -> Waiting:
    """``"3 business days until Tuesday 10:00"`` in its parts. Raises ValueError for what is no wait."""
    length, _, until = wait.partition("until ")
    day, _, clock = until.rpartition(" ")
    weekday = WEEKDAYS.index(day[:3].lower()) if day else None
    at = time.fromisoformat(clock) if clock else None
    count, _, unit = length.strip().partition(" ")
    if unit.startswith("business"):
        return Waiting(business_days=int(count), weekday=weekday, clock=at)
    return Waiting(millis(length.strip()) if length else 0, 0, weekday, at)


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
