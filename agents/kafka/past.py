"""What happened to a few leads before an offset, out of their partition of ``nurture.facts``. It folds nothing."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import Final

from agents.kafka.clients import Client, read_before
from agents.policies import NOBODY, Policies
from schemas import topics
from schemas.codec import decode_fact
from schemas.facts import Fact, PolicyApplied
from schemas.problem import Rejected
from streams.journey.replay import under
from streams.journey.retract import Told

Pasts = dict[str, list[Told]]
_NOBODY: Final = NOBODY.encode()


class FactsBefore:
    """Reads the whole partition once, for as many leads as are asked for together."""

    def __init__(self, options: Client, policies: Policies) -> None:
        self._options = options
        self._policies = policies

    async def __call__(self, partition: int, offset: int, leads: AbstractSet[bytes]) -> Pasts:
        """Every fact of these leads up to the offset, each with the policy that was in force."""
        facts: list[Fact] = []
        async for record in read_before(self._options, topics.FACTS, partition, offset):
            fact = decode_fact(record.value) if record.key in leads or record.key == _NOBODY else None
            if fact is not None and not isinstance(fact, Rejected) and record.key == fact.lead_id.encode():
                facts.append(fact)
        pasts: Pasts = {lead.decode(): [] for lead in leads}
        for told in under(_told(facts), None, await self._policies.find()):
            pasts[told[0].lead_id].append(told)
        return pasts


def _told(facts: Sequence[Fact]) -> Iterator[Fact]:
    """Without the policies under which none of these leads learned anything: nobody needs to read them."""
    for fact, after in pairwise([*facts, None]):
        if fact and not (isinstance(fact, PolicyApplied) and isinstance(after, PolicyApplied | None)):
            yield fact
