"""Local time as people live it: zones, quiet hours, business days. It is told the moment and never asks for it."""

from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from schemas.lead import Lead
from schemas.policy import Brand, QuietHours
from schemas.units import WEEK

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MOST_JUMPS: Final = 16  # a week of quiet days and nights is 14 jumps


class Zone(NamedTuple):
    """A time zone and how we know it: ``lead``, ``country`` or ``brand``."""

    name: str
    source: str


_clock: Final = lru_cache(maxsize=64)(time.fromisoformat)


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
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


def next_open(moment: int, zone: str, quiet: QuietHours) -> int:
    """The first moment from this one on (ms) that is neither in quiet hours nor on a quiet day there.

    A week later when there is none: hours that never open must not stop the world.
    """
    place, at = ZoneInfo(zone), moment
    for _ in range(_MOST_JUMPS):
        local = datetime.fromtimestamp(at / 1000, place)
        until = _quiet_until(local, quiet)
        if until is None:
            return at
        at = max(round(until.timestamp() * 1000), at + 1)
    return moment + WEEK


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
    return datetime.combine(local.date() + timedelta(days=days), clock, local.tzinfo)


def add_business_days(moment: int, days: int, zone: str) -> int:
    """The same time of day this many Mondays-to-Fridays later, in ms."""
    local = datetime.fromtimestamp(moment / 1000, ZoneInfo(zone))
    left = days
    while left:
        local += timedelta(days=1)
        left -= local.weekday() < 5
    return round(local.timestamp() * 1000)
