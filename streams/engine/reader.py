"""Faust's fetch, widened: whole batches of a partition go to its lane, and nobody is waited for. It folds nothing."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import IllegalStateError, KafkaError
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, ConsumerStoppedError, Transport
from faust.types import TP
from mode import Service

from streams.engine.careful import CarefulConsumer, CarefulProducer
from streams.engine.consumer import PacedConsumer
from streams.engine.inbox import Inbox
from streams.engine.problem import Refused
from streams.engine.settings import EngineSettings

MOST_RECORDS: Final = 4_000
_LONG_S: Final = 0.1
_SHORT_S: Final = 0.005
_WATCH_S: Final = 1.0
_LEAVE_S: Final = 5.0
_SURE: Final = 5  # looks in a row: a broker that has just started may not know every topic yet


class Fetched(NamedTuple):
    """Records by partition; for each lane's partition the next offset and the readable end; those that went astray."""

    records: Mapping[TP, list[Any]]
    ends: Mapping[TP, tuple[int, int]]
    astray: frozenset[TP] = frozenset()


class LaneThread(AIOKafkaConsumerThread):  # type: ignore[misc]  # Faust is untyped to us
    """The thread that talks to the brokers. Everything between two fetches happens in it, at one go."""

    def _create_worker_consumer(self, transport: Any) -> PacedConsumer:  # noqa: ARG002
        """As Faust's driver does, but read committed, with a short fetch wait and a sticky assignment of our own."""
        conf, settings = self.app.conf, self.app.engine
        self._assignor = type("Sticky", (StickyPartitionAssignor,), {})  # its state is the class's: one for each worker
        return PacedConsumer(
            **settings.client,
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=settings.instance_id,
            partition_assignment_strategy=[self._assignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            fetch_max_wait_ms=settings.fetch_wait_ms,
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            session_timeout_ms=int(settings.session_timeout_s * 1000),
            heartbeat_interval_ms=int(settings.heartbeat_s * 1000),
            rebalance_timeout_ms=int(settings.rebalance_timeout_s * 1000),
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
        )

    def close(self) -> None:
        """Faust calls this when a rebalance finds the worker on its way out: the thread leaves by itself, below.

        Stock Faust closes the client here, from the app's loop and under the thread's hands, which then wait for ever.
        """

    async def on_thread_stop(self) -> None:
        """Leave the group in order where that is possible: aiokafka waits for whatever it is in, and without a limit.

        Lanes have let go before, so nothing of ours hangs on it. Whom the group did not hear leave, it gives up at the
        end of the session.
        """
        leaving = asyncio.ensure_future(super().on_thread_stop())
        await asyncio.wait({leaving}, timeout=_LEAVE_S)
        if leaving.done():
            leaving.result()
        else:  # what still waits for an answer is cancelled as the thread ends
            await self._consumer._client.close()  # noqa: SLF001

    async def fetch(self, seeks: Mapping[TP, int], wanted: set[TP], lanes: Iterable[TP], timeout_s: float) -> Fetched:
        """Seek, fetch from the wanted partitions only, and say how far each lane's partition was read."""
        return await self.call_thread(self._fetch, seeks, wanted, lanes, timeout_s)  # type: ignore[no-any-return]

    async def must_be_accepted(self) -> None:
        """Raises Refused once the group will not have this worker; Faust never asks, and would wait for ever."""
        await self.call_thread(self._must_be_accepted)

    async def still_a_member(self) -> bool:
        """True while the group's coordinator accepts our heartbeat."""
        return bool(await self.call_thread(self._heartbeat))

    async def missing(self, topics: Iterable[str]) -> set[str]:
        """Those of the topics that we read and that the broker, asked just now, does not have."""
        return set(await self.call_thread(self._missing, topics))

    async def _fetch(self, seeks: Mapping[TP, int], wanted: set[TP], lanes: Iterable[TP], timeout_s: float) -> Fetched:
        consumer = self._ensure_consumer()
        fetcher, subscriptions = consumer._fetcher, consumer._subscription  # noqa: SLF001
        if consumer._closed or fetcher._closed:  # noqa: SLF001
            raise ConsumerStoppedError
        with subscriptions.fetch_context():  # tells aiokafka that we are alive, even when we want nothing
            try:
                for tp, offset in seeks.items():
                    consumer.seek(tp, offset)
                    consumer.astray.discard(tp)
            except IllegalStateError:  # revoked meanwhile
                wanted = set()
            if not wanted or not self.consumer.flow_active:
                await asyncio.sleep(timeout_s)
                return Fetched({}, {})
            records = await fetcher.fetched_records(wanted, timeout=timeout_s, max_records=MOST_RECORDS)
        astray = frozenset(consumer.astray)
        consumer.astray.clear()
        return Fetched(records, self._ends(consumer, lanes), astray)

    def _ends(self, consumer: Any, lanes: Iterable[TP]) -> dict[TP, tuple[int, int]]:
        assignment = consumer._subscription.subscription.assignment  # noqa: SLF001
        states = {tp: assignment.state_value(tp) for tp in lanes} if assignment else {}
        return {tp: (s.position, s.lso or 0) for tp, s in states.items() if s and s.has_valid_position}

    async def _must_be_accepted(self) -> None:
        consumer = self._consumer
        if consumer is None or consumer._closed or not consumer._coordinator:  # noqa: SLF001
            return
        try:
            consumer._coordinator.check_errors()  # noqa: SLF001
        except KafkaError as problem:
            raise Refused(
                f"the group {self.app.conf.id} does not take this worker ({type(problem).__name__}: {problem}): its"
                f" session (NURTURE_SESSION_TIMEOUT_S) must lie within the broker's group.min.session.timeout.ms and"
                f" group.max.session.timeout.ms, NURTURE_INSTANCE_ID must be no other worker's, and it needs the right"
                f" to read the group and its topics"
            ) from problem

    async def _missing(self, topics: Iterable[str]) -> set[str]:
        consumer = self._consumer
        if consumer is None or consumer._closed:  # noqa: SLF001
            return set()
        client, read = consumer._client, consumer.subscription() & set(topics)  # noqa: SLF001
        unknown = {topic for topic in read if client.cluster.partitions_for_topic(topic) is None}
        if not (unknown and await client.force_metadata_update()):
            return set()
        kept_from_us = client.cluster.unauthorized_topics
        return {topic for topic in unknown - kept_from_us if client.cluster.partitions_for_topic(topic) is None}

    async def _heartbeat(self) -> bool:
        coordinator = self._ensure_consumer()._coordinator  # noqa: SLF001
        try:
            return bool(await coordinator._do_heartbeat())  # noqa: SLF001
        except KafkaError:
            return False


class LaneConsumer(CarefulConsumer):
    """One loop fetches for all partitions. Those of lanes that recover or are full are left out, not waited for."""

    _handing: "asyncio.Task[None] | None" = None

    def _new_consumer_thread(self) -> LaneThread:
        return LaneThread(self, loop=self.loop, beacon=self.beacon)

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Subscribe to what ordinary agents asked for, and to the sources of the lanes."""
        await super().subscribe({*topics, *self.app.lanes.kinds})

    @Service.task  # type: ignore[untyped-decorator]
    async def _watch_the_group(self) -> None:
        """A source that is deleted takes its lanes along, and Kafka's clients go on without a word."""
        looks = Counter[str]()
        while not self.should_stop:
            await self._thread.must_be_accepted()
            looks = Counter({topic: looks[topic] + 1 for topic in await self._thread.missing(self.app.lanes.kinds)})
            if gone := sorted(topic for topic, times in looks.items() if times >= _SURE):
                raise Refused(
                    f"topic {', '.join(gone)} is gone from the broker: somebody deleted it while this worker read it."
                    f" What was not folded went with it; what was, is kept. Restore the topic with its records and"
                    f" start again (an empty one is refused, and told what else can be done)"
                )
            await self.sleep(_WATCH_S)

    async def still_a_member(self) -> bool:
        """True while the group counts this worker in."""
        return await self._thread.still_a_member()  # type: ignore[no-any-return]

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self.should_stop or fetcher.should_stop):
                if self.flow_active:
                    await self._round()
                else:
                    await self.wait(self.can_resume_flow, timeout=_LONG_S)
        except (*self.consumer_stopped_errors, asyncio.CancelledError):
            if not (self.should_stop or fetcher.should_stop or self.app.should_stop):
                raise
        finally:
            if self._handing:
                self._handing.cancel()

    async def _round(self) -> None:
        """A batch belongs to the life that it was fetched for: the inbox of a former life gets nothing."""
        self._must_be_delivered()
        generation, inboxes = self.app.consumer_generation_id, self.app.lanes.inboxes()
        open_inboxes = {tp: inbox for tp, inbox in inboxes.items() if inbox is not None}
        seeks = {tp: inbox.position for tp, inbox in open_inboxes.items() if not inbox.sought}
        wanted = self._wanted(inboxes)
        hurry = bool(seeks) or len(open_inboxes) < len(inboxes) or len(wanted) < len(self._active_partitions)
        fetched = await self._thread.fetch(seeks, wanted, open_inboxes, _SHORT_S if hurry else _LONG_S)
        if not self.flow_active or generation != self.app.consumer_generation_id:
            for inbox in open_inboxes.values():
                inbox.sought = False
            return
        self._sort(fetched, open_inboxes)
        self._hand_over({tp: batch for tp, batch in fetched.records.items() if tp not in inboxes}, generation)

    def _sort(self, fetched: Fetched, inboxes: Mapping[TP, Inbox]) -> None:
        now = self.app.lanes.inboxes()
        for tp in fetched.astray & inboxes.keys():
            inboxes[tp].go_astray()
        for tp, (position, end) in fetched.ends.items():
            if now.get(tp) is (inbox := inboxes[tp]) and not inbox.astray:
                inbox.sought = True
                inbox.receive(fetched.records.get(tp, ()), position, end)

    def _wanted(self, inboxes: Mapping[TP, Inbox | None]) -> set[TP]:
        handing = self._handing is not None and not self._handing.done()
        return {tp for tp in self._get_active_partitions() if self._takes(tp, inboxes, handing=handing)}

    def _takes(self, tp: TP, inboxes: Mapping[TP, Inbox | None], *, handing: bool) -> bool:
        if tp.topic not in self.app.lanes.kinds:
            return not handing
        inbox = inboxes.get(tp)
        return inbox is not None and not inbox.full

    def _hand_over(self, batches: Mapping[TP, list[Any]], generation: int) -> None:
        """Ordinary agents may take their time: their messages wait in a task of their own, as does their fetch."""
        if batches:
            self._handing = asyncio.create_task(self._deliver(batches, generation))

    def _must_be_delivered(self) -> None:
        """What an agent's stream did not take stops the worker, as it would in Faust: nobody would bring it again."""
        if self._handing and self._handing.done() and not self._handing.cancelled():
            self._handing.result()

    async def _deliver(self, batches: Mapping[TP, list[Any]], generation: int) -> None:
        for tp, batch in batches.items():
            for record in batch:
                if generation != self.app.consumer_generation_id:
                    return
                await self.callback(self._to_message(tp, record))


class LaneProducer(CarefulProducer):
    """Faust's producer, with our way to prove who we are."""

    def _settings_auth(self) -> dict[str, Any]:
        settings: EngineSettings = self.app.engine
        return settings.security


class LaneTransport(Transport):  # type: ignore[misc]  # Faust is untyped to us
    """What a lane app uses in place of Faust's own driver."""

    Consumer = LaneConsumer
    Producer = LaneProducer
