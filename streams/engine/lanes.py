"""The lanes of one worker: they come and go with partitions, and hear the clock. It neither fetches nor folds."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

from aiokafka import TopicPartition

from streams.engine.clock import Clock, SteppedClock
from streams.engine.inbox import Inbox
from streams.engine.lane import Kind, Lane, Shared, place_of
from streams.engine.observe import Observer
from streams.engine.rows import block_cache
from streams.engine.settings import EngineSettings
from streams.engine.standby import Standbys, chosen
from streams.engine.status import LaneStatus

_LOOK_S: Final = 0.02


class Lanes:
    """Keyed by topic and partition; ``ours`` and ``crash`` are the worker's."""

    def __init__(
        self,
        *,
        app: str,
        kinds: Sequence[Kind],
        settings: EngineSettings,
        clock: Clock,
        observe: Observer,
        ours: Callable[[], Awaitable[bool]],
        crash: Callable[[BaseException], Awaitable[None]],
    ) -> None:
        self.kinds = {kind.source: kind for kind in kinds}
        self._shared = Shared(app, settings, clock, observe, block_cache(), ours, crash)
        self._standbys = Standbys(settings, self._shared.cache, observe)
        self._lanes: dict[TopicPartition, Lane] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.assigned = False

    async def assign(self, partitions: Iterable[tuple[str, int]]) -> None:
        """Own exactly these from now on; other topics than the kinds' are somebody else's."""
        self._start()
        self.assigned = True
        wanted = {TopicPartition(*tp) for tp in partitions if tp[0] in self.kinds}
        await self.revoke(set(self._lanes) - wanted)
        await self._keep_warm(wanted)
        for tp in wanted - set(self._lanes):
            self._lanes[tp] = Lane(self.kinds[tp.topic], tp.partition, self._shared)

    async def revoke(self, partitions: Iterable[tuple[str, int]]) -> None:
        """Let go of these, side by side; returns within the longest grace and a few seconds."""
        leaving = [self._lanes.pop(tp) for tp in map(TopicPartition._make, partitions) if tp in self._lanes]
        await asyncio.gather(*(lane.end() for lane in leaving))

    async def close(self) -> None:
        """End everything."""
        await self._standbys.follow(())
        await self.revoke(list(self._lanes))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    def inboxes(self) -> dict[TopicPartition, Inbox | None]:
        """Where what is fetched must go: None for a lane that takes nothing now."""
        return {tp: lane.inbox for tp, lane in self._lanes.items()}

    def status(self) -> list[LaneStatus]:
        """Every lane of this worker, by topic and partition."""
        return [self._lanes[tp].status() for tp in sorted(self._lanes)]

    def standbys(self) -> list[LaneStatus]:
        """Partitions of others that this worker keeps warm, by topic and partition."""
        return self._standbys.status()

    async def _keep_warm(self, owned: set[TopicPartition]) -> None:
        """Before a lane opens its folder, whoever kept it warm has let go of it."""
        settings = self._shared.settings
        everywhere = [TopicPartition(topic, number) for topic in self.kinds for number in range(settings.partitions)]
        places = {tp: place_of(self._shared.app, self.kinds[tp.topic], tp.partition) for tp in {*everywhere, *owned}}
        others = [place for tp, place in places.items() if tp not in owned]
        await self._standbys.follow(chosen([places[tp] for tp in owned], others, settings.standby))

    def _start(self) -> None:
        if not self._tasks:
            self._tasks.append(asyncio.create_task(self._for_ever(self._watch()), name="lanes: watch the clock"))
            if isinstance(clock := self._shared.clock, SteppedClock):
                self._tasks.append(asyncio.create_task(self._for_ever(clock.follow()), name="lanes: follow the clock"))

    async def _for_ever(self, task: Awaitable[None]) -> None:
        """What all lanes need must not end in silence: the worker goes with it."""
        try:
            await task
        except Exception as bug:  # noqa: BLE001  (whatever it is, no lane hears the clock any more)
            await self._shared.crash(bug)

    async def _watch(self) -> None:
        """One task looks at the clock for all lanes, so that an idle lane costs a comparison."""
        clock = self._shared.clock
        while True:
            now = clock.now()
            for lane in self._lanes.values():
                lane.look(now)
            if isinstance(clock, SteppedClock):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(clock.changed.wait(), _LOOK_S)
                clock.changed.clear()
            else:
                await asyncio.sleep(_LOOK_S)
