"""``nurture`` on a machine whose clock is wrong by CHAOS_SKEW_S seconds. It knows nothing of what runs on it."""

import os
import time
from typing import Final

_SKEW_NS: Final = int(os.environ["CHAOS_SKEW_S"]) * 1_000_000_000
_time, _time_ns = time.time, time.time_ns
time.time = lambda: _time() + _SKEW_NS / 1e9
time.time_ns = lambda: _time_ns() + _SKEW_NS

if __name__ == "__main__":
    from agents.cli import main  # imported now: some libraries take their clock along at import

    main()
