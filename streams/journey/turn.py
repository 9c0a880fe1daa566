"""One call of ``decide``: the fact, the policy, and the commands said so far, each with its derived id."""

import hashlib
from typing import Any

from schemas.commands import Command, Decided, Skip
from schemas.facts import Fact, Happened
from schemas.lead import Lead
from schemas.reason import Reason
from streams.journey.compiled import Compiled


class Turn:
    """What every verb of a decision shares. ``seen`` is the only now; ``heard`` is what may be answered to in it.

    Verbs tell those after them what they need not look for: ``late``, the lead's due time has come, so that time alone
    may change something; ``fed``, the rules whose counts grew; ``moved``, a stage or a veto of some model is another.
    """

    __slots__ = ("commands", "fact", "fed", "heard", "late", "moved", "policy", "seen")

    def __init__(self, fact: Fact, lead: Lead, policy: Compiled) -> None:
        self.fact = fact
        self.heard: tuple[Happened, ...] = (fact,)
        self.seen = lead.seen if lead.seen > fact.seen else fact.seen  # noqa: FURB136 - hot
        self.policy = policy
        self.commands: list[Command] = []
        self.late = 0 < lead.due <= self.seen
        self.fed: dict[str, None] = {}
        self.moved = False

    def say(self, command: type[Decided], **parts: Any) -> None:
        """Adds a command. Its id is the fact's and a number, so a replay says the same."""
        self.commands.append(
            command(  # type: ignore[arg-type]
                id=f"{self.fact.id}:{len(self.commands)}",
                lead_id=self.fact.lead_id,
                because=self.fact.id,
                seen=self.seen,
                policy=self.policy.hash,
                **parts,
            )
        )

    def skip(self, reason: Reason, **parts: Any) -> None:
        """Says why nothing is sent."""
        self.say(Skip, reason=reason, **parts)


def send_key(lead_id: str, program: str, step: str, email: str, ordinal: int) -> str:
    """One name for one send, whatever happens around it: 24 hexadecimal digits, no policy and no clock in it."""
    text = "\0".join((lead_id, program, step, email, str(ordinal)))
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
