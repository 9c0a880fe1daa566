"""Where a process dies, or stops, on purpose: only when NURTURE_FAIL_AT names the place. It never raises."""

import os
import signal
from typing import Final

VARIABLE: Final = "NURTURE_FAIL_AT"


class FailPoint:
    """``J3`` kills this process the first time it gets to J3, ``J3:5`` the fifth, ``J3:5:STOP`` stops it instead."""

    def __init__(self, text: str) -> None:
        self.place, _, rest = text.partition(":")
        times, _, name = rest.partition(":")
        self._left = int(times or 1)
        self._signal = signal.Signals[f"SIG{name or 'KILL'}"]

    def reach(self, place: str) -> None:
        """Say where the process is; inert for every other place, and after the one time that was named."""
        if place == self.place:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), self._signal)


reach: Final = FailPoint(os.environ.get(VARIABLE, "")).reach
