"""Local time as people live it: zones, quiet hours, holidays, business days. It never asks what time it is."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from schemas.brand import Brand
from schemas.lead import Lead
from schemas.sending import QuietHours
from schemas.units import WEEK, Waiting

Holidays = frozenset[str]
"""Days as ``2027-03-26``, or ``12-25`` for those of every year."""

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MOST_JUMPS: Final = 64  # two weeks of quiet days, nights, windows and holidays
_MOST_HOLIDAYS: Final = 400  # somebody may list every day of the year


class Zone(NamedTuple):
    """A time zone and how we know it: ``lead``, ``country`` or ``brand``."""

    name: str
    source: str


_clock: Final = lru_cache(maxsize=64)(time.fromisoformat)
_place: Final = lru_cache(maxsize=1024)(ZoneInfo)  # which keeps eight itself, and reads a ninth one's file each time


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return _place(name)
    except (ValueError, OSError, KeyError):  # unknown, malformed or a folder's name: ZoneInfo raises all three
        return None


def zone_of(lead: Lead, brand: Brand) -> Zone:
    """The lead's own zone, else its country's, else the brand's."""
    own = lead.traits.get("time_zone")
    if isinstance(own, str) and _zone(own):
        return Zone(own, "lead")
    country = lead.traits.get("country")
    usual = brand.zones.get(country.upper()) if isinstance(country, str) else None
    return Zone(usual, "country") if usual else Zone(brand.time_zone, "brand")


def next_open(moment: int, zone: str, *quiet: QuietHours, holidays: Holidays = frozenset()) -> int:
    """The first moment from this one on (ms) that is in none of the quiet hours, and on no quiet day or holiday there.

    A week later when there is none: hours that never open must not stop the world.
    """
    place, at = _place(zone), moment
    for _ in range(_MOST_JUMPS):
        local = datetime.fromtimestamp(at / 1000, place)
        closed = (_quiet_until(local, hours) for hours in quiet)
        until = _at(local, time.min, days=1) if is_holiday(local, holidays) else next(filter(None, closed), None)
        if until is None:
            return at
        at = max(round(until.timestamp() * 1000), at + 1)
    return moment + WEEK


def is_holiday(day: date, holidays: Holidays) -> bool:
    """Whether a day is in the list, by its date or as one of every year."""
    return bool(holidays) and (f"{day:%Y-%m-%d}" in holidays or f"{day:%m-%d}" in holidays)


def _quiet_until(local: datetime, quiet: QuietHours) -> datetime | None:
    if _DAYS[local.weekday()] in quiet.days:
        return _at(local, time.min, days=1)
    start, end, now = _clock(quiet.start), _clock(quiet.end), local.time()
    if start <= end:
        return _at(local, end) if start <= now < end else None
    if now >= start:
        return _at(local, end, days=1)
    return _at(local, end) if now < end else None


def _at(local: datetime, clock: time, days: int = 0) -> datetime:
    """In the hour that autumn repeats: of the two, the one that it is now."""
    return datetime.combine(local.date() + timedelta(days=days), clock.replace(fold=local.fold), local.tzinfo)


def after(moment: int, wait: Waiting, zone: str, holidays: Holidays = frozenset()) -> int:
    """The moment (ms) at which a wait from this one ends: its length, then the next such time of day, now included."""
    ends = moment + wait.length
    if wait.business_days:
        ends = add_business_days(ends, wait.business_days, zone, holidays)
    if wait.clock is None:
        return ends
    local = datetime.fromtimestamp(ends / 1000, _place(zone))
    days = 0 if wait.weekday is None else (wait.weekday - local.weekday()) % 7
    found = _at(local, wait.clock, days)
    if found < local:
        found = _at(local, wait.clock, days + (1 if wait.weekday is None else 7))
    return round(found.timestamp() * 1000)


def add_business_days(moment: int, days: int, zone: str, holidays: Holidays = frozenset()) -> int:
    """The same time of day this many Mondays-to-Fridays later that are no holidays, in ms."""
    local = datetime.fromtimestamp(moment / 1000, _place(zone))
    left = days
    for _ in range(2 * days + _MOST_HOLIDAYS):
        if not left:
            break
        local += timedelta(days=1)
        left -= local.weekday() < 5 and not is_holiday(local, holidays)
    return round(local.timestamp() * 1000)


def end_of(day: str, zone: str) -> int:
    """The last moment (ms) of a day there."""
    local = datetime.combine(date.fromisoformat(day), time.min, _place(zone))
    return round(_at(local, time.min, days=1).timestamp() * 1000) - 1
