"""What a lane says about itself, as a value. It decides nothing about health."""

from msgspec import Struct

from streams.engine.observe import LaneState


class LaneStatus(Struct, frozen=True, kw_only=True):
    """One lane: next source offset (markers passed when idle), and the clock (ms) that it has looked at for dues.

    ``late``: how long (ms) the row that is longest due has waited for its tick.
    """

    topic: str
    partition: int
    state: LaneState
    position: int = 0
    idle: bool = False
    clock: int = 0
    counts: dict[str, int] = {}
    lag: int = 0
    late: int = 0
