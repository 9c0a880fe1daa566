"""A TCP proxy that can be silent in one direction, slow, or cut: what networks do to Kafka. It reads no protocol."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any, Final, Literal, Self

Direction = Literal["requests", "answers"]
_CHUNK: Final = 65_536
_END_S: Final = 2.0


class Proxy:
    """Listens on loopback from ``with`` to the end of the block, and forwards to ``target``.

    The faults may be set from any thread: ``lose`` swallows every byte of one direction, ``delay`` holds bytes back.
    """

    def __init__(self, port: int, target: int) -> None:
        self.port, self._target = port, target
        self.delay = 0.0
        self.swallowed = 0
        self._lost: Direction | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._serve, "127.0.0.1", self.port))
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def lose(self, direction: Direction) -> None:
        """From now on nothing arrives that way; connections stay open, and new ones open as well."""
        self._lost = direction

    def heal(self) -> None:
        """Everything arrives again. Connections that have lost bytes are cut, as a real network's would be one day."""
        self._lost, self.delay = None, 0.0
        self.cut()

    def cut(self) -> None:
        """Reset every connection that is open."""
        self._do(self._reset())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back, forth = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, forth}
        self._open |= ends
        try:
            await asyncio.gather(self._pump("requests", reader, forth), self._pump("answers", back, writer))
        finally:
            self._open -= ends
            for end in ends:
                end.transport.abort()

    async def _pump(self, direction: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One direction, until either end closes; then both are closed."""
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                if self._lost == direction:
                    self.swallowed += len(data)
                    continue
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

    async def _reset(self) -> None:
        for end in list(self._open):
            end.transport.abort()

    async def _end(self) -> None:
        """Nothing of ours is left in the loop. Who serves a connection ends with it: cancelled, he would be logged."""
        self._server.close()
        await self._reset()
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            _, stuck = await asyncio.wait(others, timeout=_END_S)
            for task in stuck:
                task.cancel()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)
