"""The topics of a broker as an administrator sees them, changes them, and hurts them as nobody must."""

from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from schemas import topics
from schemas.codec import decode_ledger
from schemas.ledger import LedgerEntry
from tests.chaos.crew import PARTITIONS
from tests.chaos.evidence import Lane, Reader, Seen
from tests.chaos.worker import until


class Admin:
    """Asks with librdkafka, which keeps the leader epochs of a broker that restarted: then a new client asks again."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.gone: dict[Lane, list[Seen]] = {}
        self._client = self._made()

    def records(self, topic: str) -> dict[Lane, list[Seen]]:
        """Everything that is in a topic, by partition."""
        read = Reader(self.bootstrap)
        try:
            return read.whole([topic])
        finally:
            read.close()

    def ledger(self) -> dict[str, LedgerEntry]:
        """The newest entry of each send key."""
        newest = {r.key: r.value for records in self.records(topics.EMAIL_LEDGER).values() for r in records}
        return {key.decode(): decode_ledger(value) for key, value in newest.items() if not key.startswith(b"\0")}

    def ends(self, names: Sequence[str]) -> dict[Lane, int]:
        """The next offset of each partition of these topics, whatever is committed of what lies before it."""
        return until(lambda: self._ends(names), f"the broker tells the ends of {names}")

    def configure(self, topic: str, name: str, value: str) -> None:
        """Change one setting of a topic at the broker."""
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
        _done(self._client.incremental_alter_configs([resource]))

    def lose(self, topic: str) -> None:
        """Delete a topic."""
        _done(self._client.delete_topics([topic]))
        until(lambda: topic not in self._client.list_topics(timeout=10).topics, f"{topic} is gone")

    def make_anew(self, topic: str, records: Mapping[Lane, Sequence[Seen]] | None = None) -> None:
        """Create a topic that was lost, empty or with what a backup holds."""
        _done(self._client.create_topics([NewTopic(topic, PARTITIONS, 1, config=topics.registry()[topic].config())]))
        producer = Producer({"bootstrap.servers": self.bootstrap, "log_level": 0})
        for (_, partition), its in (records or {}).items():
            for each in its:
                producer.produce(topic, each.value, each.key, partition, headers=dict(each.headers))
        assert not producer.flush(60)

    def cut(self, topic: str, before: Mapping[int, int]) -> None:
        """Delete the records of each partition before an offset, as retention does where it is allowed to."""
        [policy] = _done(self._client.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]))
        self.configure(topic, "cleanup.policy", "delete")
        until(lambda: self._is_cut(topic, before), f"{topic} is cut")
        self.configure(topic, "cleanup.policy", policy["cleanup.policy"].value)

    def _is_cut(self, topic: str, before: Mapping[int, int]) -> bool:
        """A broker takes a setting before its logs go by it: until then it refuses."""
        try:
            _done(self._client.delete_records([TopicPartition(topic, *each) for each in before.items()]))
        except KafkaException as refused:
            if refused.args[0].code() != KafkaError.POLICY_VIOLATION:
                raise
            return False
        return True

    def forget(self, topic: str) -> int:
        """Delete everything from an input; ``gone`` then has what its group had read. Returns how many nobody had."""
        read = Reader(self.bootstrap)
        try:
            found = read.whole([topic])
            upto = read.committed(found)
        finally:
            read.close()
        for lane, records in found.items():
            self.gone.setdefault(lane, []).extend(record for record in records if record.offset < upto[lane])
        self.cut(topic, {partition: records[-1].offset + 1 for (_, partition), records in found.items() if records})
        return sum(record.offset >= upto[lane] for lane, records in found.items() for record in records)

    def set_back(self, group: str, topic: str) -> None:
        """A group that has no members begins at the beginning."""
        back = [TopicPartition(topic, p, 0) for p in range(PARTITIONS)]
        _done(self._client.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, back)]))

    def forget_group(self, group: str) -> None:
        """A group that has no members, and all of its offsets, are as if they had expired."""
        _done(self._client.delete_consumer_groups([group]))

    def _made(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

    def _ends(self, names: Sequence[str]) -> dict[Lane, int]:
        asked = {TopicPartition(name, p): OffsetSpec.latest() for name in names for p in range(PARTITIONS)}
        answers = self._client.list_offsets(asked, isolation_level=IsolationLevel.READ_UNCOMMITTED)
        try:
            return {(tp.topic, tp.partition): answer.result(30).offset for tp, answer in answers.items()}
        except KafkaException:
            self._client = self._made()
            return {}


def _done(answers: Mapping[object, Any]) -> list[Any]:
    """Wait until the broker has done what it was asked; its answers. Raises KafkaException."""
    return [answer.result(30) for answer in answers.values()]
