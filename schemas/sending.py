"""``sending.yaml``: how much, when and to whom we write at all. It holds nobody back (``streams.journey.gate``)."""

from typing import Annotated, Final, Literal

from msgspec import Meta, field

from schemas.authored import Authored, Cap, Holdout, Name, Owned
from schemas.lead import MOST_CLICKS
from schemas.units import Duration, TimeOfDay, Weekday


class QuietHours(Authored, frozen=True, kw_only=True):
    """When we do not write, in the lead's time zone."""

    start: TimeOfDay = field(name="from")
    end: TimeOfDay = field(name="to")
    days: tuple[Weekday, ...] = ()


Holiday = Annotated[
    str,
    Meta(
        pattern=r"^(\d{4}-)?\d{2}-\d{2}$",
        description='A day, as "2027-03-26", or one of every year, as "12-25".',
    ),
]
EVERYWHERE: Final = "all"


class Bots(Authored, frozen=True, kw_only=True):
    """Which clicks are a machine's. Every click waits for ``wait`` before it counts, so that others may betray it.

    Void are: ``links`` different links of one e-mail ``within`` so much time, a click within it of the delivery, and
    what was clicked in an e-mail a ``wait`` around its ``honeypot``: a link that no person sees. So are the clicks from
    one network address for leads of so many different ``companies`` within the time of a ``crowd``.
    """

    wait: Duration = "1 minute"
    within: Duration = "5 seconds"
    links: Annotated[int, Meta(ge=2, le=MOST_CLICKS)] = 3
    honeypot: str = ""
    companies: Annotated[int, Meta(ge=2, le=16)] = 4
    crowd: Duration = "10 minutes"


class Sunset(Authored, frozen=True, kw_only=True):
    """When to leave the silent alone: ``after`` so long without interest (opens are none), nothing more is sent.

    ``program`` is their last chance, if there is one, and for nobody else. Interest brings them back.
    """

    after: Duration
    program: str = ""


class MailClass(Authored, frozen=True, kw_only=True):
    """What holds for the e-mails of some programs, beside the caps of all.

    ``when_full`` is what becomes of an e-mail that finds no room under the caps, or whose room a more valuable one
    takes: it is tried ``later``, or its step is passed over (``drop``).
    """

    caps: tuple[Cap, ...] = ()
    when_full: Literal["later", "drop"] = "later"


class Sending(Owned, frozen=True, kw_only=True):
    """The gate's settings: caps and quiet hours for every lead, and how long a pause lasts.

    ``caps`` hold for all programs together, those of ``classes`` for the programs of a class.
    ``holidays`` are by country (two letters), or for ``all``; nothing is sent then, and they are no business days.
    ``holdout`` percent of all leads are in no program, to show what programs change; what they ask for they get.
    """

    caps: Annotated[tuple[Cap, ...], Meta(min_length=1)]
    classes: dict[Name, MailClass] = field(default_factory=dict)
    quiet_hours: QuietHours
    holidays: dict[str, tuple[Holiday, ...]] = field(default_factory=dict)
    sunset: Sunset | None = None
    pause_after_contact: Duration = "14 days"
    pause_while_opportunity: Duration = "90 days"
    requested_within: Duration = "1 day"
    holdout: Holdout = 0
    bots: Bots = Bots()
