"""Rows of partitions that others own, kept up to date: a takeover reads a tail alone. It fences and folds nothing."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from typing import Any, Final

import rocksdict

from streams.engine.life import Place, open_rows
from streams.engine.observe import Observer
from streams.engine.problem import Refused
from streams.engine.recovery import Changelog, reader
from streams.engine.rows import Rows
from streams.engine.settings import EngineSettings
from streams.engine.status import LaneStatus

_log = logging.getLogger(__name__)
_WAIT_MS: Final = 500
_AGAIN_S: Final = 2.0
_CANCEL_S: Final = 5.0


class Standby:
    """One partition's rows, in the folder that a lane of this worker would open; ``leave`` lets go of it first."""

    def __init__(self, place: Place, settings: EngineSettings, cache: rocksdict.Cache, observe: Observer) -> None:
        self._place, self._settings, self._cache, self._observe = place, settings, cache, observe
        self._left = 0
        self._task = asyncio.create_task(self._lives(), name=f"standby {place.name}")

    async def leave(self) -> None:
        """The folder is free when this returns (or, with a broker that does not answer, within seconds)."""
        self._task.cancel()
        await asyncio.wait({self._task}, timeout=_CANCEL_S)

    def status(self) -> LaneStatus:
        """Its lag is how far the rows are behind their changelog."""
        source = self._place.source
        return LaneStatus(topic=source.topic, partition=source.partition, state="standby", lag=self._left)

    async def _lives(self) -> None:
        """Whatever is wrong, the lane will say it once it owns the partition: a standby gives up, or tries again."""
        while True:
            try:
                await self._live()
            except Refused as refused:
                _log.warning("standby %s gives up: %s", self._place.name, refused)
                return
            except Exception as problem:  # noqa: BLE001  (it is a convenience, and must never stop a worker)
                _log.warning("standby %s begins again: %r", self._place.name, problem)
            await asyncio.sleep(_AGAIN_S)

    async def _live(self) -> None:
        consumer = reader(self._settings, self._place.app, wait_ms=_WAIT_MS)
        try:
            await consumer.start()
            rows = open_rows(self._place.folder(self._settings), self._cache)
            try:
                await self._follow(consumer, rows)
            finally:
                rows.close()
        finally:
            await consumer.stop()

    async def _follow(self, consumer: Any, rows: Rows) -> None:
        """Catch up; then, from the checkpoint on, again and again. An empty changelog has no birth to go by yet."""
        source = self._place.source
        folder, kept_ms = str(self._place.folder(self._settings)), self._settings.tombstones_ms
        changelog = Changelog(consumer, self._place.changelog, folder, kept_ms, _WAIT_MS)
        self._observe.lane_state(source.topic, source.partition, "standby")
        await changelog.recover(rows, self._progress)
        while rows.checkpoint is None:
            await asyncio.sleep(_AGAIN_S)
            await changelog.recover(rows, self._progress)
        while True:
            await changelog.go_on(rows, self._progress)

    def _progress(self, applied: int, left: int) -> None:
        self._left = left
        self._observe.recovering(self._place.source.topic, self._place.source.partition, applied, left)


class Standbys:
    """At most so many, as the settings say."""

    def __init__(self, settings: EngineSettings, cache: rocksdict.Cache, observe: Observer) -> None:
        self._settings, self._cache, self._observe = settings, cache, observe
        self._followed: dict[Place, Standby] = {}

    async def follow(self, places: Collection[Place]) -> None:
        """Keep these warm and no others; gone ones have let go of their folders when this returns."""
        gone = [self._followed.pop(place) for place in set(self._followed) - set(places)]
        await asyncio.gather(*(standby.leave() for standby in gone))
        for place in places:
            if place not in self._followed:
                self._followed[place] = Standby(place, self._settings, self._cache, self._observe)

    def status(self) -> list[LaneStatus]:
        """Every one, by topic and partition."""
        return [self._followed[place].status() for place in sorted(self._followed)]


def chosen(owned: Collection[Place], others: Sequence[Place], most: int) -> list[Place]:
    """Those that come after our own, around the ring: so workers keep different ones warm."""
    first = min((place.source.partition for place in owned), default=0)
    count = 1 + max((place.source.partition for place in others), default=0)
    return sorted(others, key=lambda place: ((place.source.partition - first) % count, place))[:most]
