"""What a row keeps of what was done, and windows over it: how often, how lately. It knows no points and no stages."""

from msgspec import Struct

from schemas.units import DAY

Days = dict[int, int]
"""How often on which UTC day, the newest first."""


class Past(Struct, frozen=True):
    """What was done, by rule, and the day that it is judged on. A struct, since one is made for most facts."""

    counts: dict[str, Days]
    today: int


class Window(Struct, frozen=True):
    """``times`` counts of a rule within so many UTC days, the day that is judged among them."""

    rule: str
    times: int
    days: int

    def holds(self, past: Past) -> bool:
        """Whether it is so on the day that is judged."""
        return self.lapses(past) > 0

    def lapses(self, past: Past) -> int:
        """When it will be untrue by time alone (ms); 0 when it is not true. Time alone never makes it true."""
        days = past.counts.get(self.rule)
        if not days:
            return 0
        missing, since = self.times, past.today - self.days
        for day, times in days.items():
            if day <= since:
                return 0
            missing -= times
            if missing <= 0:
                return (day + self.days) * DAY
        return 0
