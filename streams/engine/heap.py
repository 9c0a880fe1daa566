"""What Python's garbage collector need not look at, over and over. It frees nothing, and counts no memory."""

import gc
from typing import Final

_YOUNG: Final = 20_000  # containers; a fold makes thousands, and nearly all of them go by themselves
_TURNS: Final = 50


def settle() -> None:
    """Once in a process, when all is made and before records come: what is there now, stays.

    Modules and policies are some hundred thousand objects, and a fold keeps thousands until it commits: at Python's
    thresholds the collector searched both for rings, in vain, for a tenth to a third of a worker's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _TURNS, _TURNS)
