"""A history lived again under one policy, its ticks made here: what would have followed. It reads no file.

Leads never meet in ``decide``, so each lead's own order is all that matters, and a tick can wait until its lead's turn.
"""

from collections.abc import Iterator, MutableMapping
from typing import NamedTuple

from schemas.commands import Command
from schemas.facts import EngagementRetracted, Fact, PolicyApplied, Tick
from schemas.lead import Lead
from streams.journey.compiled import Compiled
from streams.journey.decide import decide
from streams.journey.replay import History, past_in
from streams.journey.retract import recalled


class Lived(NamedTuple):
    """One fact (of the history, or a tick made here), what followed from it, and the row before and after it."""

    fact: Fact
    commands: tuple[Command, ...]
    before: Lead
    after: Lead


def simulate(
    history: History, policy: Compiled, rows: MutableMapping[str, Lead], until: int | None = None
) -> Iterator[Lived]:
    """Every fact and every tick that comes due between facts, in each lead's order; ``rows`` is kept up to date.

    Facts come in order of ``seen``, per lead at least. Recorded ticks and policies are left out: they belong to
    what did happen. With ``until`` (ms), time then runs on to it for every lead.
    """
    past = past_in(history, policy, lambda _: policy)
    for fact in history():
        if isinstance(fact, Tick | PolicyApplied):
            continue
        lead = rows.get(fact.lead_id) or Lead(id=fact.lead_id)
        if 0 < lead.due <= fact.seen:
            for lived in ticks(lead, policy, fact.seen):
                yield lived
                lead = lived.after
        known = recalled(lead, fact, policy, past) if isinstance(fact, EngagementRetracted) else lead
        after, commands = decide(known, fact, policy)
        rows[fact.lead_id] = after
        yield Lived(fact, commands, lead, after)
    if until is not None:
        for lead_id in list(rows):  # by id: all rows at once, unpacked, would be gigabytes
            for lived in ticks(rows[lead_id], policy, until):
                rows[lead_id] = lived.after
                yield lived


def ticks(lead: Lead, policy: Compiled, until: int) -> Iterator[Lived]:
    """The lead's ticks up to a moment, each when it is due, as the live pipeline would have appended them."""
    while 0 < lead.due <= until:
        due = lead.due
        tick = Tick(id=f"{lead.id}:tick:{due}", lead_id=lead.id, at=due, seen=due, due=due)
        after, commands = decide(lead, tick, policy)
        yield Lived(tick, commands, lead, after)
        lead = after
