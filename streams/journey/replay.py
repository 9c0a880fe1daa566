"""A history folded again: the same facts and the same policy give the same rows, byte by byte. It reads no file."""

import gc
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping

from schemas.codec import encode_lead
from schemas.commands import Command
from schemas.facts import EngagementRetracted, Fact, PolicyApplied
from schemas.lead import Lead
from schemas.problem import UserError
from streams.journey.compiled import Compiled
from streams.journey.decide import decide
from streams.journey.retract import Past, Told, recalled


class UnknownError(UserError):
    """A policy or a lead that this history does not hold."""


Rows = dict[str, Lead]
Find = Callable[[str], Compiled]
History = Callable[[], Iterable[Fact]]
"""The same facts in the same order, from the first one on at every call."""


def replay(history: History, policy: Compiled | None, find: Find) -> tuple[Rows, int]:
    """Every lead's row after these facts, and how many decisions were made on the way.

    With ``policy``, it alone decides; without, each ``PolicyApplied`` is found by its hash, as in the live pipeline.
    Rows hold no cycles, so the collector, which would look at all of them again and again, rests meanwhile.
    """
    rows: Rows = {}
    decisions, collects = 0, gc.isenabled()
    gc.disable()
    try:
        for _, commands, lead, _ in told(history, rows, policy, find):
            rows[lead.id] = lead
            decisions += len(commands)
    finally:
        if collects:
            gc.enable()
    return rows, decisions


def told(
    history: History, rows: Mapping[str, Lead], policy: Compiled | None, find: Find
) -> Iterator[tuple[Fact, tuple[Command, ...], Lead, Compiled]]:
    """Each fact with what followed from it, the row after it, and the policy in force. The caller keeps ``rows``.

    Raises UnknownError for facts that come before any policy.
    """
    past = past_in(history, policy, find)
    for fact, force in under(history(), policy, find):
        before = rows.get(fact.lead_id) or Lead(id=fact.lead_id)
        if isinstance(fact, EngagementRetracted):
            before = recalled(before, fact, force, past)
        lead, commands = decide(before, fact, force)
        yield fact, commands, lead, force


def under(facts: Iterable[Fact], policy: Compiled | None, find: Find) -> Iterator[Told]:
    """Each fact about a lead, and the policy in force. Raises UnknownError for facts that come before any."""
    force = policy
    for fact in facts:
        if isinstance(fact, PolicyApplied):
            force = policy or find(fact.policy)
        elif force is None:
            raise UnknownError(f"found the fact {fact.id} before any policy, expected one: name it with --policy")
        else:
            yield fact, force


def past_in(history: History, policy: Compiled | None, find: Find) -> Past:
    """The past of leads of which something is retracted: read when first asked for, of all of them at once."""
    kept: dict[str, list[Told]] = {}

    def past(lead_id: str) -> Iterable[Told]:
        if not kept:
            kept.update((fact.lead_id, []) for fact in history() if isinstance(fact, EngagementRetracted))
            for told in under(history(), policy, find):
                if told[0].lead_id in kept:
                    kept[told[0].lead_id].append(told)
        return kept[lead_id]

    return past


def digest(rows: Mapping[str, Lead]) -> str:
    """One name for all rows, whatever their order: 32 hexadecimal digits over rows sorted by lead. No offsets in it."""
    total = hashlib.blake2b(digest_size=16)
    for _, lead in sorted(rows.items()):
        row = encode_lead(lead)
        total.update(len(row).to_bytes(8, "big") + row)
    return total.hexdigest()
