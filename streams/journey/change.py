"""What a change of policy does to leads in flight: each lives on under the old and under the new. It reads no file."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec.structs import replace

from schemas.commands import Command, EnterProgram, LeaveProgram, SendContent
from schemas.lead import Lead
from schemas.model import MAIN
from schemas.units import DAY
from streams.journey.compiled import Compiled
from streams.journey.shift import shift
from streams.journey.simulate import ticks


class Sent(NamedTuple):
    """An e-mail that a lead would get again, though it has had it and did not ask."""

    lead: str
    email: str


class Ahead(NamedTuple):
    """A lead's days ahead: the programs that it is in after the first look, and all that is decided."""

    programs: frozenset[str]
    after: Lead
    commands: tuple[Command, ...]


class Change(NamedTuple):
    """Leads by what happens to them; programs and stages as (before, after) with how many."""

    leads: int
    in_flight: int
    moved: dict[str, tuple[str, str]]
    stranded: dict[str, str]
    newly: dict[str, str]
    resent: tuple[Sent, ...]
    more: Counter[str]
    fewer: Counter[str]
    rescored: int
    points: int
    stages: Counter[tuple[str, str]]


def change(rows: Iterable[Lead], old: Compiled, new: Compiled, now: int, days: int) -> Change:
    """Every lead looked at ``now`` (ms) and lived on for ``days``, under both policies, nothing happening but time.

    Moved is in another program at once; stranded was in one, and under the new policy is in none where the old one kept
    it; newly eligible the other way round. ``more`` and ``fewer`` are e-mails.
    """
    leads = tuple(rows)
    moved: dict[str, tuple[str, str]] = {}
    stranded: dict[str, str] = {}
    newly: dict[str, str] = {}
    resent: list[Sent] = []
    emails: Counter[str] = Counter()
    rescored = points = 0
    for lead in leads:
        before, after = ahead(lead, old, now, days), ahead(lead, new, now, days)
        left, entered = (_named(one) for one in (before.programs - after.programs, after.programs - before.programs))
        if left and entered:
            moved[lead.id] = left, entered
        elif left:
            stranded[lead.id] = left
        elif entered:
            newly[lead.id] = entered
        resent += [Sent(lead.id, email) for email in _again(lead, after.commands, old, new)]
        emails.update(_sent(after.commands))
        emails.subtract(_sent(before.commands))
        shifted = _points(after.after) - _points(before.after)
        rescored, points = rescored + bool(shifted), points + shifted
    return Change(
        leads=len(leads),
        in_flight=sum(bool(lead.enrolments) for lead in leads),
        moved=moved,
        stranded=stranded,
        newly=newly,
        resent=tuple(resent),
        more=+emails,
        fewer=-emails,
        rescored=rescored,
        points=points,
        stages=shift(leads, new, {old.hash: old}).moves,
    )


def ahead(lead: Lead, policy: Compiled, now: int, days: int) -> Ahead:
    """The lead looked at now, and whenever it is due within the days."""
    at = max(now, lead.seen + 1)
    looked = list(ticks(replace(lead, due=at), policy, at + days * DAY))
    commands = tuple(command for lived in looked for command in lived.commands)
    return Ahead(_programs(lead, looked[0].commands), looked[0].after, commands)


def _programs(lead: Lead, commands: tuple[Command, ...]) -> frozenset[str]:
    """Where the first look leaves it; a program whose last e-mail went out then was not taken away."""
    programs, over = frozenset(enrolment.program for enrolment in lead.enrolments), frozenset[str]()
    for command in commands:
        if isinstance(command, EnterProgram):
            programs = (programs - over) | {command.program}
        elif isinstance(command, LeaveProgram) and command.why == "exhausted":
            over |= {command.program}
        elif isinstance(command, LeaveProgram):
            programs -= {command.program}
    return programs


def _named(programs: frozenset[str]) -> str:
    return ", ".join(sorted(programs))


def _again(lead: Lead, commands: tuple[Command, ...], old: Compiled, new: Compiled) -> Iterator[str]:
    """What the lead has had already, under this name or another: an e-mail that is renamed is the same content."""
    had = {_content(email, old) for email in lead.received}
    for email in _sent(commands):
        if email in lead.received or _content(email, new) in had:
            yield email


def _content(email: str, policy: Compiled) -> str:
    known = policy.policy.emails.get(email)
    return known.source_hash if known else email


def _sent(commands: tuple[Command, ...]) -> list[str]:
    return [command.email for command in commands if isinstance(command, SendContent) and command.kind == "nurture"]


def _points(lead: Lead) -> int:
    standing = lead.standings.get(MAIN)
    return standing.fit + standing.engagement if standing else 0
