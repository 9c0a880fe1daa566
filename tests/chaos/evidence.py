"""What is on the record after a scenario: topics as an independent client reads them, stores as RocksDB has them.

It shares no code with the lanes, and judges nothing (that is ``verifier``).
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import rocksdict
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from schemas import topics

CHANGELOGS: Final = {
    topics.LEADS: topics.INTAKE_LEADS,
    topics.ENGAGEMENT: topics.INTAKE_ENGAGEMENT,
    topics.SALES_FEEDBACK: topics.INTAKE_SALES,
    topics.FACTS: topics.LEAD_ROWS,
    topics.CLICKS: topics.CLIENTS,
    topics.SENDS: topics.EMAIL_LEDGER,
    topics.HANDOFFS: topics.SALES_QUEUE,
}
AGENT: Final = {
    topics.LEADS: "intake",
    topics.ENGAGEMENT: "intake",
    topics.SALES_FEEDBACK: "intake",
    topics.FACTS: "journey",
    topics.CLICKS: "journey",
    topics.SENDS: "sender",
    topics.HANDOFFS: "sales",
}
_ALL: Final = (*CHANGELOGS, *CHANGELOGS.values(), topics.DECISIONS, topics.DEAD_LETTERS, topics.SUPPRESSIONS)
_PATIENCE_S: Final = 60
_ANSWER_S: Final = 30
Lane = tuple[str, int]


class Seen(NamedTuple):
    """One committed record."""

    offset: int
    at: int
    key: bytes
    value: bytes | None
    headers: Mapping[str, bytes]


class Taken(NamedTuple):
    """One request that the provider accepted: when (seconds), for which send key, to whom."""

    at: float
    send_key: str
    to: str


@dataclass
class Evidence:
    """Records by topic and partition; the newest of each key in changelogs and stores; what the provider took."""

    records: dict[Lane, list[Seen]]
    policies: list[Seen]
    open_ends: dict[Lane, tuple[int, int]]
    committed: dict[Lane, int]
    stores: dict[Lane, dict[bytes, bytes]] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)

    def of(self, topic: str) -> dict[int, list[Seen]]:
        """All partitions of a topic."""
        return {partition: seen for (name, partition), seen in self.records.items() if name == topic}

    def all(self, topic: str) -> list[Seen]:
        """Every record of a topic, partition by partition."""
        return [record for _, records in sorted(self.of(topic).items()) for record in records]

    def rows(self, lane: Lane) -> dict[bytes, Seen]:
        """The newest record of each key in a lane's changelog; tombstones are no rows."""
        newest = {record.key: record for record in self.records[CHANGELOGS[lane[0]], lane[1]]}
        return {key: record for key, record in newest.items() if record.value is not None}


def gather(bootstrap: str, lanes: Mapping[Lane, Path | None], taken: Iterable[Taken] = ()) -> Evidence:
    """Everything there is. ``lanes`` names the lanes that run, and where their stores are."""
    read = Reader(bootstrap)
    try:
        records, ends = read.whole(_ALL), read.ends(_ALL)
        evidence = Evidence(records, read.whole([topics.POLICIES])[topics.POLICIES, 0], ends, read.committed(lanes))
    finally:
        read.close()
    evidence.stores = {lane: store(folder) for lane, folder in lanes.items() if folder is not None}
    evidence.taken = list(taken)
    return evidence


class Reader:
    """librdkafka, read committed, in no group."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._consumer = self._made("committed")

    def close(self) -> None:
        """Let go."""
        self._consumer.close()

    def whole(self, names: Sequence[str]) -> dict[Lane, list[Seen]]:
        """Every committed record of these topics, to the last one that is stable now."""
        parts = self._partitions(names)
        found: dict[Lane, list[Seen]] = {(p.topic, p.partition): [] for p in parts}
        open_parts = set(found)
        self._consumer.assign([TopicPartition(p.topic, p.partition, OFFSET_BEGINNING) for p in parts])
        deadline = time.monotonic() + _PATIENCE_S
        while open_parts:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the ends of {sorted(open_parts)} did not come within {_PATIENCE_S} s")
            for message in self._consumer.consume(1_000, timeout=0.03):  # it waits for all of them, or for the time
                lane = (message.topic(), message.partition())
                if message.error() is None:
                    found[lane].append(_seen(message))
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    open_parts.discard(lane)
                elif message.error().code() != KafkaError.FENCED_LEADER_EPOCH:  # the broker restarted: it asks again
                    raise KafkaException(message.error())
        self._consumer.unassign()
        return found

    def ends(self, names: Sequence[str]) -> dict[Lane, tuple[int, int]]:
        """Of each partition: the end of what is stable, and the end of what is written."""
        written = self._made("uncommitted")
        try:
            return {
                (p.topic, p.partition): (
                    self._consumer.get_watermark_offsets(p, timeout=_ANSWER_S)[1],
                    written.get_watermark_offsets(p, timeout=_ANSWER_S)[1],
                )
                for p in self._partitions(names)
            }
        finally:
            written.close()

    def committed(self, lanes: Iterable[Lane]) -> dict[Lane, int]:
        """What the groups say, by lane."""
        by_group: dict[str, list[Lane]] = defaultdict(list)
        for lane in lanes:
            by_group[f"nurture-{AGENT[lane[0]]}"].append(lane)
        found = {}
        for group, its in by_group.items():
            asked = self._made("committed", group)
            for answer in asked.committed([TopicPartition(*lane) for lane in its], timeout=_ANSWER_S):
                found[answer.topic, answer.partition] = answer.offset
            asked.close()
        return found

    def _made(self, isolation: str, group: str = "verifier") -> Consumer:
        return Consumer(
            {
                "bootstrap.servers": self._bootstrap,
                "group.id": group,
                "isolation.level": f"read_{isolation}",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 20,
                "log_level": 0,
            }
        )

    def _partitions(self, names: Sequence[str]) -> list[TopicPartition]:
        known = self._consumer.list_topics(timeout=_ANSWER_S).topics
        return [TopicPartition(name, p) for name in names if name in known for p in known[name].partitions]


def store(folder: Path) -> dict[bytes, bytes]:
    """Rows as they lie on disk beside a lane that may run: due (8 bytes) and row, by key; the index is left out."""
    db = _opened(folder)
    try:
        return {key: value for key, value in db.items() if not key.startswith((b"\0due\0", b"\0checkpoint"))}
    finally:
        db.close()


def _opened(folder: Path) -> rocksdict.Rdict:
    """A running store drops files that it has rewritten: who lists them just before looks again."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            options, access = rocksdict.Options(raw_mode=True), rocksdict.AccessType.read_only()
            return rocksdict.Rdict(str(folder), options, access_type=access)
        except Exception as problem:  # rocksdict raises nothing more exact
            if "No such file" not in str(problem) or time.monotonic() > deadline:
                raise


def _seen(message: object) -> Seen:
    headers = dict(message.headers() or ())
    return Seen(message.offset(), message.timestamp()[1], message.key() or b"", message.value(), headers)
