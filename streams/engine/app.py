"""A Faust app that runs lanes. Faust gives the group, the worker and ordinary agents; it gets no tables and no web."""

from collections.abc import Sequence
from typing import Any

import faust
from mode import CrashingSupervisor

from streams.engine.clock import Clock
from streams.engine.lane import Kind as Kind  # noqa: PLC0414  (part of this module's interface)
from streams.engine.lanes import Lanes
from streams.engine.observe import Observer
from streams.engine.problem import Refused
from streams.engine.reader import MOST_RECORDS, LaneTransport
from streams.engine.settings import EngineSettings


class LaneApp(faust.App):  # type: ignore[misc]  # Faust is untyped to us
    """``lanes`` are the lanes of this worker; ``engine`` are its settings."""

    lanes: Lanes
    engine: EngineSettings

    def agent(self, *args: Any, concurrency: int = 1, **more: Any) -> Any:
        """An ordinary agent; what it raises stops the worker. Raises Refused for a concurrency that would reorder."""
        if concurrency != 1:
            raise Refused(
                f"found an agent with concurrency={concurrency}, expected 1: several would reorder a key's records;"
                f" start more workers instead, partitions are shared among them"
            )
        return super().agent(*args, concurrency=concurrency, **more)

    def stream(self, *args: Any, **more: Any) -> Any:
        """Agents acknowledge (``await stream.ack(event)``) what is done: Faust itself would what has failed, too."""
        return super().stream(*args, enable_acks=False, **more)

    async def on_stop(self) -> None:
        """Lanes go first: they still need the loop, and let their partitions go in order."""
        await self.lanes.close()
        await super().on_stop()

    def _create_directories(self) -> None:
        """Faust keeps nothing on disk here; the rows of each lane make their own folder."""

    def _new_transport(self) -> LaneTransport:
        return LaneTransport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> LaneTransport:
        return LaneTransport(self.conf.broker_producer, self)


def lane_app(name: str, kinds: Sequence[Kind], settings: EngineSettings, clock: Clock, observe: Observer) -> LaneApp:
    """An app, and consumer group, of that name. Every topic must exist: nothing is created here."""
    app = LaneApp(name, **_configuration(settings))
    app.engine = settings

    async def ours() -> bool:
        return bool(await app.consumer.still_a_member())

    app.lanes = Lanes(
        app=name, kinds=kinds, settings=settings, clock=clock, observe=observe, ours=ours, crash=app.crash
    )

    async def assigned(_: Any, assigned: set[Any], **__: Any) -> None:
        await app.lanes.assign(assigned)

    async def revoked(_: Any, revoked: set[Any], **__: Any) -> None:
        await app.lanes.revoke(revoked)

    app.on_partitions_assigned.connect(assigned, weak=False)
    app.on_partitions_revoked.connect(revoked, weak=False)
    return app


def _configuration(settings: EngineSettings) -> dict[str, Any]:
    return {
        "broker": [f"kafka://{server.strip()}" for server in settings.bootstrap.split(",")],
        "topic_partitions": settings.partitions,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "table_standby_replicas": 0,
        "key_serializer": "raw",
        "value_serializer": "raw",
        "web_enabled": False,
        "web_tables_enabled": False,
        "web_router_enabled": False,
        "stream_wait_empty": False,
        "agent_supervisor": CrashingSupervisor,
        "stream_buffer_maxsize": MOST_RECORDS,
        "broker_max_poll_records": MOST_RECORDS,
        "broker_session_timeout": settings.session_timeout_s,
        "broker_heartbeat_interval": settings.heartbeat_s,
        "broker_rebalance_timeout": settings.rebalance_timeout_s,
        "producer_request_timeout": 30.0,
        "worker_redirect_stdouts": False,
    }
