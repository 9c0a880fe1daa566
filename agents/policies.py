"""Policies in force: kept by hash in a compacted topic, applied as a fact in every partition. It judges no content."""

from contextlib import suppress
from typing import Final

import msgspec

from agents.kafka.clients import Client, producer, read_newest, read_whole
from schemas import topics
from schemas.codec import decode_policy, encode
from schemas.envelope import headers
from schemas.facts import PolicyApplied, tag_of
from schemas.policy import Policy, policy_hash
from schemas.problem import UserError
from streams.engine.clock import wall_ms
from streams.journey.compiled import Compiled
from streams.journey.replay import Find

NOBODY: Final = "-"
_SOURCE: Final = "nurture/apply"


class UnknownPolicyError(UserError):
    """A policy was applied that the topic of policies does not hold, or not as this release reads it."""


class Policies:
    """Policies by hash, each read when it is asked for: an old one that nobody needs stops nobody."""

    def __init__(self, options: Client) -> None:
        self._options = options
        self._written: dict[str, bytes] = {}
        self._compiled: dict[str, Compiled] = {}

    async def get(self, name: str) -> Compiled:
        """The policy with this hash; asks Kafka for one that it has not met. Raises UnknownPolicyError."""
        if name not in self._written:
            await self._read()
        return self._found(name)

    async def any(self) -> bool:
        """Whether a policy was ever applied."""
        return bool(await read_newest(self._options, topics.POLICIES))

    async def find(self) -> Find:
        """What gives every policy that was ever applied, by hash. It raises UnknownPolicyError."""
        await self._read()
        return self._found

    async def readable(self) -> dict[str, Compiled]:
        """Every policy that was ever applied and that this release can read, by hash."""
        await self._read()
        for name in self._written:
            with suppress(UnknownPolicyError):
                self._found(name)
        return {name: self._compiled[name] for name in self._written if name in self._compiled}

    async def _read(self) -> None:
        kept = await read_newest(self._options, topics.POLICIES)
        self._written = {key.decode(): value for key, value in kept.items()}

    def _found(self, name: str) -> Compiled:
        if name not in self._compiled:
            self._compiled[name] = self._compile(name)
        return self._compiled[name]

    def _compile(self, name: str) -> Compiled:
        if name not in self._written:
            raise UnknownPolicyError(
                f'found no policy "{name}" in {topics.POLICIES}, though it was applied: put the topic back, or run '
                f'"nurture apply" with the templates of that time'
            )
        try:
            return Compiled(decode_policy(self._written[name]))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnknownPolicyError(
                f'found the policy "{name}" in {topics.POLICIES}, which this release cannot read ({error}), expected'
                f" one of its own: it was in force when what is folded here happened, so run the release that wrote it"
            ) from error


async def applied(options: Client) -> list[tuple[int, str]]:
    """When (ms) each policy was last applied, and its hash, in that order: the last one decides."""
    last: dict[str, int] = {}
    async for record in read_whole(options, topics.POLICIES):
        if record.key is not None and record.value is not None:
            last.pop(record.key.decode(), None)
            last[record.key.decode()] = record.timestamp
    return [(at, name) for name, at in last.items()]


async def apply(options: Client, policy: Policy, partitions: int, now: int | None = None) -> str:
    """Keeps the policy, then says in every partition of the facts that it decides from here on. Returns its hash."""
    name, at = policy_hash(policy), now if now is not None else wall_ms()
    async with producer(options) as out:
        kept = headers("policy.v1", name, _SOURCE, at)
        await out.send_and_wait(topics.POLICIES, encode(policy), key=name.encode(), headers=kept)
        for partition in range(partitions):
            fact = PolicyApplied(id=f"{name}:{at}", lead_id=NOBODY, at=at, seen=at, source=_SOURCE, policy=name)
            event = headers(tag_of(PolicyApplied), fact.id, _SOURCE, at)
            await out.send_and_wait(topics.FACTS, encode(fact), key=NOBODY.encode(), partition=partition, headers=event)
    return name
