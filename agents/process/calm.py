"""How often a library may say the same: an outage is a few lines, not thousands. The agents' own events always pass."""

import logging
import re
import time
from collections.abc import Callable
from typing import Final

from aiokafka.errors import KafkaError

from schemas.problem import UserError

# Under the engine's names speak Faust's services, too: each line of its start and stop.
LIBRARIES: Final = ("aiohttp", "aiokafka", "asyncio", "concurrent", "faust", "kafka", "mode", "streams")
WINDOW_S: Final = 10.0
MOST: Final = 3  # lines of a kind in a window
# aiokafka #1172: between two transactions a broker may ask for one more try; only when it goes on it means something.
_HICCUP: Final = "Got error produce response on topic-partition"
_HICCUPS: Final = 100
_NUMBER: Final = re.compile(r"\d+")
_CLOSED: Final = "Event loop is closed"
_UNASKED: Final = "Future exception was never retrieved"


class Calm(logging.Filter):
    """Lets the first few lines of a kind through in each window, and says with the next how many it left out."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._since: dict[str, float] = {}
        self._seen: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """True when the line may be written; what people can mend needs no traceback."""
        if record.name.partition(".")[0] not in LIBRARIES or not isinstance(record.msg, str):
            return True
        problem = record.exc_info[1] if record.exc_info else None
        if _said_already(record, problem):
            return False
        if isinstance(problem, UserError):
            record.exc_info = record.exc_text = None
        return self._may_pass(record)

    def _may_pass(self, record: logging.LogRecord) -> bool:
        kind = _NUMBER.sub("0", f"{record.name}:{record.levelno}:{record.msg.partition(chr(10))[0]}")
        first = _HICCUPS if record.msg.startswith(_HICCUP) else 0
        if (left_out := self._left_out(kind) - first) > 0:
            record.msg, record.args = f"{record.getMessage()} ({left_out} more like this were left out)", ()
        self._seen[kind] = self._seen.get(kind, 0) + 1
        return first < self._seen[kind] <= first + MOST

    def _left_out(self, kind: str) -> int:
        """A window that is over ends here: how many of its lines were more than may be said."""
        if self._now() - self._since.setdefault(kind, self._now()) <= WINDOW_S:
            return 0
        self._since[kind] = self._now()
        return self._seen.pop(kind) - MOST


def _said_already(record: logging.LogRecord, problem: BaseException | None) -> bool:
    """A crashed worker's loop is closed; and inside aiokafka a fenced producer fails futures that nobody can ask."""
    closed = isinstance(problem, RuntimeError) and _CLOSED in str(problem)
    return closed or (isinstance(problem, KafkaError) and str(record.msg).startswith(_UNASKED))
