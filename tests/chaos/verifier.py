"""Were the promises kept? Each law looks at the evidence and says what breaks it, one sentence each.

It shares with the lanes the decoders of ``schemas`` and the pure core that is the product, and no more.
"""

import hashlib
import hmac
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from schemas import commands as c
from schemas import topics
from schemas.codec import (
    decode_fact,
    decode_lead,
    decode_ledger,
    decode_policy,
    decode_queue,
    decode_send,
    encode,
    encode_lead,
)
from schemas.facts import EngagementRetracted, PolicyApplied, SendSettled, Tick
from schemas.lead import Lead
from schemas.ledger import LedgerEntry
from schemas.policy import policy_hash
from schemas.problem import Rejected
from streams.journey.compiled import Compiled
from streams.journey.decide import decide
from streams.journey.retract import Told, recalled
from tests.chaos.evidence import AGENT, CHANGELOGS, Evidence, Seen

UNSETTLED: Final = {"claimed", "planned", "retry"}
NOT_SENT: Final = {"blocked", "rejected"}
_JOURNEYS: Final = {"send_content.v1", "cancel_content.v1"}
_TOLD: Final = {
    "blocked": "skipped",
    "confirmed": "accepted",
    "accepted": "accepted",
    "rejected": "rejected",
    "held": "held",
}
_TAKES_EFFECT_S: Final = 20.0  # a sender's view may be 10 s old, and a request takes 10 s at most
_MOST_TOLD: Final = 5


class Folded(NamedTuple):
    """What must be, by the facts of one partition."""

    leads: dict[bytes, Lead]
    commands: list[c.Command]
    counts: Counter[str]


class Verdict(NamedTuple):
    """What was looked at, and what was wrong."""

    wrong: list[str]
    seen: dict[str, int]


def judge(evidence: Evidence, id_key: bytes) -> Verdict:
    """Every law, over everything."""
    folded = {partition: fold(evidence, records) for partition, records in evidence.of(topics.FACTS).items()}
    wrong = [sentence for law in LAWS for number, sentence in enumerate(law(evidence, folded)) if number < _MOST_TOLD]
    wrong += list(_suppressed_stay_so(evidence, id_key))[:_MOST_TOLD]
    commands = [command for partition in folded.values() for command in partition.commands]
    seen = {
        "facts": len(evidence.all(topics.FACTS)),
        "decisions": len(commands),
        "accepted": len(evidence.taken),
        "held": sum(entry.state in ("held", "unknown") for entry in _entries(evidence).values()),
        "handoffs": sum(isinstance(command, c.HandOff) for command in commands),
        "dead letters": len(evidence.all(topics.DEAD_LETTERS)),
    }
    return Verdict(wrong, seen)


def fold(evidence: Evidence, records: list[Seen]) -> Folded:
    """The whole history of a partition from its first fact, in one go and in memory."""
    policies = {hash_: Compiled(policy) for hash_, policy in _policies(evidence)}
    leads: dict[bytes, Lead] = {}
    commands: list[c.Command] = []
    counts: Counter[str] = Counter()
    told: dict[str, list[Told]] = defaultdict(list)
    policy = None
    for record in records:
        fact = decode_fact(record.value)
        if isinstance(fact, Rejected) or (record.key != fact.lead_id.encode() and not isinstance(fact, PolicyApplied)):
            counts["dead_letters"] += 1
        elif isinstance(fact, PolicyApplied):
            policy = policies[fact.policy]
            counts["policies"] += 1
        else:
            assert policy is not None, "facts before any policy"
            told[fact.lead_id].append((fact, policy))
            before = leads.get(record.key) or Lead(id=fact.lead_id)
            if isinstance(fact, EngagementRetracted):
                before = recalled(before, fact, policy, told.__getitem__)
            after, said = decide(before, fact, policy)
            fresh = after is not before
            counts["ticks" if isinstance(fact, Tick) else "applied" if fresh else "duplicates"] += 1
            if fresh:
                leads[record.key] = after
                commands += said
    return Folded(leads, commands, counts)


Law = Callable[[Evidence, dict[int, Folded]], Iterator[str]]


def _every_input_is_one_fact_or_one_dead_letter(e: Evidence, _: dict[int, Folded]) -> Iterator[str]:
    inputs = {
        f"{topic}:{partition}:{record.offset}".encode(): record
        for topic in (topics.LEADS, topics.ENGAGEMENT, topics.SALES_FEEDBACK)
        for partition, records in e.of(topic).items()
        for record in records
    }
    dead = Counter(record.key for record in e.all(topics.DEAD_LETTERS))
    yield from (f"{key.decode()} is a dead letter {n} times" for key, n in dead.items() if n > 1)
    expected = Counter(_message_id(record) for place, record in inputs.items() if place not in dead)
    found = Counter(
        fact.id
        for fact in map(decode_fact, (record.value for record in e.all(topics.FACTS)))
        if not isinstance(fact, Rejected) and not fact.source.startswith("nurture/")
    )
    yield from (f"message {id_} came {n} times and never became a fact" for id_, n in (expected - found).items())
    yield from (f"fact {id_} is there {n} times too often" for id_, n in (found - expected).items())


def _facts_are_counted_once(e: Evidence, folded: dict[int, Folded]) -> Iterator[str]:
    for partition, its in folded.items():
        total = len(e.records[topics.FACTS, partition])
        if its.counts.total() != total:
            yield f"facts {partition}: {total} facts, but {its.counts} in all"
        if (topics.FACTS, partition) in e.committed:
            counted = _counts(e, topics.FACTS, partition)
            for name, number in its.counts.items():
                if counted.get(name, 0) != number:
                    yield f"facts {partition}: the lane counts {counted.get(name, 0)} {name}, the fold {number}"


def _rows_are_the_fold(e: Evidence, folded: dict[int, Folded]) -> Iterator[str]:
    for partition, its in folded.items():
        if (topics.FACTS, partition) not in e.committed:
            continue
        rows = {k: r for k, r in e.rows((topics.FACTS, partition)).items() if not k.startswith(b"\0")}
        expected = {key: encode_lead(lead) for key, lead in its.leads.items()}
        yield from (f"lead {key.decode()} has no row" for key in expected.keys() - rows.keys())
        yield from (f"row {key.decode()} has no lead" for key in rows.keys() - expected.keys())
        for key in expected.keys() & rows.keys():
            if rows[key].value != expected[key]:
                yield f"row {key.decode()} is {decode_lead(rows[key].value)}, the fold says {its.leads[key]}"
            if int.from_bytes(rows[key].headers.get("due", b""), "big") != its.leads[key].due:
                yield f"row {key.decode()} is due at another time than its lead"


def _stores_are_the_changelogs(e: Evidence, _: dict[int, Folded]) -> Iterator[str]:
    for lane, stored in e.stores.items():
        rows = {
            key: int.from_bytes(row.headers.get("due", b""), "big").to_bytes(8, "big") + (row.value or b"")
            for key, row in e.rows(lane).items()
        }
        if stored != rows:
            keys = sorted(key for key in stored.keys() | rows.keys() if stored.get(key) != rows.get(key))
            yield f"store of {lane}: {len(keys)} rows differ from the changelog, such as {keys[:3]}"


def _every_decision_is_said_once(e: Evidence, folded: dict[int, Folded]) -> Iterator[str]:
    for partition, its in folded.items():
        if (topics.FACTS, partition) not in e.committed:
            continue
        said = [record.headers["ce_id"].decode() for record in e.records[topics.DECISIONS, partition]]
        expected = [command.id for command in its.commands]
        if said != expected:
            yield from _compared(f"decisions {partition}", Counter(said), Counter(expected))
            if Counter(said) == Counter(expected):
                yield f"decisions {partition}: in another order than decided"


def _every_command_is_carried_once(e: Evidence, folded: dict[int, Folded]) -> Iterator[str]:
    for partition, its in folded.items():
        if (topics.FACTS, partition) not in e.committed:
            continue
        orders = [r.value for r in e.records[topics.SENDS, partition] if _kind(r) in _JOURNEYS]
        wanted = [encode(command) for command in its.commands if isinstance(command, c.SendContent | c.CancelContent)]
        if orders != wanted:
            yield from _compared(f"sends {partition}", Counter(orders), Counter(wanted))
        handed = [record.value for record in e.records[topics.HANDOFFS, partition]]
        wanted = [encode(command) for command in its.commands if isinstance(command, c.HandOff | c.SettleHandoff)]
        if handed != wanted:
            yield from _compared(f"handoffs {partition}", Counter(handed), Counter(wanted))


def _every_handoff_is_queued_and_told_once(e: Evidence, folded: dict[int, Folded]) -> Iterator[str]:
    lanes = [lane for lane in e.committed if lane[0] == topics.HANDOFFS]
    ids = [x.handoff_id for _, p in lanes for x in folded[p].commands if isinstance(x, c.HandOff)]
    yield from (f"handoff {id_} exists {n} times" for id_, n in Counter(ids).items() if n > 1)
    rows = [row for lane in lanes for key, row in e.rows(lane).items() if not key.startswith(b"\0")]
    yield from _compared("queue", Counter(decode_queue(row.value).handoff_id for row in rows), Counter(ids))
    orders = [decode_send(r.value) for r in e.all(topics.SENDS) if _kind(r) == "notify_owner.v1"]
    told = Counter(order.handoff_id for order in orders if isinstance(order, c.NotifyOwner))
    if lanes:
        yield from _compared("notices", told, Counter(ids))


def _every_order_has_one_visible_state(e: Evidence, _: dict[int, Folded]) -> Iterator[str]:
    entries = _entries(e)
    facts = [decode_fact(record.value) for record in e.all(topics.FACTS)]
    settled = Counter((fact.send_key, fact.outcome) for fact in facts if isinstance(fact, SendSettled))
    for order in _orders(e):
        entry = entries.pop(order.send_key, None)
        if entry is None:
            yield f"order {order.send_key} is nowhere in the ledger"
        elif entry.state in UNSETTLED:
            yield f"order {order.send_key} is still {entry.state}"
        elif entry.state in _TOLD and isinstance(order, c.SendContent):
            told = settled.pop((order.send_key, _TOLD[entry.state]), 0)
            yield from [f"order {order.send_key} is {entry.state}, and {told} facts say so"] * (told != 1)
    yield from (f"ledger has {key}, which nobody ordered" for key in entries)
    yield from (f"{key} was told {n} times to be {what}" for (key, what), n in settled.items() if _sends(e))


def _at_most_one_request_is_accepted(e: Evidence, _: dict[int, Folded]) -> Iterator[str]:
    accepted = Counter(taken.send_key for taken in e.taken)
    yield from (f"{key} was accepted {n} times" for key, n in accepted.items() if n > 1)
    for key, entry in _entries(e).items():
        if entry.state in ("accepted", "confirmed") and not accepted[key]:
            yield f"{key} is {entry.state}, but the provider never took it"
        if entry.state in NOT_SENT and accepted[key]:
            yield f"{key} is {entry.state}, but the provider took it"
    known = {order.send_key for order in _orders(e)}
    yield from (f"{key} was sent and never ordered" for key in accepted.keys() - known)


def _lag_is_zero(e: Evidence, _: dict[int, Folded]) -> Iterator[str]:
    for lane, committed in e.committed.items():
        last = max((record.offset for record in e.records[lane]), default=-1)
        position = int((e.rows(lane).get(b"\0position") or Seen(0, 0, b"", b"0", {})).value or 0)
        if last >= 0 and position <= last:
            yield f"{lane}: the lane has read to {position}, the last record is {last}"
        if last >= 0 and committed <= last:
            yield f"{lane}: the group has committed {committed}, the last record is {last}"


def _no_transaction_is_left_open(e: Evidence, _: dict[int, Folded]) -> Iterator[str]:
    for lane, (stable, written) in e.open_ends.items():
        if stable != written:
            yield f"{lane}: readable to {stable}, written to {written}: a transaction is open"


def _every_lane_counts_its_source(e: Evidence, _: dict[int, Folded]) -> Iterator[str]:
    for topic, partition in e.committed:
        counts, total = _counts(e, topic, partition), len(e.records[topic, partition])
        if AGENT[topic] == "intake" and counts.get("in", 0) != total:
            yield f"{topic} {partition}: {total} records, but the lane counts {counts}"
        if topic == topics.HANDOFFS and counts.get("handed_off", 0) + _sum(counts, "settled:") != total:
            yield f"{topic} {partition}: {total} records, but the lane counts {counts}"


LAWS: Final[tuple[Law, ...]] = (
    _every_input_is_one_fact_or_one_dead_letter,
    _facts_are_counted_once,
    _rows_are_the_fold,
    _stores_are_the_changelogs,
    _every_decision_is_said_once,
    _every_command_is_carried_once,
    _every_handoff_is_queued_and_told_once,
    _every_order_has_one_visible_state,
    _at_most_one_request_is_accepted,
    _lag_is_zero,
    _no_transaction_is_left_open,
    _every_lane_counts_its_source,
)


def _suppressed_stay_so(e: Evidence, id_key: bytes) -> Iterator[str]:
    since: dict[bytes, float] = {}
    for record in e.all(topics.SUPPRESSIONS):
        since.setdefault(record.key, record.at / 1000)
    for taken in e.taken:
        key = keyed(taken.to, id_key)
        if taken.at > since.get(key, float("inf")) + _TAKES_EFFECT_S:
            yield f"{taken.send_key} was accepted {taken.at - since[key]:.0f} s after its address was suppressed"


def keyed(address: str, id_key: bytes) -> bytes:
    """What the list of suppressions knows an address by."""
    return hmac.new(id_key, address.strip().casefold().encode(), hashlib.sha256).hexdigest().encode()


def _policies(e: Evidence) -> Iterator[tuple[str, object]]:
    for record in e.policies:
        if record.value is not None:
            policy = decode_policy(record.value)
            assert policy_hash(policy) == record.key.decode()
            yield record.key.decode(), policy


def _entries(e: Evidence) -> dict[str, LedgerEntry]:
    rows = [(key, row) for lane in e.committed if lane[0] == topics.SENDS for key, row in e.rows(lane).items()]
    return {key.decode(): decode_ledger(row.value) for key, row in rows if not key.startswith(b"\0")}


def _sends(e: Evidence) -> bool:
    return any(lane[0] == topics.SENDS for lane in e.committed)


def _orders(e: Evidence) -> list[c.SendOrder]:
    """What was ordered, once each; words about earlier sends (``ConfirmSend``, ...) travel the same topic."""
    if not _sends(e):
        return []
    dead = {record.key for record in e.all(topics.DEAD_LETTERS)}
    found = [
        decode_send(record.value)
        for partition, records in e.of(topics.SENDS).items()
        for record in records
        if f"{topics.SENDS}:{partition}:{record.offset}".encode() not in dead
    ]
    return list({order.send_key: order for order in found if isinstance(order, c.SendContent | c.NotifyOwner)}.values())


def _counts(e: Evidence, topic: str, partition: int) -> dict[str, int]:
    row = e.rows((topic, partition)).get(b"\0counts")
    return {} if row is None else json.loads(row.value or b"{}")


def _sum(counts: dict[str, int], prefix: str) -> int:
    return sum(number for name, number in counts.items() if name.startswith(prefix))


def _message_id(record: Seen) -> str:
    return str(json.loads(record.value or b"{}").get("messageId"))


def _kind(record: Seen) -> str:
    return record.headers.get("ce_type", b"").decode()


def _compared(what: str, found: Counter[object], expected: Counter[object]) -> Iterator[str]:
    yield from (f"{what}: {str(x)[:120]} is missing {n} times" for x, n in (expected - found).items())
    yield from (f"{what}: {str(x)[:120]} is there {n} times too often" for x, n in (found - expected).items())


assert set(AGENT) == set(CHANGELOGS)
