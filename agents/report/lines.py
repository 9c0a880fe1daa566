"""Mails in numbers: by program, step, e-mail and variant, and added up. It compares nothing."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from agents.report.mails import Mail
from schemas.policy import Policy, programs_of

Place = tuple[str, str, str, str]


class Line(Struct, frozen=True, kw_only=True):
    """How many mails were ordered, left, arrived, and had each consequence at least once. An empty place is any."""

    program: str = ""
    step: str = ""
    email: str = ""
    variant: str = ""
    ordered: int = 0
    sent: int = 0
    delivered: int = 0
    clicked: int = 0
    replied: int = 0
    unsubscribed: int = 0
    complained: int = 0
    moved: int = 0
    handed_off: int = 0


COUNTS: Final = Line.__struct_fields__[Line.__struct_fields__.index("sent") :]
"""What is counted of mails, in the order in which it happens."""


def line_of(mails: Iterable[Mail], place: Place = ("", "", "", "")) -> Line:
    """Mails as one line."""
    found = list(mails)
    program, step, email, variant = place
    return Line(
        program=program,
        step=step,
        email=email,
        variant=variant,
        ordered=len(found),
        sent=sum(mail.sent for mail in found),
        delivered=sum(mail.delivered for mail in found),
        clicked=sum(bool(mail.clicks) for mail in found),
        replied=sum(mail.replied for mail in found),
        unsubscribed=sum(mail.unsubscribed for mail in found),
        complained=sum(mail.complained for mail in found),
        moved=sum(mail.moved for mail in found),
        handed_off=sum(mail.handed_off for mail in found),
    )


def lines_of(mails: Iterable[Mail], policy: Policy) -> Iterator[Line]:
    """A line for every place that mails came from, in the order of the journey and of the steps."""
    found: dict[Place, list[Mail]] = defaultdict(list)
    for mail in mails:
        found[mail.program, mail.step, mail.email, mail.variant].append(mail)
    steps = [(name, step.id) for name, program in programs_of(policy).items() for step in program.steps]
    order = {place: number for number, place in enumerate(steps)}
    for place in sorted(found, key=lambda place: (order.get(place[:2], len(order)), place)):
        yield line_of(found[place], place)
