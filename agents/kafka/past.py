"""What happened to a few leads before an offset, out of their partition of ``nurture.facts``. It folds nothing."""

from collections.abc import Set as AbstractSet
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
        applied = {f.policy: await self._policies.get(f.policy) for f in facts if isinstance(f, PolicyApplied)}
        pasts: Pasts = {lead.decode(): [] for lead in leads}
        for told in under(facts, None, applied.__getitem__):
            pasts[told[0].lead_id].append(told)
        return pasts
