"""A small worker for the tests of the lane: counts records by key, commands every third, reminds when told to."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import faust
import msgspec
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from streams.engine.app import Kind, LaneApp, lane_app
from streams.engine.clock import Clock, SteppedClock, WallClock
from streams.engine.lane import Lane
from streams.engine.observe import Observer, Silence
from streams.engine.record import Batch, Out, Record, Row
from streams.engine.settings import EngineSettings

PARTITIONS = 2
ENV = ("BOOTSTRAP", "RUN", "DATA")


class Tally(msgspec.Struct):
    """The row of a key."""

    count: int = 0
    reminded: int = 0


decode = msgspec.json.Decoder(Tally).decode


class Counting:
    """Each record counts; every third of a key makes a command; ``remind:<ms>`` asks for a tick at that time."""

    def __init__(self, run: str, pause_s: float = 0) -> None:
        self.commands, self.pause_s = f"commands-{run}", pause_s

    async def begin(self, lane: Lane) -> None:
        """Nothing is kept in memory."""

    async def fold(self, lane: Lane, records: Sequence[Record]) -> None:
        """One transaction for all of them."""
        tallies = {key: decode(row) for key, row in lane.rows.load({r.key or b"" for r in records}).items()}
        dues: dict[bytes, int] = {}
        outs = []
        for record in records:
            key = record.key or b""
            tally = tallies.setdefault(key, Tally())
            tally.count += 1
            if record.value == b"bug":
                raise ZeroDivisionError("a bug in the work")
            if (record.value or b"").startswith(b"remind:"):
                dues[key] = int((record.value or b"")[7:])
            if tally.count % 3 == 0:
                outs.append(Out(self.commands, key, b"%s:%d" % (key, tally.count)))
        await asyncio.sleep(self.pause_s)
        rows = {key: Row(msgspec.json.encode(tally), dues.get(key, 0)) for key, tally in tallies.items()}
        await lane.commit(Batch(rows, outs, {"in": len(records)}, records[-1].offset + 1))

    async def tick(self, lane: Lane, due: Sequence[tuple[bytes, int]]) -> None:
        """A reminder goes out; the row keeps its due, so only the engine's memory prevents another."""
        outs = [Out(self.commands, key, b"tick:%s:%d" % (key, at), (("at", b"1"),)) for key, at in due]
        await lane.commit(Batch(outs=outs, counts={"ticks": len(due)}))


def topics(run: str) -> tuple[str, str, str, str]:
    """Two sources, their changelogs have the same names with ``rows-`` before."""
    return f"facts-{run}", f"others-{run}", f"rows-facts-{run}", f"rows-others-{run}"


def an_app(
    bootstrap: str,
    run: str,
    data: Path,
    clock: Clock,
    *,
    pause_s: float = 0,
    most: int = 4000,
    observe: Observer | None = None,
    **more: Any,
) -> LaneApp:
    """The app under test, with two kinds of lanes."""
    facts, others, rows_of_facts, rows_of_others = topics(run)
    told = {"partitions": PARTITIONS, "session_timeout_s": 2.0, "heartbeat_s": 0.5} | more
    settings = EngineSettings(bootstrap=bootstrap, data_dir=data, **told)
    kinds = [
        Kind(facts, rows_of_facts, lambda: Counting(run, pause_s), most),
        Kind(others, rows_of_others, lambda: Counting(run, pause_s), most),
    ]
    return lane_app(f"app-{run}", kinds, settings, clock, observe or Silence())


def stepped(bootstrap: str, run: str, data: Path) -> SteppedClock:
    """A clock of this run alone."""
    return SteppedClock(EngineSettings(bootstrap=bootstrap, data_dir=data), f"clock-{run}")


def create(bootstrap: str, run: str) -> None:
    """All topics of a run."""
    facts, others, *changelogs = topics(run)
    new = [NewTopic(name, PARTITIONS, 1) for name in (facts, others, f"commands-{run}")]
    new += [NewTopic(name, PARTITIONS, 1, config={"cleanup.policy": "compact"}) for name in changelogs]
    new += [NewTopic(f"clock-{run}", 1, 1)]
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for created in admin.create_topics(new).values():
        created.result()


def produce(bootstrap: str, topic: str, items: Sequence[tuple[bytes, bytes]], *, transaction: str = "") -> None:
    """Keys and values, by Kafka's own partitioner; in transactions of 50 when one is named (markers leave gaps)."""
    settings = {"bootstrap.servers": bootstrap, "partitioner": "murmur2_random"}
    producer = Producer(settings | ({"transactional.id": transaction} if transaction else {}))
    if transaction:
        producer.init_transactions()
    for start in range(0, len(items), 50):
        if transaction:
            producer.begin_transaction()
        for key, value in items[start : start + 50]:
            producer.produce(topic, value, key)
        producer.commit_transaction() if transaction else producer.flush()


def read(bootstrap: str, topic: str, partitions: int = PARTITIONS) -> list[tuple[bytes, bytes | None]]:
    """Everything that is committed in a topic now, in order of each partition."""
    settings = {"bootstrap.servers": bootstrap, "group.id": "judge", "enable.auto.commit": False}
    consumer = Consumer(settings | {"isolation.level": "read_committed", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(partitions)])
    found, ended = [], set()
    while len(ended) < partitions:
        for message in consumer.consume(1000, 0.2):
            if message.error():
                ended.add(message.partition())
            else:
                found.append((message.key(), message.value()))
    consumer.close()
    return found


def ends(bootstrap: str, names: Sequence[str]) -> dict[tuple[str, int], int]:
    """The next offset that is readable (committed) of every partition."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "judge", "isolation.level": "read_committed"})
    places = [(name, partition) for name in names for partition in range(PARTITIONS)]
    found = {place: consumer.get_watermark_offsets(TopicPartition(*place), timeout=10)[1] for place in places}
    consumer.close()
    return found


def forget(bootstrap: str, topic: str, partition: int, before: int) -> None:
    """Delete the records before an offset, as retention does."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for deleted in admin.delete_records([TopicPartition(topic, partition, before)]).values():
        deleted.result()


def recreate(bootstrap: str, topic: str, partitions: int = PARTITIONS) -> None:
    """Delete a topic if it is there and make it anew, as an operator must not; without partitions it stays deleted."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    with contextlib.suppress(KafkaException):
        admin.delete_topics([topic])[topic].result()
    for _ in range(100 if partitions else 0):
        try:
            admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result()
        except KafkaException:  # the deletion is still under way
            time.sleep(0.1)
        else:
            return


@contextlib.asynccontextmanager
async def running(app: LaneApp) -> AsyncIterator[LaneApp]:
    """The app in this process, until the block is left."""
    await app.start()
    try:
        yield app
    finally:
        await app.stop()


def main() -> None:
    """Run as a worker of its own, told by the environment."""
    bootstrap, run, data = (os.environ[name] for name in ENV)
    pause_s, most = float(os.environ.get("PAUSE", "0")), int(os.environ.get("MOST", "4000"))
    more = msgspec.json.decode(os.environ.get("SETTINGS", "{}"))
    app = an_app(bootstrap, run, Path(data), WallClock(), pause_s=pause_s, most=most, **more)
    sys.exit(faust.Worker(app, loglevel="WARN", redirect_stdouts=False).execute_from_commandline())


if __name__ == "__main__":
    main()
