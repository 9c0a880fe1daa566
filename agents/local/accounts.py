"""Does everything that came in come out? Counts of all lanes, added up and compared. It repairs nothing."""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct

from agents.local.fleet import totals
from agents.volume import Volume
from schemas.words import counted

Lanes = Mapping[str, list[dict[str, Any]]]


class Accounts(Struct, frozen=True, kw_only=True):
    """Where every fact went, so far or in the end. Ticks and policies are apart: nobody sent them in.

    ``handoffs_now`` are the handoffs by where they stand, those that wait for an answer as ``open``.
    """

    facts_in: int
    facts_applied: int
    duplicates: int
    dead_letters: int
    leads: int
    decisions: int
    sends_accepted: int
    sends_settled: int
    sends_skipped: dict[str, int]
    handoffs: int
    seconds: float
    published: int
    volume: Volume
    handoffs_now: dict[str, int]
    revived: tuple[str, ...]

    def mistakes(self) -> list[str]:
        """What does not add up, one sentence each; empty when all is well."""
        out = self.facts_applied + self.dead_letters + self.duplicates
        found = []
        read = self.facts_in - self.sends_settled
        if read < self.published:
            found.append(f"{counted(self.published, 'record')} published, but intake took {read:,}")
        if self.facts_in != out:
            found.append(
                f"{counted(self.facts_in, 'fact')} in, but {self.facts_applied:,} applied"
                f" + {self.dead_letters:,} dead letters + {self.duplicates:,} duplicates = {out:,}"
            )
        return found


def settle(
    lanes: Lanes,
    *,
    published: int,
    leads: int,
    seconds: float,
    states: Collection[str] = (),
    revived: Collection[str] = (),
) -> Accounts:
    """Adds up. ``published`` is what the driver itself put into the input topics, so intake is checked too.

    ``states`` are those of the queue's items. Handoffs that the queue does not tell of yet are open.
    """
    by_agent = {name: totals(found) for name, found in lanes.items()}
    intake, journey, sender, sales = (by_agent[name] for name in ("intake", "journey", "sender", "sales"))
    skipped = _named(journey, "skips:")
    for reason, count in _named(sender, "sends_skipped:").items():
        skipped[reason] = skipped.get(reason, 0) + count
    handoffs, answered = sales.get("handed_off", 0), dict(Counter(s for s in states if s != "open").most_common())
    waiting = handoffs - sum(answered.values())
    return Accounts(
        facts_in=intake.get("in", 0) + _settled(sender) + journey.get("retracted", 0),
        facts_applied=journey.get("applied", 0),
        duplicates=journey.get("duplicates", 0),
        dead_letters=intake.get("dead_letters", 0) + journey.get("dead_letters", 0),
        leads=leads,
        decisions=journey.get("decisions", 0),
        sends_settled=_settled(sender),
        sends_accepted=sender.get("sends_accepted", 0),
        sends_skipped=dict(sorted(skipped.items())),
        handoffs=handoffs,
        seconds=round(seconds, 1),
        published=published,
        volume=_volume(journey),
        handoffs_now={state: count for state, count in (answered | {"open": waiting}).items() if count},
        revived=tuple(revived),
    )


def _volume(journey: Mapping[str, int]) -> Volume:
    """What the topic of facts holds by now."""
    names = ("applied", "duplicates", "dead_letters", "ticks", "policies")
    applied, duplicates, unreadable, ticks, policies = (journey.get(name, 0) for name in names)
    return Volume(facts=applied + duplicates + unreadable, ticks=ticks, policies=policies, repeats=duplicates)


def _settled(sender: Mapping[str, int]) -> int:
    """Facts that the sender wrote: one for each send that it settled."""
    return sum(n for name, n in sender.items() if name.startswith("sends_") and name != "sends_duplicate")


def _named(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): count for name, count in sorted(counts.items()) if name.startswith(prefix)}
