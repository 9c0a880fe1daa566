"""The journey lane: carries facts to ``decide`` and its commands away. No decision is made here."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from agents.carried import SOURCE, confirmation, outs_of, sighting, tally, tick_out
from agents.deadletter import counted, dead_letter, our_error
from agents.fuse import Fuse
from agents.kept import kept
from agents.policies import Policies
from schemas.codec import decode_fact, decode_lead, encode_lead
from schemas.commands import Command
from schemas.facts import EngagementRetracted, Fact, PolicyApplied, Tick, tag_of
from schemas.lead import Lead
from schemas.problem import Refusal, Rejected, UserError
from streams.engine.lane import Lane
from streams.engine.problem import Oversize
from streams.engine.record import Batch, Record, Row
from streams.journey.compiled import Compiled
from streams.journey.decide import decide
from streams.journey.retract import Told, needs_past, recalled

_POLICY: Final = b"\0policy"
_RETRACTED: Final = tag_of(EngagementRetracted).encode()
_Kept = dict[str, list[Told]]
Observe = Callable[[Sequence[Command], int], None]
InForce = Callable[[str, int, str], None]
"""Topic, partition, and the policy that decides there from now on."""
FactsBefore = Callable[[int, int, AbstractSet[bytes]], Awaitable[_Kept]]
"""Every fact of some leads in a partition before an offset."""


class NoPolicyError(UserError):
    """Facts came before any policy."""


class JourneyWork:
    """Folds facts into rows of leads; switches the policy at the offset where it was applied."""

    def __init__(
        self,
        policies: Policies,
        id_key: bytes,
        observe: Observe,
        facts_before: FactsBefore,
        *,
        in_force: InForce = lambda *_: None,
        fuse: bool = True,
    ) -> None:
        self._policies = policies
        self._id_key = id_key
        self._observe = observe
        self._facts_before = facts_before
        self._tell = in_force
        self._policy: Compiled | None = None
        self._fuse, self._failing = Fuse() if fuse else None, False

    async def begin(self, lane: Lane) -> None:
        """Takes up the policy that was in force when the last life ended."""
        name = lane.rows.get(_POLICY)
        self._policy = await self._policies.get(name.decode()) if name else None
        if self._policy:
            self._tell(lane.topic, lane.partition, self._policy.hash)

    async def fold(self, lane: Lane, records: Sequence[Record]) -> None:
        """Rows, commands, dead letters and position: all or nothing. A fact that no row can hold is put aside.

        So is one about which ``decide`` raises. Raises FuseBlown when that happens to most, and then nothing is taken.
        """
        try:
            await self._fold(lane, records)
        except Oversize as oversize:
            await self.begin(lane)  # nothing was committed, and no policy taken up
            await self._set_aside(lane, records, oversize)

    async def _set_aside(self, lane: Lane, records: Sequence[Record], oversize: Oversize) -> None:
        """Halve until the one is found: the others are folded as if it had not been there."""
        if len(records) > 1:
            middle = len(records) // 2
            await self.fold(lane, records[:middle])
            await self.fold(lane, records[middle:])
            return
        rejected = Rejected(Refusal.OVERSIZE, str(oversize))
        letter, counts = dead_letter(records[0], rejected, SOURCE), Counter(counted(rejected))
        await lane.commit(Batch(outs=[letter], counts=dict(counts), upto=records[0].offset + 1))

    async def _fold(self, lane: Lane, records: Sequence[Record]) -> None:
        found = lane.rows.load({record.key for record in records if record.key})
        made = _Made(kept(lane, found.items(), decode_lead), Batch(upto=records[-1].offset + 1), lane.partition)
        past = _Past(self._facts_before, lane.partition, records)
        for record in records:
            fact = read_fact(record)
            if isinstance(fact, Rejected):
                made.put_aside(record, fact)
            elif isinstance(fact, PolicyApplied):
                self._policy = await self._policies.get(fact.policy)
                made.batch.rows[_POLICY] = Row(fact.policy.encode())
                made.counts["policies"] += 1
            else:
                policy, key = self._in_force(lane), record.key or b""
                before, told = made.leads.get(key) or Lead(id=fact.lead_id), None
                if isinstance(fact, EngagementRetracted) and needs_past(before, fact, policy):
                    told = await past.told()
                if rejected := made.take(key, before, fact, policy, told):
                    made.put_aside(record, rejected)
                    self._failing = True  # the fuse counts from here on: those before cost nothing
                if self._failing and self._fuse:
                    self._fuse.note(rejected, f"{lane.topic}-{lane.partition}")
        made.batch.rows |= {key: Row(encode_lead(lead), lead.due) for key, lead in made.changed.items()}
        made.batch.outs += [out for command in made.decided for out in outs_of(command, lane.partition, self._id_key)]
        made.batch.counts = dict(made.counts + tally(made.decided))
        await lane.commit(made.batch)
        self._observe(made.decided, lane.clock.now())
        if self._policy and _POLICY in made.batch.rows:
            self._tell(lane.topic, lane.partition, self._policy.hash)

    async def tick(self, lane: Lane, due: Sequence[tuple[bytes, int]]) -> None:
        """Time becomes a fact: what is due is appended to the lane's own partition."""
        now = lane.clock.now()
        await lane.commit(Batch(outs=[tick_out(key.decode(), at, now, lane.partition) for key, at in due]))

    def _in_force(self, lane: Lane) -> Compiled:
        if self._policy is None:
            raise NoPolicyError(
                f"found facts in {lane.topic}[{lane.partition}] and no policy before them, expected one: "
                f'run "nurture apply" before the first intake'
            )
        return self._policy


@dataclass
class _Made:
    """What a fold has made so far; ``changed`` are those of the ``leads`` that it must write."""

    leads: dict[bytes, Lead]
    batch: Batch
    partition: int
    changed: dict[bytes, Lead] = field(default_factory=dict)
    decided: list[Command] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def take(self, key: bytes, before: Lead, fact: Fact, policy: Compiled, told: _Kept | None) -> Rejected | None:
        """Decide about one fact. Where that raises, the error is ours: the fact is put aside, and no lead waits."""
        try:
            if told is not None and isinstance(fact, EngagementRetracted):
                before = recalled(before, fact, policy, told.__getitem__)
            after, commands = decide(before, fact, policy)
            outs = [] if after is before else confirmation(fact, self.partition) + sighting(fact, after, policy)
        except Exception as bug:  # noqa: BLE001  (what it is, is the question)
            return our_error(bug)
        self.counts[_counted(fact, fresh=after is not before)] += 1
        if told is not None:
            self.counts["refolds"] += 1
        if after is not before:
            self.leads[key] = self.changed[key] = after
            self.decided += commands
            self.batch.outs += outs
        return None

    def put_aside(self, record: Record, rejected: Rejected) -> None:
        """It becomes a dead letter, and is counted."""
        self.batch.outs.append(dead_letter(record, rejected, SOURCE))
        self.counts.update(counted(rejected))


class _Past:
    """The facts of the leads of which a batch takes something back, read when the first of them is needed."""

    def __init__(self, facts_before: FactsBefore, partition: int, records: Sequence[Record]) -> None:
        self._facts_before = facts_before
        self._partition = partition
        self._records = records
        self._kept: _Kept | None = None

    async def told(self) -> _Kept:
        """What their facts have told, by lead."""
        if self._kept is None:
            retracted = {record.key for record in self._records if record.key and _RETRACTED in (record.value or b"")}
            self._kept = await self._facts_before(self._partition, self._records[-1].offset + 1, retracted)
        return self._kept


def read_fact(record: Record) -> Fact | Rejected:
    """The fact in a record of ``nurture.facts``, or why it is none."""
    fact = decode_fact(record.value)
    if isinstance(fact, Rejected) or record.key == fact.lead_id.encode():
        return fact
    return Rejected(Refusal.WRONG_KEY, "found a key that is not the fact's lead_id, expected them to be the same")


def _counted(fact: Fact, *, fresh: bool) -> str:
    if isinstance(fact, Tick):
        return "ticks"
    return "applied" if fresh else "duplicates"
