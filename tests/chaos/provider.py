"""The fake SendGrid in a thread of its own, so that tests may block. It adds nothing to what the fake knows."""

import asyncio
import threading
from typing import Self

from tests.fakes.sendgrid import FakeSendGrid


class Provider:
    """Runs a fake from ``with`` to the end of the block; moods may be set at any time."""

    def __init__(self) -> None:
        self.fake = FakeSendGrid()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fake SendGrid", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self.fake.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self.fake.__aexit__())
        self._do(self._loop.shutdown_asyncgens())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _do(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)
