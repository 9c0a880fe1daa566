"""A history folded again: the same facts and the same policy give the same rows, byte by byte. It reads no file."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping

from schemas.codec import encode_lead
from schemas.commands import Command
from schemas.facts import Fact, PolicyApplied
from schemas.lead import Lead
from schemas.problem import UserError
from streams.journey.compiled import Compiled
from streams.journey.decide import decide


class UnknownError(UserError):
    """A policy or a lead that this history does not hold."""


Rows = dict[str, Lead]
Find = Callable[[str], Compiled]


def replay(facts: Iterable[Fact], policy: Compiled | None, find: Find) -> tuple[Rows, int]:
    """Every lead's row after these facts, and how many decisions were made on the way.

    With ``policy``, it alone decides; without, each ``PolicyApplied`` is found by its hash, as in the live pipeline.
    """
    rows: Rows = {}
    decisions = 0
    for _, commands, lead, _ in told(facts, rows, policy, find):
        rows[lead.id] = lead
        decisions += len(commands)
    return rows, decisions


def told(
    facts: Iterable[Fact], rows: Mapping[str, Lead], policy: Compiled | None, find: Find
) -> Iterator[tuple[Fact, tuple[Command, ...], Lead, Compiled]]:
    """Each fact with what followed from it, the row after it, and the policy in force. The caller keeps ``rows``.

    Raises UnknownError for facts that come before any policy.
    """
    force = policy
    for fact in facts:
        if isinstance(fact, PolicyApplied):
            force = policy or find(fact.policy)
            continue
        if force is None:
            raise UnknownError(f"found the fact {fact.id} before any policy, expected one: name it with --policy")
        lead, commands = decide(rows.get(fact.lead_id) or Lead(id=fact.lead_id), fact, force)
        yield fact, commands, lead, force


def digest(rows: Mapping[str, Lead]) -> str:
    """One name for all rows, whatever their order: 32 hexadecimal digits over rows sorted by lead. No offsets in it."""
    total = hashlib.blake2b(digest_size=16)
    for _, lead in sorted(rows.items()):
        row = encode_lead(lead)
        total.update(len(row).to_bytes(8, "big") + row)
    return total.hexdigest()
